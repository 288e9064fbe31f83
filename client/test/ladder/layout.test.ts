import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { DEFAULT_VIEW } from '../../src/app/ladder/ladder-view.ts'
import { LadderModel } from '../../src/app/ladder/layout.ts'
import type { LadderMessage } from '../../src/app/ladder/message.ts'
import { linesOf, messagesOf, START_US } from './messages.ts'

const CALL = `
  0   a>p INVITE 1 b1 sdp=1
  1   p>a 100 INVITE 1 b1
  2   p>b INVITE 1 b2 sdp=1
  3   b>p 180 INVITE 1 b2
  3   p>a 180 INVITE 1 b1
  503 a>p INVITE 1 b1 sdp=1
  600 b>p 200 INVITE 1 b2 sdp=1
  601 p>a 200 INVITE 1 b1 sdp=1
  610 a>p ACK 1 b3`

/** Every message in a row of its own. */
const UNFOLDED = { ...DEFAULT_VIEW, fold: 'none' } as const
const BY_ADDRESS = { ...UNFOLDED, laneBy: 'address' } as const
const BY_ENDPOINT = UNFOLDED

/** All that decides how it is drawn. */
function shown(model: LadderModel): unknown {
  const { rows, lanes, brackets, legs } = model.scene()
  return { rows, lanes, brackets, legs, story: model.analysis.story.steps }
}

function modelOf(messages: readonly LadderMessage[]): LadderModel {
  const model = new LadderModel()
  model.add(messages)
  return model
}

