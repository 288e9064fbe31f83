import { describe, expect, it } from 'vitest'
import { BlockRing, rowOf } from '../../src/worker/block-ring.ts'
import { invites, Node } from './sip-blocks.ts'

const LIMITS = { events: 10, bytes: 1 << 24 }

describe('BlockRing', () => {
  it('finds every event by its ref', () => {
    const ring = new BlockRing(LIMITS)
    const node = new Node()
    const first = node.block(...invites('a', 'b'))
    const second = node.block(...invites('c'))
    const a = ring.add(first)
    const c = ring.add(second)
    expect(ring.block(a + 1)).toBe(first)
    expect(rowOf(a + 1)).toBe(1)
    expect(ring.block(c)).toBe(second)
    expect(ring.block(c + 1024)).toBeUndefined()
    expect(ring.events).toBe(3)
    expect(ring.bytes).toBe(first.bytes.length + second.bytes.length)
  })

  it('drops the oldest blocks above its bound of events', () => {
    const ring = new BlockRing(LIMITS)
    const node = new Node()
    const refs = Array.from({ length: 500 }, (_, i) => ring.add(node.block(...invites(`${i}x`, `${i}y`, `${i}z`))))
    expect(ring.events).toBe(9)
    expect(ring.block(refs[496] ?? 0)).toBeUndefined()
    expect(ring.block(refs[497] ?? 0)?.firstSeq).toBe(497 * 3 + 1)
    expect(ring.firstRef).toBe(refs[497])
  })

  it('drops the oldest blocks above its bound of bytes, but never the newest', () => {
    const node = new Node()
    const block = node.block(...invites('a'))
    const ring = new BlockRing({ events: 1000, bytes: block.bytes.length * 2 + 10 })
    for (let i = 0; i < 5; i++) ring.add(node.block(...invites('a')))
    expect(ring.bytes).toBeLessThanOrEqual(block.bytes.length * 2 + 10)
    expect(ring.events).toBe(2)
    const tiny = new BlockRing({ events: 1, bytes: 1 })
    tiny.add(block)
    expect(tiny.events).toBe(1)
  })

  it('gives no ref twice after it was cleared', () => {
    const ring = new BlockRing(LIMITS)
    const before = ring.add(new Node().block(...invites('a')))
    ring.clear()
    expect(ring.events).toBe(0)
    expect(ring.block(before)).toBeUndefined()
    expect(ring.add(new Node().block(...invites('b')))).toBeGreaterThan(before)
  })
})
