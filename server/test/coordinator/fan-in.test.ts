import { pino } from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import { parseFilter } from '@hepscope/shared/filter/filter.ts'
import type { ControlFrame } from '@hepscope/shared/frame/control.ts'
import { FanIn } from '../../src/coordinator/fan-in.ts'
import { Broker } from '../../src/stream/broker.ts'
import { CuttingProxy } from '../cutting-proxy.ts'
import { BlockSource, invite } from '../events.ts'
import { TestNode } from './test-node.ts'

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

async function startNode(options?: Parameters<typeof TestNode.start>[0]): Promise<TestNode> {
  const node = await TestNode.start(options)
  undo.push(() => node.stop())
  return node
}

function startFanIn(nodes: readonly { name: string; url: URL }[]) {
  const broker = new Broker({ bufferEvents: 1e6, bufferBytes: 1e9, maxSubscribers: 2000, keepsPayload: true })
  const fanIn = new FanIn(
    {
      nodes,
      own: { node: 'test', epoch: 1 },
      hasLocal: true,
      withPayload: false,
      handshakeTimeoutMs: 500,
      reorderMs: 5,
      log: pino({ level: 'silent' }),
    },
    broker,
  )
  undo.push(() => fanIn.close())
  return { broker, fanIn }
}

/** A viewer of everything; JSON frames and control frames in the order in which they came. */
function view(broker: Broker, query = '') {
  const frames: Record<string, unknown>[] = []
  const subscription = broker.subscribe(
    {
      filter: parseFilter(new URLSearchParams(query)),
      format: 'json',
      withPayload: false,
      withControl: true,
      history: 0,
      limits: { queueLength: 10_000, ratePerSec: 0 },
    },
    { bufferedBytes: 0, write: (pieces) => frames.push(...readFrames(Buffer.concat(pieces))) },
  )
  undo.push(() => broker.unsubscribe(subscription))
  const ofType = (type: ControlFrame['type']) => frames.filter((frame) => frame.type === type)
  const events = () =>
    frames.filter((frame) => frame.type === undefined).map(({ node, seq }) => `${String(node)} ${String(seq)}`)
  return { subscription, ofType, events }
}

/** The text frames of a server, RFC 6455 section 5.2. */
function readFrames(bytes: Buffer): Record<string, unknown>[] {
  const found: Record<string, unknown>[] = []
  for (let at = 0; at < bytes.length;) {
    const short = bytes[at + 1] ?? 0
    const head = short === 127 ? 10 : short === 126 ? 4 : 2
    const length =
      short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short === 126 ? bytes.readUInt16BE(at + 2) : short
    found.push(JSON.parse(bytes.toString('utf8', at + head, at + head + length)) as Record<string, unknown>)
    at += head + length
  }
  return found
}

describe('FanIn', () => {
  it('brings remote and local events together', async () => {
    const [east, west] = [await startNode({ name: 'east' }), await startNode({ name: 'west' })]
    const { broker, fanIn } = startFanIn([
      { name: 'east', url: east.url },
      { name: 'west', url: west.url },
    ])
    const viewer = view(broker)
    fanIn.open()
    east.publish(2)
    west.publish(1)
    fanIn.publishLocal(new BlockSource(1).block([invite('a')]))
    await expect.poll(() => viewer.events().sort()).toEqual(['east 1', 'east 2', 'test 1', 'west 1'])
    expect(fanIn.status().map(({ node, isLocal, state, events }) => [node, isLocal, state, events])).toEqual([
      ['test', true, 'connected', 1],
      ['east', false, 'connected', 2],
      ['west', false, 'connected', 1],
    ])
  })

  it('tells viewers of every change, and late ones the last of each node', async () => {
    const east = await startNode({ name: 'east' })
    const proxy = await CuttingProxy.open({ host: '127.0.0.1', port: east.port })
    undo.push(() => proxy.close())
    const { broker, fanIn } = startFanIn([{ name: 'east', url: new URL(`ws://127.0.0.1:${proxy.port}/stream`) }])
    const early = view(broker)
    fanIn.open()
    const states = (viewer: typeof early) =>
      viewer.ofType('status').map(({ node, state }) => `${String(node)} ${String(state)}`)
    await expect.poll(() => states(early)).toContain('east connected')
    proxy.cut('reset')
    await expect.poll(() => states(early)).toContain('east down')
    expect([...new Set(states(early))]).toEqual(['test connected', 'east connecting', 'east connected', 'east down'])
    expect(early.ofType('status').at(-1)).toMatchObject({
      node: 'east',
      state: 'down',
      error: expect.any(String) as string,
    })
    const late = view(broker)
    expect(states(late)).toEqual(['test connected', 'east down'])
  })

  it('has one connection to a node however many viewers come and go, and leaves none behind', async () => {
    const east = await startNode({ name: 'east' })
    const proxy = await CuttingProxy.open({ host: '127.0.0.1', port: east.port })
    undo.push(() => proxy.close())
    const { broker, fanIn } = startFanIn([{ name: 'east', url: new URL(`ws://127.0.0.1:${proxy.port}/stream`) }])
    fanIn.open()
    await expect.poll(() => east.broker.subscriberCount).toBe(1)
    for (let i = 0; i < 1000; i++) {
      const { subscription } = view(broker, 'method=NEVER')
      broker.unsubscribe(subscription)
    }
    expect([broker.subscriberCount, east.broker.subscriberCount, proxy.connectionCount]).toEqual([0, 1, 1])
    fanIn.close()
    await expect.poll(() => [east.broker.subscriberCount, proxy.openCount]).toEqual([0, 0])
  })

  it('goes on where it was after a cut: each event once, and what is gone is a gap', async () => {
    const east = await startNode({ name: 'east', bufferEvents: 4 })
    const proxy = await CuttingProxy.open({ host: '127.0.0.1', port: east.port })
    undo.push(() => proxy.close())
    const { broker, fanIn } = startFanIn([{ name: 'east', url: new URL(`ws://127.0.0.1:${proxy.port}/stream`) }])
    const viewer = view(broker)
    fanIn.open()
    east.publish(2)
    await expect.poll(() => viewer.events().length).toBe(2)
    proxy.cut('reset')
    for (let i = 0; i < 6; i++) east.publish(1)
    proxy.mend()
    await expect
      .poll(() => viewer.events(), { timeout: 3000 })
      .toEqual(['east 1', 'east 2', 'east 5', 'east 6', 'east 7', 'east 8'])
    expect(viewer.ofType('gap')).toEqual([
      { type: 'gap', node: 'east', epoch: 1000, from: 3, to: 4, count: 2, cause: 'upstream' },
    ])
  })
})