describe('LadderModel', () => {
  it('lays out a call over two hops', () => {
    const model = modelOf(messagesOf(CALL))
    expect(model.scene().lanes).toMatchObject([
      { id: '10.0.0.1:5060', ip: '10.0.0.1', port: 5060 },
      { id: '10.0.0.16:5060', ip: '10.0.0.16', port: 5060 },
      { id: '10.0.0.2:5060', ip: '10.0.0.2', port: 5060 },
    ])
    expect(
      model
        .scene(UNFOLDED)
        .rows.map((row) =>
          row.kind === 'gap'
            ? row.key
            : [row.fromLane, row.toLane, row.label, row.tone, row.deltaUs, row.retransmission, row.leg],
        ),
    ).toEqual([
      [0, 1, 'INVITE (SDP)', 'request', 0, 0, 'A'],
      [1, 0, '100 Trying', '1xx', 1000, 0, 'A'],
      [1, 2, 'INVITE (SDP)', 'request', 1000, 0, 'A'],
      [2, 1, '180 Ringing', '1xx', 1000, 0, 'A'],
      [1, 0, '180 Ringing', '1xx', 0, 0, 'A'],
      [0, 1, 'INVITE (SDP)', 'request', 500_000, 1, 'A'],
      [2, 1, '200 OK (SDP)', '2xx', 97_000, 0, 'A'],
      [1, 0, '200 OK (SDP)', '2xx', 1000, 0, 'A'],
      [0, 1, 'ACK', 'request', 9000, 0, 'A'],
    ])
  })

  it('is empty at first', () => {
    const model = new LadderModel()
    expect([model.scene().rows, model.scene().lanes, model.version]).toEqual([[], [], 0])
    model.add([])
    expect(model.version).toBe(0)
  })

  it('gives the same model for any order and repetition of the events, added at once', () => {
    const messages = messagesOf(CALL)
    const expected = modelOf(messages)
    fc.assert(
      fc.property(
        fc.shuffledSubarray(messages, { minLength: messages.length }),
        fc.subarray(messages),
        (shuffled, again) => {
          const model = modelOf([...shuffled, ...again])
          expect(shown(model)).toEqual(shown(expected))
        },
      ),
      { numRuns: 100 },
    )
  })

  it('gives the same rows for any order of arrival, and the same model after reordering', () => {
    const messages = messagesOf(`${CALL}
      2   p>b INVITE 1 b2 sdp=1 node=n2 seq=1
      603 p>a 200 INVITE 1 b1 sdp=1 node=n2 seq=2
      1103 p>a 200 INVITE 1 b1 sdp=1
      700 a>b proto=5 call=other`)
    const expected = modelOf(messages)
    fc.assert(
      fc.property(
        fc.shuffledSubarray(messages, { minLength: messages.length }),
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 13, maxLength: 13 }),
        (shuffled, sizes) => {
          const model = new LadderModel()
          let at = 0
          for (const size of sizes) {
            model.add(shuffled.slice(at, at + size))
            at += size
          }
          expect(linesOf(model)).toEqual(linesOf(expected))
          model.reorder()
          expect(shown(model)).toEqual(shown(expected))
        },
      ),
      { numRuns: 100 },
    )
  })

  it('puts a late message in its place and keeps the lanes where they are', () => {
    const model = new LadderModel()
    const messages = messagesOf('10 p>b INVITE 1 b2\n20 b>p 180 INVITE 1 b2\n0 a>p INVITE 1 b1')
    model.add(messages.slice(0, 2))
    const before = model.scene(UNFOLDED).rows
    model.add(messages.slice(2))
    expect(model.scene().lanes.map((lane) => lane.ip)).toEqual(['10.0.0.16', '10.0.0.2', '10.0.0.1'])
    expect(linesOf(model)).toEqual([
      '0 10.0.0.1:5060>10.0.0.16:5060 INVITE +0',
      '10 10.0.0.16:5060>10.0.0.2:5060 INVITE +10000',
      '20 10.0.0.2:5060>10.0.0.16:5060 180 Ringing +10000',
    ])
    expect(model.scene(UNFOLDED).rows[1]).not.toBe(before[0])
    expect(model.scene(UNFOLDED).rows[2]).toBe(before[1])
    model.reorder()
    expect(model.scene().lanes.map((lane) => lane.ip)).toEqual(['10.0.0.1', '10.0.0.16', '10.0.0.2'])
  })

  it('raises its version with each change only, and keeps the rows that stay', () => {
    const messages = messagesOf(CALL)
    const model = modelOf(messages)
    const { version } = model
    const { rows } = model.scene()
    model.add(messages)
    expect([model.scene().rows, model.version]).toEqual([rows, version])
    model.add(messagesOf('900 a>p BYE 2 b9 seq=99'))
    expect(model.version).toBe(version + 1)
    expect(model.scene().rows.slice(0, rows.length)).toEqual(rows)
    expect(model.scene().rows[0]).toBe(rows[0])
  })

  it('takes the payload that a second copy of an event brings, whichever came first', () => {
    const [live] = messagesOf('0 a>b proto=100')
    const [stored] = messagesOf('0 a>b proto=100 payload=text')
    if (live === undefined || stored === undefined) throw new Error('no message')
    for (const order of [
      [live, stored],
      [stored, live],
    ]) {
      const model = new LadderModel()
      for (const message of order) model.add([message])
      expect(model.scene(UNFOLDED).rows).toMatchObject([{ label: 'text', message: { payload: 'text' } }])
    }
  })

  it('draws a message to its own lane as one', () => {
    expect(modelOf(messagesOf('0 p>p INVITE 1 b1')).scene().rows).toMatchObject([
      { fromLane: 0, toLane: 0, isSelf: true },
    ])
    const scene = modelOf(messagesOf('0 p:5060>p:5070 INVITE 1 b1')).scene(BY_ADDRESS)
    expect(scene.rows).toMatchObject([{ isSelf: true }])
    expect(scene.lanes).toMatchObject([{ id: '10.0.0.16', ip: '10.0.0.16', port: undefined }])
  })

  it('merges the ports of an address, and parts them again', () => {
    const model = modelOf(messagesOf('0 a:1>p INVITE 1 b1\n1 a:2>p INVITE 1 b2'))
    expect(model.scene().lanes.map((lane) => lane.id)).toEqual(['10.0.0.1:1', '10.0.0.16:5060', '10.0.0.1:2'])
    const { lanes, rows } = model.scene(BY_ADDRESS)
    expect(lanes.map((lane) => lane.id)).toEqual(['10.0.0.1', '10.0.0.16'])
    expect(rows).toMatchObject([{ fromLane: 0 }, { fromLane: 0 }])
    expect(model.scene(BY_ENDPOINT).lanes).toHaveLength(3)
  })

  it('names lanes of IPv6 and of packets without address', () => {
    const [message] = messagesOf('0 a>b INVITE 1 b1')
    if (message === undefined) throw new Error('no message')
    const model = modelOf([{ ...message, srcIp: '2001:db8::1', dstIp: '', dstPort: 0 }])
    expect(model.scene().lanes).toMatchObject([
      { id: '[2001:db8::1]:5060', ip: '2001:db8::1', port: 5060 },
      { id: '?', ip: '', port: undefined },
    ])
  })

  it('gives letters to legs in order of appearance, and fixed ones to those it is told', () => {
    const messages = messagesOf('0 s>b INVITE 1 b1 call=leg-b\n5 a>s INVITE 1 b2 call=leg-a\n6 a>s proto=88 call=')
    const letters = (model: LadderModel): string[] =>
      model.scene(UNFOLDED).rows.map((row) => (row.kind === 'gap' ? '' : row.leg))
    expect(letters(modelOf(messages))).toEqual(['A', 'B', ''])
    const model = new LadderModel(['leg-a'])
    model.add(messages)
    expect(letters(model)).toEqual(['B', 'A', ''])
    model.reorder([])
    expect(letters(model)).toEqual(['A', 'B', ''])
  })

  it('has letters for more than 26 legs', () => {
    const script = Array.from({ length: 54 }, (_, i) => `${i} a>b INVITE 1 b1 call=leg-${i}`).join('\n')
    const rows = modelOf(messagesOf(script)).scene().rows
    expect(
      rows
        .flatMap((row) => (row.kind === 'gap' ? [] : [row.leg]))
        .filter((_, i) => [25, 26, 27, 51, 52, 53].includes(i)),
    ).toEqual(['Z', 'AA', 'AB', 'AZ', 'BA', 'BB'])
  })

  it('keeps the rows of a long call that a new message does not touch', () => {
    const script = Array.from({ length: 5000 }, (_, i) => `${i} a>b INFO ${i} b${i}`)
    const messages = messagesOf(script.join('\n'))
    const model = modelOf(messages.slice(0, 4999))
    const before = model.scene(UNFOLDED).rows
    model.add(messages.slice(4999))
    const after = model.scene(UNFOLDED).rows
    expect(after).toHaveLength(5000)
    expect(before.every((row, i) => row === after[i])).toBe(true)
  })
})

