import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type EventBlock, readBlock } from '../../src/event/block.ts'
import { columnLayout, HEADER, TEXT, TEXT_COLUMNS } from '../../src/event/columns.ts'
import { blockOf, rowOf } from './rows.ts'
import { SAMPLES } from './samples.ts'

const sealed = blockOf(SAMPLES)
const rowsOf = (block: EventBlock) => SAMPLES.map((_, row) => rowOf(block, row))
const ROWS = rowsOf(sealed)

/** Reads all of a block; true if every range is inside its arena. */
function isReadable(block: EventBlock): boolean {
  for (let row = 0; row < block.count; row++) {
    rowOf(block, row)
    if (block.payload(row).length !== block.payloadLength[row]) return false
    for (const column of Object.values(TEXT)) {
      if (block.textBytes(column, row).length !== block.textLength[row + column * block.rows]) return false
    }
  }
  return block.arena.byteOffset + block.arena.length <= block.bytes.byteOffset + block.bytes.length
}

function changed(at: number, value: number): Uint8Array {
  const bytes = sealed.bytes.slice()
  new DataView(bytes.buffer).setUint32(at, value, true)
  return bytes
}

describe('readBlock', () => {
  it.each([
    { name: 'as it was sealed', bytes: sealed.bytes },
    { name: 'with bytes behind it', bytes: Uint8Array.from([...sealed.bytes, 1, 2, 3]) },
    { name: 'not aligned', bytes: Uint8Array.from([0, 0, 0, ...sealed.bytes]).subarray(3) },
    { name: 'not aligned in a Buffer', bytes: Buffer.from([0, 0, 0, ...sealed.bytes]).subarray(3) },
  ])('reads a block $name', ({ bytes }) => {
    const read = readBlock(bytes)
    expect(read.ok && rowsOf(read.block)).toEqual(ROWS)
    expect(read.ok && read.block.bytes).toHaveLength(sealed.bytes.length)
  })

  it('keeps an aligned block where it is', () => {
    const read = readBlock(sealed.bytes)
    expect(read.ok && read.block.bytes.buffer).toBe(sealed.bytes.buffer)
  })

  it('refuses a block that was cut at any length', () => {
    for (let length = 0; length < sealed.bytes.length; length++) {
      expect(readBlock(sealed.bytes.slice(0, length)), `${length} bytes`).toEqual({ ok: false, reason: 'too-short' })
    }
  })

  const layout = columnLayout(SAMPLES.length)
  const arenaLength = sealed.arena.length
  it.each([
    { name: 'another magic', at: HEADER.magic, value: 0x30425348, reason: 'bad-magic' },
    { name: 'a length beyond the bytes', at: HEADER.byteLength, value: sealed.bytes.length + 1, reason: 'too-short' },
    { name: 'a length of 0', at: HEADER.byteLength, value: 0, reason: 'bad-length' },
    { name: 'no rows', at: HEADER.count, value: 0, reason: 'bad-length' },
    { name: 'more than 1,024 rows', at: HEADER.count, value: 1025, reason: 'bad-length' },
    { name: 'four billion rows', at: HEADER.count, value: 0xffff_ffff, reason: 'bad-length' },
    { name: 'eight rows more than there are', at: HEADER.count, value: 16, reason: 'bad-length' },
    { name: 'an arena that begins elsewhere', at: HEADER.arenaAt, value: layout.arenaAt - 8, reason: 'bad-length' },
    { name: 'an arena beyond the end', at: HEADER.arenaLength, value: arenaLength + 9, reason: 'bad-length' },
    { name: 'a node name longer than the arena', at: HEADER.nodeLength, value: 0xffff, reason: 'bad-length' },
    { name: 'a payload before the arena', at: layout.payloadAt, value: 0xffff_ffff, reason: 'bad-offset' },
    { name: 'a payload beyond the end', at: layout.payloadLength, value: arenaLength, reason: 'bad-offset' },
    { name: 'a text beyond the end', at: layout.textAt, value: arenaLength, reason: 'bad-offset' },
    {
      name: 'the last text beyond the end',
      at: layout.textAt + 4 * (layout.rows * TEXT_COLUMNS - 1),
      value: arenaLength + 1,
      reason: 'bad-offset',
    },
  ])('refuses $name', ({ at, value, reason }) => {
    expect(readBlock(changed(at, value))).toEqual({ ok: false, reason })
  })

  it('never throws nor reads outside, whatever bytes were changed', () => {
    const at = fc.oneof(fc.nat(63), fc.nat(sealed.bytes.length - 1))
    const changes = fc.array(fc.tuple(at, fc.nat(255)), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(changes, (list) => {
        const bytes = sealed.bytes.slice()
        for (const [offset, byte] of list) bytes[offset] = byte
        const read = readBlock(bytes)
        return !read.ok || isReadable(read.block)
      }),
      { numRuns: 2000 },
    )
  })

  it('never throws on any bytes behind the magic', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 60, maxLength: 400 }), (rest) => {
        const read = readBlock(Uint8Array.from([...Buffer.from('HSB1'), ...rest]))
        return !read.ok || isReadable(read.block)
      }),
    )
  })
})

describe('columnLayout', () => {
  it.each([1, 7, 8, 9, 1023, 1024])('aligns all columns for %i rows', (count) => {
    const { rows, arenaAt, ...columns } = columnLayout(count)
    expect([rows >= count, rows % 8, arenaAt % 8]).toEqual([true, 0, 0])
    expect(Object.values(columns).filter((at) => at % 8 !== 0)).toEqual([])
  })
})
