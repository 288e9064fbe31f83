import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { selectRows } from '@hepscope/shared/event/select.ts'
import type { GapFrame } from '@hepscope/shared/frame/control.ts'
import { Broker, type BrokerOptions } from '../../src/stream/broker.ts'
import { BlockSource, invite, sipPacket } from '../events.ts'
import { FakeSocket } from './fake-socket.ts'
import { unhurried } from './unhurried.ts'

const OPTIONS: BrokerOptions = { bufferEvents: 100, bufferBytes: 1 << 26, maxSubscribers: 8, keepsPayload: true }
const VIEW = {
  filter: { protos: [], methods: [], onlyRequests: false },
  format: 'block',
  withPayload: false,
  withControl: true,
  history: 0,
  limits: { queueLength: 1000, ratePerSec: 0 },
} as const

function invites(count: number): ReturnType<typeof invite>[] {
  return Array.from({ length: count }, (_, i) => invite(`c${i}`))
}

function gaps(socket: FakeSocket): GapFrame[] {
  return socket.control.filter((frame) => frame.type === 'gap')
}

describe('a stream with control frames', () => {
  it('says hello, then the history, then that it is over, then live events', () => {
    const broker = new Broker(OPTIONS, unhurried())
    const source = new BlockSource(7)
    broker.publish(source.block(invites(3)))
    const socket = new FakeSocket()
    const hello = { type: 'hello', node: 'x' } as const
    broker.subscribe(
      { ...VIEW, format: 'json', history: 2, hello: (positions) => ({ ...hello, positions }) as never },
      socket,
    )
    broker.publish(source.block(invites(1)))
    expect(socket.frames.map((frame) => ('type' in frame ? frame.type : 'event'))).toEqual([
      'hello',
      'event',
      'event',
      'replay-end',
      'event',
    ])
    expect(socket.control[0]).toEqual({ ...hello, positions: [{ node: 'test', epoch: 7, seq: 3 }] })
    expect(socket.control[1]).toEqual({ type: 'replay-end', count: 2 })
  })

  it('has the node, epoch and seq of each JSON event; a stream without control has neither', () => {
    const broker = new Broker(OPTIONS, unhurried())
    const socket = new FakeSocket()
    const plain = new FakeSocket()
    broker.subscribe({ ...VIEW, format: 'json' }, socket)
    broker.subscribe({ ...VIEW, format: 'json', withControl: false }, plain)
    broker.publish(new BlockSource(7).block(invites(1)))
    expect(socket.frames[1]).toMatchObject({ node: 'test', epoch: 7, seq: 1, transport: 'udp' })
    expect(Object.keys(plain.frames[0] ?? {})).toEqual([
      'ts',
      'proto',
      'src_ip',
      'src_port',
      'dst_ip',
      'dst_port',
      'node_id',
      'sip',
    ])
  })

  it('names what a slow viewer did not get, in front of what it gets next', () => {
    const broker = new Broker(OPTIONS, unhurried())
    const source = new BlockSource(7)
    const socket = new FakeSocket()
    const viewer = broker.subscribe({ ...VIEW, limits: { queueLength: 4, ratePerSec: 0 } }, socket)
    socket.isStuck = true
    broker.publish(source.block(invites(3)))
    broker.publish(source.block(invites(7)))
    socket.isStuck = false
    broker.resume(viewer)
    expect(gaps(socket)).toEqual([{ type: 'gap', node: 'test', epoch: 7, from: 1, to: 6, count: 6, cause: 'queue' }])
    expect(socket.seqs).toEqual([7, 8, 9, 10])
  })

  it('names what the rate limit took at the next tick, if no event follows', () => {
    const broker = new Broker(OPTIONS, unhurried())
    const socket = new FakeSocket()
    const viewer = broker.subscribe({ ...VIEW, limits: { queueLength: 100, ratePerSec: 2 } }, socket)
    broker.publish(new BlockSource(7).block(invites(10)))
    expect(gaps(socket)).toEqual([])
    broker.tick(viewer)
    expect(gaps(socket)).toEqual([{ type: 'gap', node: 'test', epoch: 7, from: 3, to: 10, count: 8, cause: 'rate' }])
    expect(socket.control.at(-1)).toMatchObject({
      type: 'clock',
      matched: 10,
      sent: 2,
      dropped: { queue: 0, rate: 8 },
      positions: [{ node: 'test', epoch: 7, seq: 10 }],
    })
  })

  it('counts only what passed the filter', () => {
    const broker = new Broker(OPTIONS, unhurried())
    const socket = new FakeSocket()
    const filter = { protos: [], methods: ['BYE'], onlyRequests: false }
    const viewer = broker.subscribe({ ...VIEW, filter, limits: { queueLength: 1, ratePerSec: 0 } }, socket)
    socket.isStuck = true
    const byes = ['a', 'b', 'c'].map((id) => sipPacket('BYE sip:x SIP/2.0', id, '2 BYE'))
    broker.publish(new BlockSource(7).block([...invites(2), ...byes, ...invites(2)]))
    socket.isStuck = false
    broker.resume(viewer)
    expect(gaps(socket)).toMatchObject([{ from: 3, to: 4, count: 2, cause: 'queue' }])
    expect(socket.seqs).toEqual([5])
  })

  it('says what the ring no longer holds to a viewer that comes back', () => {
    const broker = new Broker({ ...OPTIONS, bufferEvents: 5 }, unhurried())
    broker.publish(new BlockSource(7).block(invites(20)))
    const socket = new FakeSocket()
    broker.subscribe({ ...VIEW, since: [{ epoch: 7, seq: 3 }] }, socket)
    expect(gaps(socket)).toEqual([{ type: 'gap', node: 'test', epoch: 7, from: 4, to: 15, count: 12, cause: 'ring' }])
    expect(socket.seqs).toEqual([16, 17, 18, 19, 20])
  })

  it('says that the rest of an epoch is unknown when its node has started anew', () => {
    const broker = new Broker({ ...OPTIONS, bufferEvents: 5 }, unhurried())
    broker.publish(new BlockSource(9).block(invites(8)))
    const socket = new FakeSocket()
    broker.subscribe({ ...VIEW, since: [{ epoch: 7, seq: 30 }] }, socket)
    expect(gaps(socket)).toEqual([
      { type: 'gap', node: 'test', epoch: 7, from: 31, cause: 'restart' },
      { type: 'gap', node: 'test', epoch: 9, from: 1, to: 3, count: 3, cause: 'ring' },
    ])
    expect(socket.seqs).toEqual([4, 5, 6, 7, 8])
  })

  it('announces a hole between blocks, takes doubles out, and sees a new epoch', () => {
    const broker = new Broker(OPTIONS, unhurried())
    const source = new BlockSource(7)
    const [first, second, third] = [source.block(invites(2)), source.block(invites(3)), source.block(invites(1))]
    const socket = new FakeSocket()
    broker.subscribe(VIEW, socket)
    broker.publish(first)
    broker.publish(third)
    broker.publish(second)
    broker.publish(third)
    broker.publish(new BlockSource(8).block(invites(1)))
    expect(gaps(socket)).toEqual([
      { type: 'gap', node: 'test', epoch: 7, from: 3, to: 5, count: 3, cause: 'upstream' },
      { type: 'gap', node: 'test', epoch: 7, from: 7, cause: 'restart' },
    ])
    expect(socket.seqs).toEqual([1, 2, 6, 1])
    expect(broker.continuity).toMatchObject({ duplicateCount: 4, missingCount: 3 })
  })

  it('cuts the part of a block that was here before', () => {
    const broker = new Broker(OPTIONS, unhurried())
    const block = new BlockSource(7).block(invites(5))
    const socket = new FakeSocket()
    broker.subscribe(VIEW, socket)
    broker.publish(selectRows(block, [0, 1, 2], true))
    broker.publish(block)
    expect(socket.seqs).toEqual([1, 2, 3, 4, 5])
    expect(gaps(socket)).toEqual([])
  })

  it('tells those who come later the last state of each node', () => {
    const broker = new Broker(OPTIONS, unhurried())
    const status = { type: 'status', node: 'edge', time: 1 } as const
    broker.announce({ ...status, state: 'connecting' })
    broker.announce({ ...status, state: 'down', error: 'refused' })
    const socket = new FakeSocket()
    broker.subscribe(VIEW, socket)
    expect(socket.control[0]).toEqual({ ...status, state: 'down', error: 'refused' })
  })

  it('gives each viewer every matched event or names it in a gap, whatever its speed', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('publish' as const), count: fc.integer({ min: 1, max: 30 }) }),
      fc.record({ kind: fc.constant('stick' as const) }),
      fc.record({ kind: fc.constant('drain' as const) }),
      fc.record({ kind: fc.constant('tick' as const) }),
    )
    const limits = fc.record({ queueLength: fc.integer({ min: 1, max: 40 }), ratePerSec: fc.constantFrom(0, 10) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), limits, fc.boolean(), (steps, limits, onlyByes) => {
        const broker = new Broker(OPTIONS, unhurried())
        const source = new BlockSource(7)
        const socket = new FakeSocket()
        const filter = { ...VIEW.filter, methods: onlyByes ? ['BYE'] : [] }
        const viewer = broker.subscribe({ ...VIEW, filter, limits }, socket)
        const matched: number[] = []
        let seq = 0
        for (const action of steps) {
          if (action.kind === 'publish') {
            const packets = Array.from({ length: action.count }, () => {
              seq++
              const isBye = seq % 3 === 0
              if (isBye || !onlyByes) matched.push(seq)
              return isBye ? sipPacket('BYE sip:x SIP/2.0', 'b', '2 BYE') : invite('i')
            })
            broker.publish(source.block(packets))
          } else if (action.kind === 'tick') broker.tick(viewer)
          else {
            socket.isStuck = action.kind === 'stick'
            broker.resume(viewer)
          }
        }
        socket.isStuck = false
        broker.resume(viewer)
        broker.tick(viewer)
        const { matchedCount, sentCount, droppedQueueCount, droppedRateCount } = viewer
        expect(sentCount + droppedQueueCount + droppedRateCount).toBe(matchedCount)
        expect(matchedCount).toBe(matched.length)
        const seen = new Set(socket.seqs)
        expect(seen.size).toBe(sentCount)
        const missed = matched.filter((one) => !seen.has(one))
        const reported = gaps(socket)
        expect(reported.reduce((sum, gap) => sum + (gap.count ?? 0), 0)).toBe(missed.length)
        for (const one of missed) expect(reported.some(({ from, to = 0 }) => from <= one && one <= to)).toBe(true)
        for (const gap of reported) {
          const inside = missed.filter((one) => gap.from <= one && one <= (gap.to ?? 0))
          expect(inside.length).toBeGreaterThanOrEqual(gap.count ?? 0)
        }
      }),
      { numRuns: 200 },
    )
  })
})
