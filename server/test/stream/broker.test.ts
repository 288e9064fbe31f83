import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Broker, type BrokerOptions } from '../../src/stream/broker.ts'
import { BlockSource, invite, sipPacket } from '../events.ts'
import { FakeSocket } from './fake-socket.ts'
import { unhurried } from './unhurried.ts'

const EVERYTHING = { protos: [], methods: [], onlyRequests: false }
const LIMITS = { queueLength: 50, ratePerSec: 0 }
const JSON_VIEW = {
  filter: EVERYTHING,
  format: 'json',
  withPayload: false,
  withControl: false,
  history: 0,
  limits: LIMITS,
} as const
const BLOCK_VIEW = { ...JSON_VIEW, format: 'block', withPayload: true } as const
const OPTIONS: BrokerOptions = {
  bufferEvents: 100,
  bufferBytes: 1 << 26,
  maxSubscribers: 4,
  keepsPayload: true,
}

function ids(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => `c${from + i}`)
}

describe('Broker', () => {
  it('sends the asked history and then live events, without gap or double', () => {
    const broker = new Broker(OPTIONS, unhurried())
    const source = new BlockSource()
    broker.publish(source.block(ids(0, 7).map(invite)))
    broker.publish(source.block(ids(7, 10).map(invite)))
    const socket = new FakeSocket()
    broker.subscribe({ ...JSON_VIEW, history: 5 }, socket)
    broker.publish(source.block(ids(10, 12).map(invite)))
    expect(socket.callIds).toEqual(ids(5, 12))
  })

  it('counts history in matches, not in events', () => {
    const broker = new Broker(OPTIONS, unhurried())
    const source = new BlockSource()
    broker.publish(
      source.block(ids(0, 20).map((id, i) => (i % 10 === 0 ? invite(id) : sipPacket('SIP/2.0 200 OK', id, '1 BYE')))),
    )
    const socket = new FakeSocket()
    const filter = { protos: [1], methods: ['INVITE'], onlyRequests: true }
    broker.subscribe({ ...JSON_VIEW, filter, history: 2 }, socket)
    expect(socket.callIds).toEqual(['c0', 'c10'])
  })

  it('resumes behind a position, and from the beginning of a newer epoch', () => {
    const broker = new Broker(OPTIONS, unhurried())
    broker.publish(new BlockSource(7).block(ids(0, 5).map(invite)))
    const behind = new FakeSocket()
    broker.subscribe({ ...BLOCK_VIEW, since: [{ epoch: 7, seq: 3 }] }, behind)
    expect(behind.seqs).toEqual([4, 5])
    const restarted = new FakeSocket()
    broker.subscribe({ ...BLOCK_VIEW, since: [{ epoch: 6, seq: 900 }] }, restarted)
    expect(restarted.seqs).toEqual([1, 2, 3, 4, 5])
  })

  it('drops the oldest of a viewer that does not read, and counts them', () => {
    const broker = new Broker(OPTIONS, unhurried())
    const source = new BlockSource()
    const socket = new FakeSocket()
    socket.isStuck = true
    const subscription = broker.subscribe({ ...JSON_VIEW, limits: { ...LIMITS, queueLength: 4 } }, socket)
    broker.publish(source.block(ids(0, 3).map(invite)))
    broker.publish(source.block(ids(3, 10).map(invite)))
    expect(subscription.droppedQueueCount).toBe(6)
    socket.isStuck = false
    broker.resume(subscription)
    expect(socket.callIds).toEqual(ids(6, 10))
    expect(broker.counts).toEqual({ published: 10, matched: 10, sent: 4, droppedQueue: 6, droppedRate: 0 })
  })

  it('lets a fast viewer alone when another one is stuck', () => {
    const broker = new Broker(OPTIONS, unhurried())
    const source = new BlockSource()
    const view = { ...JSON_VIEW, limits: { ...LIMITS, queueLength: 2 } }
    const stuck = new FakeSocket()
    stuck.isStuck = true
    const fast = new FakeSocket()
    broker.subscribe(view, stuck)
    broker.subscribe(view, fast)
    for (let i = 0; i < 40; i++) broker.publish(source.block(ids(i, i + 1).map(invite)))
    expect(fast.callIds).toEqual(ids(0, 40))
  })

  it('keeps no viewer and no group behind after unsubscribe, however often it is called', () => {
    const broker = new Broker(OPTIONS, unhurried())
    const view = JSON_VIEW
    for (let i = 0; i < 1000; i++) {
      const subscription = broker.subscribe(view, new FakeSocket())
      broker.unsubscribe(subscription)
      broker.unsubscribe(subscription)
    }
    expect(broker.subscriberCount).toBe(0)
    expect(broker.isFull).toBe(false)
  })

  it('takes the payload out for viewers who may not see it', () => {
    const block = new BlockSource().block([invite('secret')])
    const text = (withPayload: boolean): string => {
      const broker = new Broker(OPTIONS, unhurried())
      const socket = new FakeSocket()
      const view = { ...BLOCK_VIEW, withPayload }
      const subscription = broker.subscribe(view, socket)
      broker.publish(block)
      broker.unsubscribe(subscription)
      return Buffer.concat(socket.messages).toString('latin1')
    }
    expect(text(true)).toContain('Content-Length: 0')
    expect(text(false)).not.toContain('Content-Length: 0')
    expect(text(false)).toContain('secret')
  })

  it('hides the values of masked headers from every viewer, late ones too', () => {
    const broker = new Broker({ ...OPTIONS, maskedHeaders: ['content-length'] })
    broker.publish(new BlockSource().block([invite('c1')]))
    const socket = new FakeSocket()
    broker.subscribe({ ...JSON_VIEW, withPayload: true, history: 1 }, socket)
    expect(socket.frames).toMatchObject([{ payload: expect.stringContaining('Content-Length: *\r\n') as string }])
  })

  it.each(['json', 'block'] as const)('gives viewers of one filter as many as their own rate allows: %s', (format) => {
    const broker = new Broker(OPTIONS)
    const sockets = [3, 7, 0, 1].map((ratePerSec) => {
      const socket = new FakeSocket()
      broker.subscribe({ ...JSON_VIEW, format, withPayload: true, limits: { ...LIMITS, ratePerSec } }, socket)
      return socket
    })
    broker.publish(new BlockSource().block(ids(0, 10).map(invite)))
    const got = sockets.map((socket) => (format === 'json' ? socket.callIds : socket.seqs.map((seq) => `c${seq - 1}`)))
    expect(got).toEqual([ids(0, 3), ids(0, 7), ids(0, 10), ids(0, 1)])
  })

  it('accounts for every matched event at any speed: sent + dropped + waiting = matched', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('publish' as const), count: fc.integer({ min: 1, max: 30 }) }),
      fc.record({ kind: fc.constant('stick' as const), viewer: fc.integer({ min: 0, max: 2 }) }),
      fc.record({ kind: fc.constant('drain' as const), viewer: fc.integer({ min: 0, max: 2 }) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 40 }), (steps, queueLength) => {
        const broker = new Broker(OPTIONS, unhurried())
        const source = new BlockSource()
        let next = 0
        const publish = (count: number): void => {
          broker.publish(source.block(ids(next, next + count).map(invite)))
          next += count
        }
        publish(20)
        const viewers = (['json', 'block', 'block'] as const).map((format, i) => {
          const socket = new FakeSocket()
          const limits = { ...LIMITS, queueLength }
          const request = { ...JSON_VIEW, format, withPayload: i === 1, history: 10 * i, limits }
          return { socket, subscription: broker.subscribe(request, socket), format }
        })
        for (const action of steps) {
          if (action.kind === 'publish') publish(action.count)
          else {
            const viewer = viewers[action.viewer]
            if (viewer === undefined) continue
            viewer.socket.isStuck = action.kind === 'stick'
            broker.resume(viewer.subscription)
          }
          for (const { subscription } of viewers) {
            expect(subscription.waitingCount).toBeGreaterThanOrEqual(0)
            expect(subscription.waitingCount).toBeLessThanOrEqual(queueLength + 20)
          }
        }
        for (const { socket, subscription, format } of viewers) {
          socket.isStuck = false
          broker.resume(subscription)
          expect(subscription.waitingCount).toBe(0)
          const arrived = format === 'json' ? socket.callIds.map((id) => Number(id.slice(1)) + 1) : socket.seqs
          expect(arrived.length).toBe(subscription.sentCount)
          expect(new Set(arrived).size).toBe(arrived.length)
          expect([...arrived].sort((a, b) => a - b)).toEqual(arrived)
          expect(subscription.sentCount + subscription.droppedQueueCount).toBe(subscription.matchedCount)
        }
      }),
      { numRuns: 150 },
    )
  })
})