describe('gaps of a ladder', () => {
  const gap = { key: 'n1:1:4', fromUs: START_US + 2000, toUs: START_US + 590_000, count: 37 }

  it('have a row where they began', () => {
    const model = modelOf(messagesOf(CALL))
    model.addGap(gap)
    expect(linesOf(model).slice(2, 5)).toEqual([
      '2 10.0.0.16:5060>10.0.0.2:5060 INVITE (SDP) +1000',
      '2 gap of 37',
      '3 10.0.0.2:5060>10.0.0.16:5060 180 Ringing +1000',
    ])
    expect(model.scene(UNFOLDED).rows[3]).toEqual({ ...gap, kind: 'gap', tsUs: START_US + 2000, deltaUs: 588_000 })
  })

  it('are replaced by a wider one of the same key', () => {
    const model = modelOf(messagesOf(CALL))
    model.addGap(gap)
    model.addGap({ ...gap, count: 40 })
    expect(model.scene(UNFOLDED).rows.filter((row) => row.kind === 'gap')).toMatchObject([{ count: 40 }])
  })

  it('may be first or last', () => {
    const model = modelOf(messagesOf('5 a>b INVITE 1 b1'))
    model.addGap({ key: 'late', fromUs: START_US + 9000, toUs: START_US + 9500, count: 1 })
    model.addGap({ key: 'early', fromUs: START_US, toUs: START_US + 100, count: 2 })
    expect(linesOf(model)).toEqual(['0 gap of 2', '5 10.0.0.1:5060>10.0.0.2:5060 INVITE +0', '9 gap of 1'])
  })
})

