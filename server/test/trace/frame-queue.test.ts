import { describe, expect, it } from 'vitest'
import { FrameQueue } from '../../src/trace/frame-queue.ts'

function filled(count: number): FrameQueue {
  const queue = new FrameQueue()
  for (let i = 0; i < count; i++) queue.push(new Uint8Array(10).fill(i), i)
  return queue
}

describe('FrameQueue', () => {
  it('counts frames and bytes', () => {
    const queue = filled(5)
    queue.drop(2)
    expect([queue.length, queue.byteCount, queue.waitingSinceMs(0), queue.waitingSinceMs(3)]).toEqual([
      3,
      30,
      2,
      undefined,
    ])
    queue.drop(9)
    expect([queue.length, queue.byteCount]).toEqual([0, 0])
  })

  it('gives the oldest frames that fit, at least one', () => {
    const queue = filled(5)
    expect(queue.oldest(25)).toHaveLength(2)
    expect(queue.oldest(0)).toHaveLength(1)
    expect(queue.oldest(Infinity).map(([first]) => first)).toEqual([0, 1, 2, 3, 4])
    expect(new FrameQueue().oldest(100)).toEqual([])
  })

  it('begins to wait anew', () => {
    const queue = filled(3)
    queue.drop(1)
    queue.restart(100)
    expect([0, 1].map((i) => queue.waitingSinceMs(i))).toEqual([100, 100])
  })

  it('stays in order over thousands of frames', () => {
    const queue = new FrameQueue()
    const seen: number[] = []
    for (let i = 0; i < 5000; i++) {
      queue.push(Uint8Array.of(i & 0xff), i)
      if (i % 3 === 0) continue
      seen.push(queue.waitingSinceMs(0) ?? -1)
      queue.drop(1)
    }
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, i) => i))
    expect(queue.length).toBe(5000 - seen.length)
    queue.clear()
    expect([queue.length, queue.byteCount]).toEqual([0, 0])
  })
})
