import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import fc from 'fast-check'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { BlockWriter } from '@hepscope/shared/event/writer.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import { ReorderWindow } from '../../src/coordinator/reorder.ts'
import { invite } from '../events.ts'

const BASE_US = 1_700_000_000_000_000

class Node {
  readonly #writer: BlockWriter

  constructor(name: string) {
    this.#writer = new BlockWriter({ node: name, epoch: 1 })
  }

  /** A block of one event at so many ms. */
  at(ms: number): EventBlock {
    this.#writer.append(encodeHep({ ...invite('c'), tsUs: BASE_US + ms * 1000 }), 0)
    const block = this.#writer.seal(0)
    if (block === undefined) throw new Error('no block')
    return block
  }
}

const named = (block: EventBlock): string => `${block.node}${block.firstSeq}`

describe('ReorderWindow', () => {
  let released: EventBlock[] = []
  let a = new Node('a')
  let b = new Node('b')
  beforeEach(() => {
    vi.useFakeTimers()
    released = []
    a = new Node('a')
    b = new Node('b')
  })
  afterEach(() => vi.useRealTimers())

  const open = (options: ConstructorParameters<typeof ReorderWindow>[0]): ReorderWindow =>
    new ReorderWindow(options, (block) => released.push(block))

  it('puts blocks that arrive within the window into the order of their times', () => {
    const window = open({ windowMs: 50 })
    window.push(a.at(20))
    vi.advanceTimersByTime(30)
    window.push(b.at(10))
    vi.advanceTimersByTime(19)
    expect(released).toEqual([])
    vi.advanceTimersByTime(3)
    expect(released.map(named)).toEqual(['b1', 'a1'])
    expect(window.heldCount).toBe(0)
  })

  it('holds no block longer than the window', () => {
    const window = open({ windowMs: 50 })
    window.push(a.at(20))
    vi.advanceTimersByTime(30)
    window.push(b.at(90))
    vi.advanceTimersByTime(25)
    expect(released.map(named)).toEqual(['a1'])
    vi.advanceTimersByTime(30)
    expect(released.map(named)).toEqual(['a1', 'b1'])
  })

  it('keeps the order of a node whose times go back', () => {
    const window = open({ windowMs: 50 })
    window.push(a.at(100))
    window.push(a.at(5))
    window.push(b.at(50))
    vi.advanceTimersByTime(60)
    expect(released.map(named)).toEqual(['b1', 'a1', 'a2'])
  })

  it('forgets a time from the far future when its block is gone', () => {
    const window = open({ windowMs: 50 })
    window.push(a.at(1e9))
    vi.advanceTimersByTime(60)
    window.push(b.at(200))
    window.push(a.at(100))
    vi.advanceTimersByTime(60)
    expect(released.map(named)).toEqual(['a1', 'a2', 'b1'])
  })

  it('passes blocks on at once when it is off', () => {
    const window = open({ windowMs: 0 })
    window.push(a.at(20))
    window.push(b.at(10))
    expect(released.map(named)).toEqual(['a1', 'b1'])
  })

  it('passes the oldest on early when too many wait, and counts them', () => {
    const window = open({ windowMs: 50, maxBlocks: 2 })
    window.push(a.at(30))
    window.push(b.at(20))
    window.push(a.at(40))
    expect(released.map(named)).toEqual(['b1'])
    expect([window.heldCount, window.earlyCount]).toEqual([2, 1])
  })

  it('passes the oldest on early when too many bytes wait', () => {
    const first = a.at(10)
    const window = open({ windowMs: 50, maxBytes: first.bytes.length })
    window.push(first)
    window.push(b.at(20))
    expect(released.map(named)).toEqual(['a1'])
  })

  it('hands on all that waits when it is flushed, and leaves no timer', () => {
    const window = open({ windowMs: 50 })
    window.push(a.at(20))
    window.push(b.at(10))
    window.flush()
    expect(released.map(named)).toEqual(['b1', 'a1'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('loses nothing, keeps each node in order and delays nothing beyond the window, whatever comes when', () => {
    const step = fc.record({
      node: fc.integer({ min: 0, max: 2 }),
      ms: fc.integer({ min: 0, max: 300 }),
      pauseMs: fc.integer({ min: 0, max: 40 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 2, max: 20 }), (steps, maxBlocks) => {
        released = []
        const sources = ['x', 'y', 'z'].map((name) => new Node(name))
        const window = open({ windowMs: 50, maxBlocks })
        let pushed = 0
        for (const { node, ms, pauseMs } of steps) {
          window.push(sources[node]?.at(ms) ?? a.at(ms))
          pushed++
          expect(window.heldCount).toBeLessThanOrEqual(maxBlocks)
          vi.advanceTimersByTime(pauseMs)
        }
        vi.advanceTimersByTime(52)
        expect(released.length).toBe(pushed)
        for (const name of ['x', 'y', 'z']) {
          const seqs = released.filter(({ node }) => node === name).map(({ firstSeq }) => firstSeq)
          expect(seqs).toEqual(seqs.map((_, i) => i + 1))
        }
      }),
      { numRuns: 200 },
    )
  })
})
