import { describe, expect, it } from 'vitest'
import { Ring } from '../../src/stream/ring.ts'
import { BlockSource, invite } from '../events.ts'

describe('Ring', () => {
  it('offers at most as many events as asked, counted in events and not in blocks', () => {
    const ring = new Ring(10, 1 << 26)
    const source = new BlockSource()
    for (let i = 0; i < 5; i++) ring.append(source.block(['a', 'b', 'c', 'd'].map(invite)))
    expect([ring.start, ring.end]).toEqual([10, 20])
    expect(ring.entries.map((entry) => entry.at)).toEqual([8, 12, 16])
  })

  it('stays within its bytes, but keeps the newest block', () => {
    const source = new BlockSource()
    const block = source.block([invite('a')])
    const ring = new Ring(1000, block.bytes.length * 2)
    for (let i = 0; i < 5; i++) ring.append(source.block([invite('a')]))
    expect(ring.entries.length).toBe(2)
    expect(ring.bytes).toBe(block.bytes.length * 2)
    const tiny = new Ring(1000, 1)
    tiny.append(block)
    expect(tiny.entries.length).toBe(1)
  })
})