describe('repeats in a ladder', () => {
  it('number the sendings of a message over one hop', () => {
    const model = modelOf(
      messagesOf('0 a>b INVITE 1 b1\n500 a>b INVITE 1 b1\n1500 a>b INVITE 1 b1\n1600 b>a 100 INVITE 1 b1'),
    )
    expect(model.scene(UNFOLDED).rows).toMatchObject([
      { retransmission: 0 },
      { retransmission: 1 },
      { retransmission: 2 },
      { retransmission: 0 },
    ])
  })

  it('do not take the next hop, another code, CSeq or Call-ID for one', () => {
    const model = modelOf(
      messagesOf(`
        0   a>p INVITE 1 b1
        100 p>b INVITE 1 b2
        200 b>p 180 INVITE 1 b2
        300 b>p 183 INVITE 1 b2
        400 a>p INVITE 2 b1
        500 a>p INVITE 1 b1 call=other`),
    )
    expect(model.scene(UNFOLDED).rows.map((row) => row.kind === 'message' && row.retransmission)).toEqual([
      0, 0, 0, 0, 0, 0,
    ])
  })

  it('fold what two observers saw into one row, sending by sending', () => {
    const model = modelOf(
      messagesOf(`
        0     a>b INVITE 1 b1 agent=1
        0.4   a>b INVITE 1 b1 agent=2
        500   a>b INVITE 1 b1 agent=1
        500.4 a>b INVITE 1 b1 agent=2
        600   b>a 180 INVITE 1 b1 agent=2`),
    )
    expect(linesOf(model)).toEqual([
      '0 10.0.0.1:5060>10.0.0.2:5060 INVITE +0 copies n1:1:2',
      '500 10.0.0.1:5060>10.0.0.2:5060 INVITE +500000 repeat 1 copies n1:1:4',
      '600 10.0.0.2:5060>10.0.0.1:5060 180 Ringing +100000',
    ])
  })

  it('fold what one observer saw twice', () => {
    const model = modelOf(messagesOf('0 a>b INVITE 1 b1\n0.1 a>b INVITE 1 b1'))
    expect(model.scene(UNFOLDED).rows).toMatchObject([{ retransmission: 0, copies: [{ seq: 2 }] }])
  })

  it('draw the earliest copy, though it arrives last', () => {
    const model = new LadderModel()
    const messages = messagesOf('5 a>b INVITE 1 b1 agent=1\n4 a>b INVITE 1 b1 agent=2')
    for (const message of messages) model.add([message])
    expect(linesOf(model)).toEqual(['4 10.0.0.1:5060>10.0.0.2:5060 INVITE +0 copies n1:1:1'])
  })

  it('give a folded copy its payload', () => {
    const model = modelOf(messagesOf('0 a>b INVITE 1 b1 agent=1\n1 a>b INVITE 1 b1 agent=2'))
    model.add(messagesOf('1 a>b INVITE 1 b1 agent=2 seq=2 payload=text'))
    expect(model.scene(UNFOLDED).rows).toMatchObject([{ copies: [{ payload: 'text' }] }])
  })

  it('do not fold what is not SIP', () => {
    expect(modelOf(messagesOf('0 a>b proto=5\n0 a>b proto=5')).scene().rows).toHaveLength(2)
  })
})

describe('order of a ladder', () => {
  it('is by microseconds', () => {
    const model = modelOf(messagesOf('0.002 b>a 100 INVITE 1 b1\n0.001 a>b INVITE 1 b1'))
    expect(model.scene(UNFOLDED).rows.map((row) => row.kind === 'message' && row.label)).toEqual([
      'INVITE',
      '100 Trying',
    ])
  })

  it('is by seq for events of one node in one moment', () => {
    const model = modelOf(
      messagesOf('0 b>a 180 INVITE 1 b1 seq=7\n0 b>a 100 INVITE 1 b1 seq=5\n0 a>b INVITE 1 b1 seq=6'),
    )
    expect(model.scene(UNFOLDED).rows.map((row) => row.kind === 'message' && row.message.seq)).toEqual([5, 6, 7])
  })

  it('puts a request before its answer when two nodes saw them in one moment', () => {
    const model = modelOf(
      messagesOf(`
        0 b>a 200 BYE 1 b1 node=n1 seq=1
        0 b>a 180 INVITE 9 b2 node=n1 seq=2
        0 a>b BYE 1 b1 node=n2 seq=1`),
    )
    expect(model.scene(UNFOLDED).rows.map((row) => row.kind === 'message' && row.label)).toEqual([
      'BYE',
      '200 OK',
      '180 Ringing',
    ])
  })

  it('does not let a request that comes behind an awaited answer wait for ever', () => {
    const model = modelOf(
      messagesOf(`
        0 b>a 200 BYE 1 b1 node=n1 seq=1
        0 a>b INVITE 1 b2 node=n1 seq=2
        0 b>a 180 INVITE 1 b2 node=n2 seq=1
        0 a>b BYE 1 b1 node=n2 seq=2`),
    )
    expect(model.scene(UNFOLDED).rows.map((row) => row.kind === 'message' && row.label)).toEqual([
      '200 OK',
      'INVITE',
      '180 Ringing',
      'BYE',
    ])
  })
})
