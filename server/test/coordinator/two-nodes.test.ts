import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { TestAuthority } from '../certificates.ts'
import { CuttingProxy } from '../cutting-proxy.ts'
import { ask, bearer, login, openServer, openSocket } from '../http/test-server.ts'
import { FakeNode } from './fake-node.ts'
import { compare } from './ledger.ts'
import { feed, metricsOf, startCoordinator, startNode, untilOpen, viewApp, viewNode } from './servers.ts'

const all = () => true

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function heapBytes(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

describe('a coordinator of two nodes', () => {
  it('gives every viewer every event of every node once', async () => {
    const [east, west] = [await startNode('east'), await startNode('west')]
    const center = await startCoordinator([
      { name: 'east', url: east.nodeUrl },
      { name: 'west', url: west.nodeUrl },
    ])
    const token = await login(center.url)
    const truth = viewNode(east)
    const more = viewNode(west)
    const own = viewNode(center)
    const viewers = {
      json: { viewer: viewApp(center, token), passes: all },
      block: { viewer: viewApp(center, token, 'format=block'), passes: all },
      invites: {
        viewer: viewApp(center, token, 'method=INVITE'),
        passes: (_: string, text: string) => text.startsWith('INVITE'),
      },
      west: { viewer: viewApp(center, token, 'node=west'), passes: (node: string) => node === 'west' },
      center: { viewer: viewApp(center, token, 'node=center'), passes: (node: string) => node === 'center' },
    }
    await untilOpen(truth, more, own, ...Object.values(viewers).map(({ viewer }) => viewer))
    const feeds = [feed(east, 'e', 500), feed(west, 'w', 500), feed(center, 'c', 500)]
    await expect
      .poll(() => feeds.map(({ sentCount }) => sentCount > 300), { timeout: 5000 })
      .toEqual([true, true, true])
    for (const one of feeds) await one.stop()
    const sent = feeds.map(({ sentCount }) => sentCount)
    const { json } = viewers
    const arrived = () => ['east', 'west', 'center'].map((node) => json.viewer.ledger.lastSeq(node))
    await expect.poll(arrived, { timeout: 5000 }).toEqual(sent)
    await expect.poll(() => viewers.block.viewer.ledger.eventCount).toBe(json.viewer.ledger.eventCount)
    for (const [name, { viewer, passes }] of Object.entries(viewers)) {
      for (const node of [truth, more, own]) {
        const nodes = new Set(node.ledger.epochs.map((epoch) => epoch.node))
        const verdict = compare(viewer.ledger, node.ledger, (at, text) => passes(at, text))
        expect([name, [...nodes], verdict.faults, verdict.inGaps]).toEqual([name, [...nodes], [], 0])
      }
    }
  })

  it('has one connection to each node, and a thousand viewers that come and go leave nothing behind', async () => {
    const east = await startNode('east')
    const proxy = await CuttingProxy.open({ host: '127.0.0.1', port: east.server.nodePort })
    const center = await startCoordinator([{ name: 'east', url: `ws://127.0.0.1:${proxy.port}` }])
    const token = await login(center.url)
    const url = `${center.url}/api/v4/stream/hep?method=NEVER&access_token=${token}`
    const cycle = async (): Promise<void> => {
      const socket = await openSocket(url)
      if (typeof socket === 'number') throw new Error(`refused with ${socket}`)
      socket.close()
      await new Promise((resolve) => socket.once('close', resolve))
    }
    const cycles = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i += 20) await Promise.all(Array.from({ length: 20 }, cycle))
    }
    // What is compiled and cached with the first ones stays.
    await cycles(500)
    const before = heapBytes()
    await cycles(1000)
    const grownBytes = heapBytes() - before
    // A thousand bytes a viewer would be a leak; servers and viewers are in this process.
    expect(grownBytes).toBeLessThan(1_000_000)
    await expect.poll(() => metricsOf(center)).toMatch(/^hepscope_stream_subscribers 0$/m)
    expect(await metricsOf(east)).toMatch(/^hepscope_stream_subscribers 1$/m)
    expect([proxy.connectionCount, proxy.openCount]).toEqual([1, 1])
    await center.close()
    await expect.poll(() => metricsOf(east)).toMatch(/^hepscope_stream_subscribers 0$/m)
    await proxy.close()
  }, 60_000)

  it('names a node that is down in its health, its metrics and its status', async () => {
    const east = await startNode('east')
    const proxy = await CuttingProxy.open({ host: '127.0.0.1', port: east.server.nodePort })
    const center = await startCoordinator([{ name: 'east', url: `ws://127.0.0.1:${proxy.port}` }])
    const token = await login(center.url)
    const health = async () => (await ask(center.url, 'get', '/health')).body
    await expect.poll(() => metricsOf(center)).toMatch(/^hepscope_node_up\{node="east"\} 1$/m)
    expect(await health()).toMatchObject({ status: 'ok', problems: [] })
    proxy.cut('reset')
    await expect.poll(() => metricsOf(center)).toMatch(/^hepscope_node_up\{node="east"\} 0$/m)
    expect(await health()).toMatchObject({
      status: 'degraded',
      problems: [expect.stringMatching(/^node east is down: ./) as string],
    })
    const { data } = await ask(center.url, 'get', '/api/v4/stream/status', bearer(token))
    expect(data).toMatchObject({
      nodes: [
        { node: 'center', state: 'connected' },
        { node: 'east', state: 'down' },
      ],
    })
    await proxy.close()
  })

  it('sees a node that is started again as a new epoch, and tells its viewers', async () => {
    const east = await startNode('east')
    const center = await startCoordinator([{ name: 'east', url: east.nodeUrl }])
    const viewer = viewApp(center, await login(center.url))
    await untilOpen(viewer)
    const before = feed(east, 'a')
    await expect.poll(() => viewer.ledger.eventCount).toBeGreaterThan(20)
    await before.stop()
    await east.close()
    const anew = await startNode('east', { port: east.server.nodePort })
    const after = feed(anew, 'b')
    await expect.poll(() => viewer.ledger.epochs.length, { timeout: 8000 }).toBe(2)
    await after.stop()
    const [first, second] = viewer.ledger.epochs
    expect(first?.gaps).toMatchObject([{ cause: 'restart', epoch: first?.epoch, from: before.sentCount + 1 }])
    expect(second?.epoch).toBeGreaterThan(first?.epoch ?? Infinity)
    expect(second?.gaps).toEqual([])
    expect([...(second?.events.keys() ?? [])][0]).toBe(1)
    expect(viewer.statuses.map(({ node, state }) => `${node} ${state}`)).toContain('east down')
  })

  it('gives a viewer that comes back after a restart of the coordinator only what it has not seen', async () => {
    const east = await startNode('east')
    const truth = viewNode(east)
    const proxy = await CuttingProxy.open({ host: '127.0.0.1', port: east.server.nodePort })
    const nodes = [{ name: 'east', url: `ws://127.0.0.1:${proxy.port}` }]
    const center = await startCoordinator(nodes)
    const port = center.server.appPort
    const viewer = viewApp(center, await login(center.url))
    await untilOpen(truth, viewer)
    const sender = feed(east, 'r')
    await expect.poll(() => viewer.ledger.eventCount).toBeGreaterThan(50)
    await center.close()
    const before = viewer.ledger.eventCount
    await expect.poll(() => sender.sentCount).toBeGreaterThan(before + 50)
    // The viewer is back before the node's events are.
    proxy.cut('silence')
    await startCoordinator(nodes, { listen: `127.0.0.1:${port}` }, center.dataDir)
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(viewer.isOpen).toBe(false)
    proxy.mend()
    await expect.poll(() => viewer.ledger.eventCount, { timeout: 8000 }).toBeGreaterThan(before + 60)
    await sender.stop()
    await expect.poll(() => viewer.ledger.lastSeq('east')).toBe(sender.sentCount)
    expect(compare(viewer.ledger, truth.ledger, all)).toMatchObject({ faults: [], inGaps: 0, gaps: 0 })
    await proxy.close()
  })

  it('needs no stream of its own', async () => {
    const east = await startNode('east')
    const center = await openServer(
      { nodes: [{ name: 'east', url: east.nodeUrl }] },
      { ingest: { listeners: ['hep_tcp:127.0.0.1:0'], hep_stream: { enable: false } } },
    )
    onTestFinished(center.close)
    const viewer = viewApp(center, await login(center.url))
    await untilOpen(viewer)
    feed(east, 'e')
    await expect.poll(() => viewer.ledger.eventCount).toBeGreaterThan(3)
    expect(await openSocket(`${center.nodeUrl}/stream`)).toBe(503)
    expect([...new Set(viewer.statuses.map(({ node }) => node))]).toEqual(['east'])
  })
})

