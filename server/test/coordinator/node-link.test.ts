import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { TEXT } from '@hepscope/shared/event/columns.ts'
import { Backoff } from '../../src/backoff.ts'
import { NodeLink, type NodeLinkOptions } from '../../src/coordinator/node-link.ts'
import type { NodeStatus } from '../../src/coordinator/node-status.ts'
import { CuttingProxy } from '../cutting-proxy.ts'
import { FakeNode } from './fake-node.ts'
import { TestNode } from './test-node.ts'

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

/** A link with short pauses, and what came through it. */
function listen(url: URL, options: Partial<NodeLinkOptions> = {}) {
  const blocks: EventBlock[] = []
  const statuses: NodeStatus[] = []
  const link = new NodeLink(
    {
      name: 'edge',
      url,
      withPayload: false,
      handshakeTimeoutMs: 500,
      own: { node: 'coordinator', epoch: 1 },
      liveness: { intervalMs: 40, maxSilent: 2 },
      backoff: new Backoff(20, 60),
      ...options,
    },
    { onBlock: (block) => blocks.push(block), onStatus: (status) => statuses.push(status), onSettled: () => {} },
  )
  undo.push(() => link.close())
  link.open()
  const callIds = () =>
    blocks.flatMap((block) => Array.from({ length: block.count }, (_, row) => block.text(TEXT.callId, row)))
  return { link, blocks, statuses, callIds }
}

async function startNode(options?: Parameters<typeof TestNode.start>[0]): Promise<TestNode> {
  const node = await TestNode.start(options)
  undo.push(() => node.stop())
  return node
}

async function startProxy(node: TestNode) {
  const proxy = await CuttingProxy.open({ host: '127.0.0.1', port: node.port })
  undo.push(() => proxy.close())
  return { proxy, url: new URL(`ws://127.0.0.1:${proxy.port}/stream`) }
}

async function startFake(onConnection?: Parameters<typeof FakeNode.start>[0]): Promise<FakeNode> {
  const fake = await FakeNode.start(onConnection)
  undo.push(() => fake.stop())
  return fake
}

const ids = (from: number, to: number, epoch = 1000): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `edge-${epoch}-${from + i}`)

