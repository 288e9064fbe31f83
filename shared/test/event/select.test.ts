import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type EventBlock, readBlock } from '../../src/event/block.ts'
import { selectRows } from '../../src/event/select.ts'
import { blockOf, hepOf, rowOf, sipText, SOURCE } from './rows.ts'
import { SAMPLES } from './samples.ts'

const source = blockOf(SAMPLES)

/** The rows of a copy after it went over a wire. */
function rowsOf(copy: EventBlock): Record<string, unknown>[] {
  const read = readBlock(copy.bytes)
  if (!read.ok) throw new Error(read.reason)
  return Array.from({ length: read.block.count }, (_, row) => rowOf(read.block, row))
}

function withoutPayload(row: Record<string, unknown>): Record<string, unknown> {
  const { payload, ...rest } = row
  return payload === undefined ? rest : { ...rest, flags: `${String(rest.flags)} payloadRemoved` }
}

describe('selectRows', () => {
  it.each([
    { name: 'all rows', rows: [0, 1, 2, 3, 4, 5, 6, 7] },
    { name: 'the first', rows: [0] },
    { name: 'the last', rows: [7] },
    { name: 'some in the middle', rows: [1, 3, 5] },
  ])('copies $name', ({ rows }) => {
    const expected = rows.map((row) => rowOf(source, row))
    const whole = selectRows(source, rows, true)
    const bare = selectRows(source, rows, false)
    expect(rowsOf(whole)).toEqual(expected)
    expect(rowsOf(bare)).toEqual(expected.map(withoutPayload))
    const times = expected.map(({ tsUs }) => Number(tsUs))
    for (const { node, epoch, firstSeq, sealedUs, minTsUs, maxTsUs } of [whole, bare]) {
      expect({ node, epoch, firstSeq, sealedUs, minTsUs, maxTsUs }).toEqual({
        ...SOURCE,
        firstSeq: 1,
        sealedUs: source.sealedUs,
        minTsUs: Math.min(...times),
        maxTsUs: Math.max(...times),
      })
    }
  })

  it('copies a copy', () => {
    const some = selectRows(source, [0, 2, 4, 7], true)
    expect(rowsOf(selectRows(some, [1, 3], true))).toEqual([rowOf(source, 2), rowOf(source, 7)])
    const bare = selectRows(source, [0, 2, 4, 7], false)
    expect(rowsOf(selectRows(bare, [0, 2], true))).toEqual([0, 4].map((row) => withoutPayload(rowOf(source, row))))
  })

  it('leaves the original as it was', () => {
    const before = source.bytes.slice()
    selectRows(source, [0, 1], false)
    expect(source.bytes).toEqual(before)
  })

  it('has no byte of the payload but for the columns', () => {
    const secret = 'swordfish'
    const headers = ['i: c1', 'CSeq: 1 REGISTER', `Authorization: Digest username="a", response="${secret}"`]
    const message = `${sipText('REGISTER sip:h SIP/2.0', ...headers)}${secret}`
    const block = blockOf([hepOf(message), hepOf(message), hepOf(secret, { protocolType: 100 })])
    const holdsSecret = (bytes: Uint8Array) => Buffer.from(bytes).includes(secret)
    expect(holdsSecret(selectRows(block, [0, 1, 2], true).bytes)).toBe(true)
    const bare = selectRows(block, [0, 1, 2], false)
    expect(holdsSecret(bare.bytes)).toBe(false)
    expect(holdsSecret(new Uint8Array(bare.bytes.buffer))).toBe(false)
    expect(rowsOf(bare).map(({ callId }) => callId)).toEqual(['c1', 'c1', undefined])
  })

  it('has no byte of rows that were not chosen', () => {
    const block = blockOf([hepOf(sipText('OPTIONS sip:h SIP/2.0', 'i: hidden')), hepOf('x')])
    expect(Buffer.from(selectRows(block, [1], true).bytes).includes('hidden')).toBe(false)
  })

  it('gives the same texts for any rows', () => {
    fc.assert(
      fc.property(fc.subarray([...SAMPLES.keys()], { minLength: 1 }), fc.boolean(), (rows, withPayload) => {
        const expected = rows.map((row) => (withPayload ? rowOf(source, row) : withoutPayload(rowOf(source, row))))
        expect(rowsOf(selectRows(source, rows, withPayload))).toEqual(expected)
      }),
    )
  })
})