describe('payloads across nodes', () => {
  it.each<[string, { node?: object; entry?: object; stream?: object; user?: 'carol'; query?: string }, boolean]>([
    ['are given if all say yes', {}, true],
    ['are not given if the viewer does not ask', { query: '' }, false],
    ['are not given to a user that is no admin', { user: 'carol' }, false],
    ['are not given if the coordinator forbids them', { stream: { allow_payload: false } }, false],
    ['are not given if the node forbids them', { node: { allow_payload: false } }, false],
    ['are not given without the token of the node, be it on the same machine', { entry: { token: undefined } }, false],
    ['are not given by a node that has no token', { node: { token: '' } }, false],
  ])('%s', async (_, { node = {}, entry = {}, stream = {}, user, query = 'include_payload=1' }, isGiven) => {
    const east = await startNode('east', { node: { token: 'secret', allow_payload: true, ...node } })
    const center = await startCoordinator([{ name: 'east', url: east.nodeUrl, token: 'secret', ...entry }], {
      hep_stream: { allow_payload: true, ...stream },
    })
    const admin = await login(center.url)
    await ask(center.url, 'post', '/api/v4/users', bearer(admin), { username: 'carol', password: 'correct horse' })
    const token = user === undefined ? admin : await login(center.url, user, 'correct horse')
    const socket = await openSocket(`${center.url}/api/v4/stream/hep?access_token=${token}&${query}`)
    if (typeof socket === 'number') throw new Error(`refused with ${socket}`)
    const frames: { payload?: string }[] = []
    socket.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString()) as object))
    feed(east, 'p')
    await expect.poll(() => frames.length).toBeGreaterThan(3)
    socket.terminate()
    expect(frames.map(({ payload }) => payload?.includes('Call-ID: p-') ?? false)).toEqual(frames.map(() => isGiven))
  })

  it('are not given by a node to who only asks', async () => {
    const east = await startNode('east', { node: { token: 'secret', allow_payload: true } })
    const frames: object[] = []
    for (const query of ['include_payload=1', 'include_payload=1&access_token=secret']) {
      const socket = await openSocket(`${east.nodeUrl}/stream?${query}`)
      if (typeof socket === 'number') throw new Error(`refused with ${socket}`)
      socket.once('message', (data: Buffer) => {
        frames.push(JSON.parse(data.toString()) as object)
        socket.terminate()
      })
    }
    feed(east, 'p')
    await expect.poll(() => frames.map((frame) => 'payload' in frame).sort()).toEqual([false, true])
  })
})

