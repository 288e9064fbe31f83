import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_VIEW, FOLD_MODES } from '../../src/app/ladder/ladder-view.ts'
import { LadderModel } from '../../src/app/ladder/layout.ts'
import { keyOf, type LadderMessage } from '../../src/app/ladder/message.ts'
import { messagesOf } from './messages.ts'

/** Challenge, two hops, fork with a cancelled branch, repeats, a second leg, reports, a second observer. */
const CALL = messagesOf(`
  0    a>p INVITE 1 b1 sdp=1
  1    p>a 407 INVITE 1 b1
  2    a>p ACK 1 b1
  3    a>p INVITE 2 b2 sdp=1
  3.5  a>p INVITE 2 b2 sdp=1 agent=2
  4    p>a 100 INVITE 2 b2
  5    p>b INVITE 2 b3 sdp=1
  6    p>c INVITE 2 b4 sdp=1
  506  p>c INVITE 2 b4 sdp=1
  600  b>p 180 INVITE 2 b3
  601  p>a 180 INVITE 2 b2
  610  p>d INVITE 1 c1 call=leg-2
  620  d>p 200 INVITE 1 c1 call=leg-2 sdp=1
  700  b>p 200 INVITE 2 b3 sdp=1
  701  p>a 200 INVITE 2 b2 sdp=1
  702  p>c CANCEL 2 b4
  703  c>p 200 CANCEL 2 b4
  704  c>p 487 INVITE 2 b4
  705  p>c ACK 2 b4
  710  a>p ACK 2 b5
  1201 p>a 200 INVITE 2 b2 sdp=1
  1300 a:4001>b:5001 proto=5
  2000 b>p BYE 7 b9
  2001 p>b 200 BYE 7 b9
  2900 p>d BYE 2 c2 call=leg-2`).map((message) =>
  message.hasSdp ? { ...message, payload: withSdp(message) } : message,
)

function withSdp({ srcIp, statusCode }: LadderMessage): string {
  const codecs = statusCode === 0 ? '8 0 18' : '8'
  return `x SIP/2.0\r\n\r\nv=0\r\nc=IN IP4 ${srcIp}\r\nm=audio 4000 RTP/AVP ${codecs}\r\n`
}

/** Rows, lanes and flags, without the names of the events. */
function pictureOf(model: LadderModel, fold: (typeof FOLD_MODES)[number]): unknown {
  const { rows, lanes, brackets, legs, hiddenCount } = model.scene({ ...DEFAULT_VIEW, fold })
  return {
    lanes,
    legs,
    hiddenCount,
    brackets: brackets.map(({ lane, rows: arms }) => ({ lane, arms })),
    rows: rows.map((row) =>
      row.kind === 'gap'
        ? row
        : { ...row, key: '', message: '', transactionKey: row.transactionKey !== '', copies: row.copies.length },
    ),
  }
}

function modelOf(messages: readonly LadderMessage[]): LadderModel {
  const model = new LadderModel()
  model.add(messages)
  return model
}

/** As a server numbers them that hears them in this order. */
function heard(messages: readonly LadderMessage[]): LadderMessage[] {
  return messages.map((message, index) => ({ ...message, seq: index + 1, key: keyOf(message.node, 1, index + 1) }))
}

describe('a folded ladder', () => {
  it.each(FOLD_MODES)('is the same for any order in which its packets are heard (%s)', (fold) => {
    const expected = pictureOf(modelOf(CALL), fold)
    fc.assert(
      fc.property(fc.shuffledSubarray(CALL, { minLength: CALL.length }), (shuffled) => {
        expect(pictureOf(modelOf(heard(shuffled)), fold)).toEqual(expected)
      }),
      { numRuns: 150 },
    )
  })

  it.each(FOLD_MODES)('is the same whichever packets are heard twice, but for their count of copies (%s)', (fold) => {
    const plain = (picture: unknown): unknown =>
      JSON.parse(JSON.stringify(picture, (name, value: unknown) => (name === 'copies' ? 0 : value)))
    const isSip = CALL.filter((message) => message.method !== '')
    const expected = plain(pictureOf(modelOf(isSip), fold))
    fc.assert(
      fc.property(
        fc.shuffledSubarray(isSip, { minLength: isSip.length }),
        fc.subarray(isSip),
        fc.subarray(isSip),
        (shuffled, twice, thrice) => {
          const all = heard([...shuffled, ...twice, ...thrice])
          expect(plain(pictureOf(modelOf(all), fold))).toEqual(expected)
        },
      ),
      { numRuns: 150 },
    )
  })

  it('is the same for events that come live, stored and again, in pieces', () => {
    const expected = pictureOf(modelOf(CALL), 'auth')
    fc.assert(
      fc.property(
        fc.shuffledSubarray(CALL, { minLength: CALL.length }),
        fc.array(fc.subarray(CALL), { maxLength: 4 }),
        (shuffled, pieces) => {
          const model = new LadderModel()
          for (const piece of pieces) model.add(piece)
          model.add(shuffled)
          model.reorder()
          expect(pictureOf(model, 'auth')).toEqual(expected)
        },
      ),
      { numRuns: 100 },
    )
  })
})
