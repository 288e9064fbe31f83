import { describe, expect, it } from 'vitest'
import { Batch } from '../../src/stream/batch.ts'
import { FilterGroup } from '../../src/stream/filter-group.ts'
import { Subscription } from '../../src/stream/subscription.ts'
import { BlockSource, invite } from '../events.ts'
import { FakeSocket } from './fake-socket.ts'

const VIEW = {
  filter: { protos: [], methods: [], onlyRequests: false },
  format: 'json',
  withPayload: false,
  withControl: false,
} as const

function join(group: FilterGroup, queueLength: number): { socket: FakeSocket; viewer: Subscription } {
  const socket = new FakeSocket()
  const limits = { queueLength, ratePerSec: 0 }
  const viewer = new Subscription(group, socket, limits, { frames: [], history: [] }, group.view.withControl, 0)
  group.add(viewer)
  return { socket, viewer }
}

describe('FilterGroup', () => {
  it('puts small blocks together until a viewer looks at them, also when another comes in between', () => {
    const group = new FilterGroup('', VIEW)
    const source = new BlockSource()
    const first = join(group, 100)
    group.append(source.block([invite('a')]))
    group.append(source.block([invite('b'), invite('c')]))
    const second = join(group, 100)
    group.append(source.block([invite('d')]))
    group.append(source.block([invite('e')]))
    expect(
      [group.entry(0), group.entry(1), group.entry(2)].map((entry) => entry instanceof Batch && entry.count),
    ).toEqual([3, 2, false])
    group.pump(0)
    expect(first.socket.callIds).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(second.socket.callIds).toEqual(['d', 'e'])
    expect(first.socket.chunks.length).toBe(1)
  })

  it('keeps blocks of another epoch apart, and finds the seq of each event', () => {
    const group = new FilterGroup('', VIEW)
    const source = new BlockSource(1)
    join(group, 100)
    group.append(source.block([invite('a'), invite('b')]))
    group.append(source.block([invite('c')]))
    group.append(new BlockSource(2).block([invite('d')]))
    const entry = group.entry(0)
    expect(entry instanceof Batch && [entry.epoch, entry.seq(0), entry.seq(1), entry.seq(2)]).toEqual([1, 1, 2, 3])
    expect(group.entry(1)).toMatchObject({ epoch: 2, count: 1 })
  })

  it('does not grow for a viewer that is never written to', () => {
    const group = new FilterGroup('', VIEW)
    const source = new BlockSource()
    const { viewer, socket } = join(group, 10)
    socket.isStuck = true
    for (let i = 0; i < 20; i++) group.append(source.block(Array.from({ length: 1000 }, () => invite('a'))))
    expect(viewer.waitingCount).toBeLessThan(10_000)
    expect(viewer.cursor).toBeGreaterThan(10)
    group.pump(0)
    expect(viewer.waitingCount).toBe(10)
    expect(viewer.droppedQueueCount).toBe(19_990)
  })

  it('keeps no more than 64 MiB of blocks for a slow viewer, and takes nothing from a fast one', () => {
    const group = new FilterGroup('', VIEW)
    const source = new BlockSource()
    const slow = join(group, 100_000)
    slow.socket.isStuck = true
    const fast = join(group, 100_000)
    const payload = new Uint8Array(60_000)
    let blockBytes = 0
    for (let i = 0; i < 150; i++) {
      const block = source.block(Array.from({ length: 10 }, () => ({ ...invite('a'), payload })))
      blockBytes = block.bytes.length
      group.append(block)
      if (i % 10 === 9) group.pump(0)
    }
    expect(slow.viewer.waitingCount * (blockBytes / 10)).toBeLessThan(64 * 1024 * 1024)
    expect(slow.viewer.waitingCount + slow.viewer.droppedQueueCount).toBe(1500)
    expect(fast.viewer).toMatchObject({ sentCount: 1500, droppedQueueCount: 0 })
  })

  it('does not grow for control frames that nobody takes, and tells the last of them in the end', () => {
    const group = new FilterGroup('', { ...VIEW, withControl: true })
    const { viewer, socket } = join(group, 10)
    socket.isStuck = true
    for (let time = 0; time < 20_000; time++) group.announce({ type: 'status', node: 'edge', state: 'down', time })
    expect(group.end() - viewer.cursor).toBeLessThan(10_000)
    socket.isStuck = false
    group.append(new BlockSource().block([invite('a')]))
    group.pump(0)
    expect(socket.control.at(-1)).toMatchObject({ type: 'status', time: 19_999 })
    expect(socket.callIds).toEqual(['a'])
  })
})