describe('NodeLink', () => {
  it('takes what the node still has, then what comes', async () => {
    const node = await startNode()
    node.publish(3)
    const { link, callIds, statuses } = listen(node.url)
    await expect.poll(callIds).toEqual(ids(1, 3))
    node.publish(2)
    await expect.poll(callIds).toEqual(ids(1, 5))
    expect(link.status).toMatchObject({
      state: 'connected',
      kind: 'hepscope',
      epoch: 1000,
      seq: 5,
      events: 5,
      blocks: 2,
    })
    expect(link.status.bytes).toBeGreaterThan(1000)
    expect(statuses[0]).toMatchObject({ state: 'connected' })
  })

  it.each(['reset', 'silence'] as const)('gets just the hole after a %s', async (kind) => {
    const node = await startNode()
    const { proxy, url } = await startProxy(node)
    const { link, callIds } = listen(url)
    node.publish(4)
    await expect.poll(callIds).toEqual(ids(1, 4))
    proxy.cut(kind)
    node.publish(3)
    node.publish(3)
    await expect.poll(() => link.status.state).toBe('down')
    proxy.mend()
    await expect.poll(callIds).toEqual(ids(1, 10))
    node.publish(1)
    await expect.poll(callIds).toEqual(ids(1, 11))
    expect(link.status).toMatchObject({ state: 'connected', reconnects: 1, gaps: {} })
  })

  it('sees a node that starts anew as another epoch, and takes all of it', async () => {
    const node = await TestNode.start()
    const { link, callIds } = listen(node.url)
    node.publish(4)
    await expect.poll(callIds).toEqual(ids(1, 4))
    const { port } = node
    await node.stop()
    const anew = await startNode({ epoch: 2000, port })
    anew.publish(2)
    await expect.poll(callIds).toEqual([...ids(1, 4), ...ids(1, 2, 2000)])
    expect(link.status).toMatchObject({ epoch: 2000, seq: 2 })
  })

  it('counts what the node no longer has, once', async () => {
    const node = await startNode({ bufferEvents: 5 })
    const { proxy, url } = await startProxy(node)
    const { link, callIds } = listen(url)
    node.publish(2)
    await expect.poll(callIds).toEqual(ids(1, 2))
    proxy.cut('reset')
    for (let i = 0; i < 10; i++) node.publish(1)
    proxy.mend()
    await expect.poll(callIds).toEqual([...ids(1, 2), ...ids(8, 12)])
    expect(link.status.gaps).toEqual({ ring: 5 })
    proxy.cut('reset')
    await expect.poll(() => link.status.state).toBe('down')
    proxy.mend()
    await expect.poll(() => link.status.reconnects).toBe(2)
    node.publish(1)
    await expect.poll(() => callIds().length).toBe(8)
    expect(link.status.gaps).toEqual({ ring: 5 })
  })

  it('calls the node by its own name for it, and resumes by the name that the node has', async () => {
    const node = await startNode({ name: 'pbx' })
    const { proxy, url } = await startProxy(node)
    const { link, blocks } = listen(url)
    node.publish(1)
    await expect.poll(() => blocks.length).toBe(1)
    proxy.cut('reset')
    await expect.poll(() => link.status.state).toBe('down')
    node.publish(1)
    proxy.mend()
    await expect.poll(() => blocks.length).toBe(2)
    expect(blocks.map((block) => [block.node, block.firstSeq, block.text(TEXT.callId, 0)])).toEqual([
      ['edge', 1, 'pbx-1000-1'],
      ['edge', 2, 'pbx-1000-2'],
    ])
    expect(link.status).toMatchObject({ node: 'edge', calledItself: 'pbx' })
  })

  it.each([0, 1])('does not listen to itself, with %i events at hand', async (count) => {
    const node = await startNode({ name: 'me', epoch: 5 })
    if (count > 0) node.publish(count)
    const { link, blocks } = listen(node.url, { own: { node: 'me', epoch: 5 } })
    await expect.poll(() => link.status.lastError).toBe('its url leads to this server itself, me')
    expect(blocks).toEqual([])
  })

  it('counts and skips what it cannot read', async () => {
    const other = await startNode()
    const good = other.publish(1)
    const impossible = Uint8Array.from(good.bytes)
    new DataView(impossible.buffer).setFloat64(32, -5, true)
    const fake = await startFake((socket) => {
      socket.send(JSON.stringify({ type: 'hello', node: 'edge', positions: [], time: Date.now() }))
      socket.send(Uint8Array.of(1, 2, 3))
      socket.send(impossible)
      socket.send('{"ts":')
      socket.send('{"ts":1,"proto":1}')
      socket.send('7')
      socket.send('{"type":"of a later version"}')
      socket.send(good.bytes)
    })
    const { link, callIds } = listen(fake.url)
    await expect.poll(callIds).toEqual(ids(1, 1))
    expect(link.status).toMatchObject({
      badFrames: 5,
      events: 1,
      state: 'connected',
      lastBadFrame: 'JSON that is no event',
    })
  })

  it('takes the plain JSON of an original node, each connection an epoch', async () => {
    let number = 0
    const fake = await startFake((socket) => {
      for (let i = 0; i < 3; i++) {
        const sip = { method: 'INVITE', callid: `c${++number}`, cseq: '1 INVITE' }
        socket.send(JSON.stringify({ ts: Date.now(), proto: 1, sip }))
      }
      socket.send('no JSON')
    })
    const { link, callIds, blocks } = listen(fake.url)
    await expect.poll(callIds).toEqual(['c1', 'c2', 'c3'])
    await expect.poll(() => link.status.badFrames).toBe(1)
    fake.sockets[0]?.terminate()
    await expect.poll(callIds).toEqual(['c1', 'c2', 'c3', 'c4', 'c5', 'c6'])
    expect(link.status).toMatchObject({ kind: 'original', events: 6, reconnects: 1 })
    const epochs = [...new Set(blocks.map(({ epoch }) => epoch))]
    expect(epochs.length).toBe(2)
    expect(epochs[1]).toBeGreaterThan(epochs[0] ?? Infinity)
    expect(blocks.map(({ node }) => node)).toEqual(blocks.map(() => 'edge'))
    // The original has no `since`, so it is asked the same each time.
    expect(fake.requests.map(({ searchParams }) => searchParams.get('since'))).toEqual(['0:0', '0:0'])
  })

  it('asks for payloads only if they may be shown', async () => {
    const fake = await startFake()
    listen(fake.url)
    listen(fake.url, { withPayload: true })
    await expect.poll(() => fake.requests.length).toBe(2)
    const asked = fake.requests.map(({ searchParams }) => searchParams.get('include_payload'))
    expect(asked.sort()).toEqual(['1', null])
  })

  it('says why a node lets it not in', async () => {
    const node = await startNode({ token: 'secret', loopbackExempt: false })
    expect(node.broker.subscriberCount).toBe(0)
    const { link } = listen(node.url, { token: 'wrong' })
    await expect
      .poll(() => link.status.lastError)
      .toBe('401 Unauthorized: the token of this node is needed (node.token)')
    const good = listen(node.url, { token: 'secret' })
    await expect.poll(() => good.link.status.state).toBe('connected')
  })

  it.each<[string, () => Promise<{ url: URL; stop: () => unknown }>, RegExp]>([
    [
      'nobody listens',
      async () => ({ url: new URL('ws://127.0.0.1:1/stream'), stop: () => {} }),
      /^connect ECONNREFUSED 127\.0\.0\.1:1$/,
    ],
    [
      'it takes connections and says nothing',
      async () => {
        const server = createServer().listen(0, '127.0.0.1')
        await once(server, 'listening')
        const url = new URL(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/stream`)
        return { url, stop: () => server.close() }
      },
      /^no answer within 100 ms$/,
    ],
    [
      'it answers without end',
      async () => {
        const server = createHttpServer((_, response) => {
          response.writeHead(503)
          setInterval(() => response.write('x'.repeat(50)), 5).unref()
        }).listen(0, '127.0.0.1')
        await once(server, 'listening')
        const url = new URL(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/stream`)
        return { url, stop: () => (server.closeAllConnections(), server.close()) }
      },
      /^503 Service Unavailable: x{120}$/,
    ],
  ])('is down when %s', async (_, start, reason) => {
    const { url, stop } = await start()
    undo.push(stop)
    const { link, statuses } = listen(url, { handshakeTimeoutMs: 100 })
    await expect.poll(() => link.status.lastError).toMatch(reason)
    expect(statuses[0]).toMatchObject({ state: 'down' })
  })

  it('waits longer and longer after sessions that end soon', async () => {
    const fake = await startFake((socket) => socket.close(1013, 'too many'))
    const backoff = new Backoff(10, 1000, () => 0)
    const waits: number[] = []
    const next = backoff.nextMs.bind(backoff)
    vi.spyOn(backoff, 'nextMs').mockImplementation(() => {
      waits.push(next())
      return waits.at(-1) ?? 0
    })
    const { link } = listen(fake.url, { backoff })
    await expect.poll(() => waits.length).toBe(5)
    expect(waits).toEqual([10, 20, 40, 80, 160])
    expect(link.status.lastError).toBe('closed with 1013 too many')
  })

  it('ends at once, whatever it is doing, and says nothing more', async () => {
    const node = await startNode()
    const connected = listen(node.url)
    await expect.poll(() => connected.link.status.state).toBe('connected')
    const connecting = listen(node.url)
    const waiting = listen(new URL('ws://127.0.0.1:1/stream'), { backoff: new Backoff(50, 50) })
    await expect.poll(() => waiting.link.status.state).toBe('down')
    const before = [connected, connecting, waiting].map(({ link, statuses }) => {
      link.close()
      link.close()
      return statuses.length
    })
    node.publish(1)
    await expect.poll(() => node.broker.subscriberCount).toBe(0)
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect([connected, connecting, waiting].map(({ statuses }) => statuses.length)).toEqual(before)
    expect([connected, connecting, waiting].flatMap(({ blocks }) => blocks)).toEqual([])
  })

  it('keeps a quiet connection', async () => {
    const node = await startNode()
    const { link } = listen(node.url)
    await expect.poll(() => link.status.state).toBe('connected')
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(link.status).toMatchObject({ state: 'connected', reconnects: 0 })
  })

  it('keeps a connection whose large block takes long to cross', async () => {
    const other = await startNode()
    const { bytes } = other.publish(1)
    const server = createHttpServer().listen(0, '127.0.0.1')
    undo.push(() => (server.closeAllConnections(), server.close()))
    server.on('upgrade', (request, socket) => {
      const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
      const accept = createHash('sha1').update(key).digest('base64')
      socket.write(
        `HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      )
      const frame = Buffer.concat([Buffer.of(0x82, 126, bytes.length >> 8, bytes.length & 0xff), bytes])
      let at = 0
      // Slower than the link's patience, and deaf to its pings.
      const timer = setInterval(() => {
        if (at < frame.length) socket.write(frame.subarray(at, (at += 200)))
        else clearInterval(timer)
      }, 30)
      undo.push(() => (clearInterval(timer), socket.destroy()))
    })
    await once(server, 'listening')
    const { link, callIds } = listen(new URL(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/stream`))
    await expect.poll(callIds, { timeout: 5000 }).toEqual(ids(1, 1))
    expect(bytes.length).toBeGreaterThan(1500)
    expect(link.status.reconnects).toBe(0)
  })

  it('tells how late a block came, whatever the clock of the node says', async () => {
    const fake = await startFake()
    const other = await startNode()
    const { link } = listen(fake.url)
    await expect.poll(() => fake.sockets.length).toBe(1)
    const skewMs = 3_600_000
    const hello = { type: 'hello', node: 'edge', positions: [], time: Date.now() + skewMs }
    fake.sockets[0]?.send(JSON.stringify(hello))
    const bytes = Uint8Array.from(other.publish(1).bytes)
    new DataView(bytes.buffer).setFloat64(40, (Date.now() + skewMs - 5000) * 1000, true)
    fake.sockets[0]?.send(bytes)
    await expect.poll(() => link.status.events).toBe(1)
    expect(link.status.lagMs).toBeGreaterThan(4900)
    expect(link.status.lagMs).toBeLessThan(5500)
    const clock = { type: 'clock', time: Date.now() + skewMs, matched: 1, sent: 1, dropped: { queue: 0, rate: 0 } }
    fake.sockets[0]?.send(JSON.stringify(clock))
    fake.sockets[0]?.send(JSON.stringify({ ...clock, positions: [] }))
    await expect.poll(() => link.status.lagMs).toBeLessThan(500)
  })
})