describe('a node with TLS', () => {
  const authority = new TestAuthority()
  const folder = mkdtempSync(join(tmpdir(), 'hepscope-node-tls-'))
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const ca = file('ca.pem', authority.cert)
  const { cert, key } = authority.issue('node', ['127.0.0.1'])
  const tls = { cert: file('cert.pem', cert), key: file('key.pem', key) }

  it('is listened to by who trusts its authority', async () => {
    const east = await startNode('east', { node: { tls } })
    const url = `wss://127.0.0.1:${east.server.nodePort}`
    const stranger = file('other.pem', new TestAuthority('another').cert)
    const [trusting, doubting] = [
      await startCoordinator([{ name: 'east', url, ca }]),
      await startCoordinator([{ name: 'east', url, ca: stranger }]),
    ]
    const viewer = viewApp(trusting, await login(trusting.url))
    await untilOpen(viewer)
    feed(east, 't')
    await expect.poll(() => viewer.ledger.eventCount).toBeGreaterThan(3)
    const problems = async () => (await ask(doubting.url, 'get', '/health')).body
    await expect.poll(problems).toMatchObject({
      problems: [expect.stringMatching(/^node east is down: .*certificate/) as string],
    })
  })

  it('does not start without its files', async () => {
    await expect(startNode('east', { node: { tls: { ...tls, key: '/nonexistent.pem' } } })).rejects.toThrow(
      'node.tls.key: ENOENT',
    )
    await expect(
      startCoordinator([{ name: 'east', url: 'wss://127.0.0.1:1', ca: '/nonexistent.pem' }]),
    ).rejects.toThrow('coordinator.nodes.0.ca: ENOENT')
  })
})

describe('with the original', () => {
  it('takes the frames of an original node beside those of ours', async () => {
    const original = await FakeNode.start((socket) => {
      const sip = { method: 'BYE', callid: 'old', cseq: '2 BYE', from_user: 'alice' }
      for (let i = 0; i < 3; i++) socket.send(JSON.stringify({ ts: Date.now(), proto: 1, node_id: 7, sip }))
    })
    const east = await startNode('east')
    const center = await startCoordinator([
      { name: 'old', url: original.url.href },
      { name: 'east', url: east.nodeUrl },
    ])
    const viewer = viewApp(center, await login(center.url))
    feed(east, 'e')
    await expect.poll(() => viewer.ledger.lastSeq('old')).toBe(3)
    await expect.poll(() => viewer.ledger.lastSeq('east')).toBeGreaterThan(3)
    const old = viewer.ledger.epochs.find(({ node }) => node === 'old')
    expect([...(old?.events.values() ?? [])].map(({ text }) => text)).toEqual(['BYE old', 'BYE old', 'BYE old'])
    await original.stop()
  })

  it('serves an original coordinator, which has no token and reads plain JSON', async () => {
    const east = await startNode('east', { node: { token: 'secret' } })
    // The query that it sends, and no header of its own.
    const socket = new WebSocket(
      `${east.nodeUrl.replace('http', 'ws')}/stream?history=5&include_payload=1&method=INVITE&proto=1`,
    )
    const frames: Record<string, unknown>[] = []
    socket.on('message', (data: Buffer, isBinary) => {
      expect(isBinary).toBe(false)
      frames.push(JSON.parse(data.toString()) as Record<string, unknown>)
    })
    await new Promise((resolve) => socket.once('open', resolve))
    feed(east, 'o')
    await expect.poll(() => frames.length).toBeGreaterThan(2)
    socket.terminate()
    for (const frame of frames) {
      expect(Object.keys(frame).sort()).toEqual([
        'dst_ip',
        'dst_port',
        'node_id',
        'proto',
        'sip',
        'src_ip',
        'src_port',
        'ts',
      ])
    }
    const strict = await startNode('west', { node: { token: 'secret', loopback_exempt: false } })
    expect(await openSocket(`${strict.nodeUrl}/stream`)).toBe(401)
  })
})
