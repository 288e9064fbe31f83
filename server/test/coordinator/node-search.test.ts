import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { NodeSearchAnswer } from '../../src/coordinator/node-search.ts'
import type { StoreEngine } from '../../src/store/engine.ts'
import { TestAuthority } from '../certificates.ts'
import { Blocks, packetOf, sipText, START_US } from '../store/blocks.ts'
import { engineAt, newDataDir } from '../store/data-dir.ts'
import { coordinatorOf, found, linesOf, serve, startStoreNode, storeOf } from './store-node.ts'

/** A place that nobody listens at. */
const NOBODY = 'ws://127.0.0.1:1'
let east: StoreEngine
let west: StoreEngine

/** A store with INVITEs, a millisecond apart, from `startMs` behind the beginning on. */
async function storeWith(node: string, count: number, startMs: number, epoch = 1000): Promise<StoreEngine> {
  const engine = await engineAt(newDataDir())
  engine.append(new Blocks(node, epoch).invites(count, node, START_US + startMs * 1000))
  await engine.flush()
  return engine
}

describe('a search over several nodes', () => {
  beforeEach(async () => {
    // Their times interleave: east has 0 to 9 ms, west 5 to 14.
    east = await storeWith('east', 10, 0)
    west = await storeWith('west', 10, 5)
  })

  async function both(own?: StoreEngine) {
    const nodes = [
      { name: 'east', url: await startStoreNode('east', east) },
      { name: 'west', url: await startStoreNode('west', west) },
    ]
    return coordinatorOf(nodes, own)
  }

  it('finds the rows of all, newest first, and says how each node fared', async () => {
    const own = await storeWith('center', 3, 100)
    const { items, keys, meta } = await found(await both(own), 'search', { param: { limit: 100 } })
    const times = items.map(({ ts_us }) => Number(ts_us))
    expect(times).toEqual([...times].sort((a, b) => b - a))
    expect(items.map(({ node }) => node).filter((node, i, all) => all.indexOf(node) === i)).toEqual([
      'center',
      'west',
      'east',
    ])
    expect(items.length).toBe(23)
    expect(keys).toEqual(expect.arrayContaining(['ts_us', 'node', 'epoch', 'seq', 'payload']))
    expect(meta).toMatchObject({ total: 23, has_more: false, pagination: { limit: 100, total: 23, has_more: false } })
    expect(meta.nodes).toEqual([
      { name: 'center', state: 'ok', rows: 3, local: true },
      { name: 'east', state: 'ok', rows: 10 },
      { name: 'west', state: 'ok', rows: 10 },
    ])
  })

  it('has the same answer each time, also where rows are of one time', async () => {
    const twin = await storeWith('twin', 10, 0)
    const stored = coordinatorOf(
      [
        { name: 'twin', url: await startStoreNode('twin', twin) },
        { name: 'east', url: await startStoreNode('east', east) },
      ],
      undefined,
    )
    const first = (await found(stored, 'search', { param: { limit: 15 } })).items
    expect(first.slice(0, 4).map(({ node }) => node)).toEqual(['twin', 'east', 'twin', 'east'])
    for (let i = 0; i < 5; i++) expect((await found(stored, 'search', { param: { limit: 15 } })).items).toEqual(first)
  })

  it.each([
    { limit: 19, count: 19, hasMore: true },
    { limit: 20, count: 20, hasMore: false },
    { limit: 1, count: 1, hasMore: true },
    { limit: 500, count: 20, hasMore: false },
  ])('gives $count of 20 rows where $limit are asked for, has_more $hasMore', async ({ limit, count, hasMore }) => {
    const { items, meta } = await found(await both(), 'search', { param: { limit } })
    const all = (await found(await both(), 'search', { param: { limit: 500 } })).items
    expect(items).toEqual(all.slice(0, count))
    expect([meta.has_more, meta.total]).toEqual([hasMore, count])
    expect(meta.nodes.reduce((sum, { rows }) => sum + rows, 0)).toBe(count)
  })

  it('brings the messages of a call together, oldest first', async () => {
    const message = (startLine: string, ms: number, cseq = '1 INVITE') =>
      packetOf(sipText({ callId: 'shared', startLine, cseq }), { tsUs: START_US + ms * 1000 })
    east.append(new Blocks('east', 2000).of(message('INVITE sip:b@x SIP/2.0', 1), message('SIP/2.0 200 OK', 3)))
    west.append(
      new Blocks('west', 2000).of(message('SIP/2.0 180 Ringing', 2), message('ACK sip:b@x SIP/2.0', 4, '1 ACK')),
    )
    await Promise.all([east.flush(), west.flush()])
    const { items } = await found(await both(), 'messages', { session_id: 'shared' })
    expect(items.map(({ node, method, response_code }) => [node, method || response_code])).toEqual([
      ['east', 'INVITE'],
      ['west', '180'],
      ['east', '200'],
      ['west', 'ACK'],
    ])
  })

  it('hands rows over as they come', async () => {
    const pages: string[] = []
    const answer = await (await both()).rows?.search({}, { onRows: (lines) => pages.push(lines.toString()) })
    expect(pages.join('').trim().split('\n').length).toBe(20)
    expect(answer?.ok).toBe(true)
    const end = JSON.parse(answer?.ok === true ? answer.json.toString() : '') as Record<string, unknown>
    expect(Object.keys(end)).toEqual(['keys', 'meta'])
  })

  it('has a row once where a node is this server itself', async () => {
    const url = await startStoreNode('center', east)
    const stored = coordinatorOf([{ name: 'mirror', url }], east)
    const { items, meta } = await found(stored, 'search', { param: { limit: 7 } })
    expect(items.map(({ node }) => node)).toEqual(Array.from({ length: 7 }, () => 'east'))
    expect(meta.has_more).toBe(true)
    const whole = await found(stored, 'search', { param: { limit: 10 } })
    expect([whole.items.length, whole.meta.has_more]).toEqual([10, false])
    expect(whole.meta.nodes.map(({ rows }) => rows)).toEqual([10, 0])
  })

  it('says once what is wrong with a question, without asking anybody', async () => {
    let askedCount = 0
    const url = await serve((_, response) => {
      askedCount++
      response.end()
    })
    const answer = await coordinatorOf([{ name: 'a', url }], east).rows?.search({ q: 'code:nonsense' })
    expect(answer).toMatchObject({ ok: false, kind: 'invalid', fields: [{ field: 'q', at: 5 }] })
    expect(askedCount).toBe(0)
  })

  it('calls nodes as the configuration does, in rows and in filters', async () => {
    const stored = coordinatorOf([
      { name: 'first', url: await startStoreNode('east', east) },
      { name: 'second', url: await startStoreNode('west', west) },
    ])
    const nodesOf = async (body: object): Promise<unknown[]> => {
      const { items } = await found(stored, 'search', { param: { limit: 100 }, ...body })
      return [...new Set(items.map(({ node }) => node))].sort()
    }
    expect(await nodesOf({})).toEqual(['first', 'second'])
    expect(await nodesOf({ filter: { node: 'first' } })).toEqual(['first'])
    expect(await nodesOf({ q: 'node:sec' })).toEqual(['second'])
    expect(await nodesOf({ q: 'not node=second' })).toEqual(['first'])
    expect(await nodesOf({ q: 'method:INVITE (node:first or callid:west)' })).toEqual(['first', 'second'])
    expect(await nodesOf({ q: 'node=third' })).toEqual([])
    expect(await nodesOf({ q: 'node:f*' })).toEqual(['first'])
    const answer = await stored.rows?.search({ filter: { node: 'fir%' } })
    const fault = { field: 'filter.node', message: '% cannot stand for names of nodes here; use q, such as node:edge*' }
    expect(answer).toMatchObject({ ok: false, kind: 'invalid', fields: [fault] })
  })

  it('calls nodes so in rows of calls too, and in questions for them', async () => {
    const stored = coordinatorOf([
      { name: 'first', url: await startStoreNode('east', east) },
      { name: 'second', url: await startStoreNode('west', west) },
    ])
    const namesOf = async (body: object): Promise<unknown[]> => {
      const { items } = await found(stored, 'calls', { param: { limit: 100 }, ...body })
      return [...new Set(items.map(({ node, nodes }) => JSON.stringify([node, nodes])))].sort()
    }
    const [first, second] = ['["first",["first"]]', '["second",["second"]]']
    expect(await namesOf({})).toEqual([first, second])
    expect(await namesOf({ filter: { node: 'second' } })).toEqual([second])
    expect(await namesOf({ q: 'kind:call node=first' })).toEqual([first])
    expect(await namesOf({ q: 'not (is:failed or node:sec*)' })).toEqual([first])
    expect(await namesOf({ q: 'state:setup node:east' })).toEqual([])
  })

  it('finds the row of one event by node, epoch and seq', async () => {
    const stored = coordinatorOf([
      { name: 'first', url: await startStoreNode('east', east) },
      { name: 'second', url: await startStoreNode('west', west) },
    ])
    const { items } = await found(stored, 'search', { q: 'node=second epoch=1000 seq=7' })
    expect(items).toMatchObject([{ node: 'second', epoch: 1000, seq: 7 }])
  })
})

describe('payloads of other nodes', () => {
  beforeEach(async () => {
    east = await storeWith('east', 3, 0)
  })

  it.each([
    { name: 'come with the token', more: {}, allowPayload: true, withheld: undefined },
    { name: 'stay without it', more: { token: undefined }, allowPayload: true, withheld: 'node.token' },
    { name: 'stay where the node gives none', more: {}, allowPayload: false, withheld: 'node.allow_payload' },
  ])('$name', async ({ more, allowPayload, withheld }) => {
    const url = await startStoreNode('east', east, { allowPayload })
    const stored = coordinatorOf([{ name: 'east', url, ...more }])
    const { items, meta } = await found(stored, 'search', {})
    expect(items.length).toBe(3)
    expect(items.every((row) => 'payload' in row)).toBe(withheld === undefined)
    expect(meta.nodes).toEqual([
      { name: 'east', state: 'ok', rows: 3, ...(withheld !== undefined && { payload_withheld: withheld }) },
    ])
    const without = await found(stored, 'search', { with_payload: false })
    expect(without.items.some((row) => 'payload' in row)).toBe(false)
    expect(without.meta.nodes).toEqual([{ name: 'east', state: 'ok', rows: 3 }])
  })

  it.each([{}, { with_payload: false }])('cannot be searched without the right to have them: %o', async (more) => {
    const url = await startStoreNode('east', east)
    const own = await storeWith('center', 1, 0)
    const stored = coordinatorOf([{ name: 'east', url, token: undefined }], own)
    const { items, meta } = await found(stored, 'search', { filter: { payload: 'INVITE' }, ...more })
    expect(items.map(({ node }) => node)).toEqual(['center'])
    expect(meta.nodes[1]).toMatchObject({ state: 'failed', reason: expect.stringContaining('403 Forbidden') as string })
  })
})

describe('a node that does not answer as it should', () => {
  const END = linesOf('bad', []).end

  beforeEach(async () => {
    east = await storeWith('east', 5, 0)
  })

  /** East, and a node of which the test says what it does. */
  async function withBad(url: string, more: object = {}, timeoutMs = 300) {
    const nodes = [
      { name: 'east', url: await startStoreNode('east', east) },
      { name: 'bad', url, ...more },
    ]
    return coordinatorOf(nodes, undefined, { search_timeout_ms: timeoutMs, hep_stream: { fan_out_timeout_ms: 300 } })
  }

  const answering = (write: (response: ServerResponse) => void, type = 'application/x-ndjson') =>
    serve((_, response) => {
      response.setHeader('content-type', type)
      write(response)
    })
  const sending = (lines: readonly string[]) => answering((response) => response.end(`${lines.join('\n')}\n`))

  it.each([
    { name: 'is not there', url: async () => NOBODY, state: 'failed', reason: /ECONNREFUSED/ },
    {
      name: 'wants another token',
      url: () => startStoreNode('bad', east, { token: 'right' }),
      more: { token: 'wrong' },
      state: 'failed',
      reason: /^401 Unauthorized: The token of this node is needed/,
    },
    {
      name: 'keeps nothing',
      url: () => startStoreNode('bad', undefined),
      state: 'failed',
      reason: /^404 .*storage\.enable/,
      isByDesign: true,
    },
    { name: 'says nothing', url: () => serve(() => {}), state: 'timeout', reason: /^it took longer than 300 ms$/ },
    {
      name: 'sends some rows and then nothing',
      url: () => answering((response) => void response.write(`${linesOf('bad', [START_US]).rows[0]}\n`)),
      state: 'partial',
      reason: /longer than 300 ms/,
      rows: 1,
    },
    {
      name: 'dies amid its rows',
      url: () =>
        answering((response) => {
          response.write(`${linesOf('bad', [START_US + 1, START_US]).rows.join('\n')}\n`, () => response.destroy())
        }),
      state: 'partial',
      reason: /^its answer was cut off/,
      rows: 2,
    },
    {
      name: 'ends without an end',
      url: () => sending(linesOf('bad', [START_US]).rows),
      state: 'partial',
      reason: /^its answer was cut off$/,
      rows: 1,
    },
    {
      name: 'gives up',
      url: () => sending([...linesOf('bad', [START_US]).rows, '{"error":{"detail":"The store is closing"}}']),
      state: 'partial',
      reason: /^The store is closing$/,
      rows: 1,
    },
    {
      name: 'is of Homer, or older',
      url: () =>
        serve((_, response) => {
          response.statusCode = 404
          response.end('404 page not found')
        }),
      state: 'failed',
      reason: /^404: a node without stored rows/,
      isByDesign: true,
    },
    {
      name: 'is a web page',
      url: () => answering((response) => response.end('<html>'), 'text/html'),
      state: 'failed',
      reason: /text\/html/,
    },
    { name: 'sends no JSON', url: () => sending(['<html>']), state: 'failed', reason: /a line that is no row/ },
    { name: 'sends other JSON', url: () => sending(['{"row":1}', END]), state: 'failed', reason: /that is no row/ },
    { name: 'sends an empty line', url: () => sending(['', END]), state: 'failed', reason: /a line that is no row/ },
    {
      name: 'has lost a row on the way',
      url: () => sending([...linesOf('bad', [START_US]).rows, linesOf('bad', [], { total: 2 }).end]),
      state: 'partial',
      reason: /^it sent 1 rows and speaks of 2$/,
      rows: 1,
    },
    { name: 'sends a list', url: () => sending(['[]', END]), state: 'failed', reason: /a line that is no row/ },
    {
      name: 'has no order',
      url: () => sending([...linesOf('bad', [START_US, START_US + 1]).rows, END]),
      state: 'partial',
      reason: /not in order/,
      rows: 1,
    },
    {
      name: 'sends a line without an end',
      url: () => answering((response) => response.end(`{"${'x'.repeat(5 * 1024 * 1024)}`)),
      state: 'failed',
      reason: /a line without an end/,
      timeoutMs: 5000,
    },
  ])('is named: one that $name', async ({ url, more, state, reason, rows = 0, timeoutMs, isByDesign }) => {
    const stored = await withBad(await url(), more, timeoutMs)
    const { items, meta } = await found(stored, 'search', {})
    expect(meta.nodes).toEqual([
      { name: 'east', state: 'ok', rows: 5 },
      { name: 'bad', state, rows, reason: expect.stringMatching(reason) as string },
    ])
    expect(items.filter(({ node }) => node === 'east').length).toBe(5)
    expect(items.length).toBe(5 + rows)
    const times = items.map(({ ts_us }) => Number(ts_us))
    expect(times).toEqual([...times].sort((a, b) => b - a))
    expect(stored.nodes?.counts.outcomes).toMatchObject({ east: { ok: 1 }, bad: { ok: 0, [state]: 1 } })
    const failure = { name: 'bad', reason: expect.stringMatching(reason) as string }
    expect(stored.nodes?.counts.failures).toEqual(isByDesign === true ? [] : [failure])
  })

  it('is given up where no connection comes about', async () => {
    const sockets: Socket[] = []
    const silent = createTcpServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
      silent.close()
    })
    const url = `wss://127.0.0.1:${(silent.address() as AddressInfo).port}`
    const { meta } = await found(await withBad(url, {}, 5000), 'search', {})
    expect(meta.nodes[1]).toMatchObject({ state: 'failed', reason: 'no connection within 300 ms' })
  })

  it('gets no further than what was asked for', async () => {
    const { rows, end } = linesOf(
      'bad',
      Array.from({ length: 51 }, (_, i) => START_US + 1_000_000 - i),
    )
    const { items, meta } = await found(await withBad(await sending([...rows, end])), 'search', {})
    expect([items.length, meta.has_more]).toEqual([50, true])
    expect(meta.nodes[1]).toMatchObject({ state: 'partial', rows: 50, reason: 'it sent more rows than were asked for' })
  })

  it('leaves no answer at all only if it is the only one', async () => {
    const answer = await coordinatorOf([{ name: 'bad', url: NOBODY }]).rows?.search({})
    expect(answer).toMatchObject({ ok: false, kind: 'unavailable' })
    expect(answer?.ok === false ? answer.message : '').toMatch(/^No node answered: bad: .*ECONNREFUSED/)
  })

  it('is no reason to speak of failure for ever', async () => {
    let isUp = false
    const url = await serve((_, response) => {
      if (!isUp) response.destroy()
      else response.setHeader('content-type', 'application/x-ndjson').end(`${END}\n`)
    })
    const stored = await withBad(url)
    await found(stored, 'search', {})
    expect(stored.nodes?.counts.failures.map(({ name }) => name)).toEqual(['bad'])
    isUp = true
    await found(stored, 'search', {})
    expect(stored.nodes?.counts.failures).toEqual([])
  })

  it('can say what it cannot find yet', async () => {
    const busy = linesOf('bad', [START_US], { incomplete: { reason: 'replay', pending_bytes: 70 } })
    const { meta } = await found(await withBad(await sending([...busy.rows, busy.end])), 'search', {})
    const incomplete = { reason: 'replay', pending_bytes: 70 }
    expect(meta.nodes[1]).toEqual({ name: 'bad', state: 'ok', rows: 1, incomplete })
    expect(meta.incomplete).toEqual(incomplete)
    // Also where its rows are not wanted any more.
    const limited = await found(await withBad(await sending([...busy.rows, busy.end])), 'search', {
      param: { limit: 1 },
    })
    expect(limited.meta.nodes[1]).toEqual({ name: 'bad', state: 'ok', rows: 0, incomplete })
  })
})

describe('a question that nobody waits for any more', () => {
  it('ends at the nodes too', async () => {
    const ended: string[] = []
    let startedCount = 0
    const waiting = (name: string) =>
      storeOf(({ signal }) => {
        startedCount++
        return new Promise<NodeSearchAnswer>((resolve) => {
          signal?.addEventListener('abort', () => {
            ended.push(name)
            resolve({ ok: false, kind: 'unavailable', message: 'The search was given up' })
          })
        })
      })
    const stored = coordinatorOf(
      [
        { name: 'a', url: await startStoreNode('a', waiting('a')) },
        { name: 'b', url: await startStoreNode('b', waiting('b')) },
      ],
      waiting('center'),
    )
    const leaving = new AbortController()
    const answer = stored.rows?.search({}, { signal: leaving.signal })
    await expect.poll(() => startedCount).toBe(3)
    leaving.abort()
    expect(await answer).toEqual({ ok: false, kind: 'unavailable', message: 'The search was given up' })
    await expect.poll(() => [...ended].sort()).toEqual(['a', 'b', 'center'])
    expect(stored.nodes?.counts.outcomes).toMatchObject({ a: { cancelled: 1, failed: 0 }, center: { cancelled: 1 } })
  })
})

describe('a coordinator that reads a lake', () => {
  it('asks nodes for what is in no lake, and reads the lake when they have answered', async () => {
    const asked: string[] = []
    const { end } = linesOf('east', [])
    const node = await serve((request, response) => {
      let body = ''
      request.on('data', (piece: Buffer) => (body += piece.toString()))
      request.on('end', () => {
        setTimeout(() => {
          asked.push(`node ${body}`)
          response.setHeader('content-type', 'application/x-ndjson').end(`${end}\n`)
        }, 100)
      })
    })
    const own = storeOf(async () => {
      asked.push('own store')
      return { ok: true, json: Buffer.from(end) }
    })
    const lake = { lake: { catalog: '/lake/catalog.ducklake', data_path: '/lake/data' } }
    const { meta } = await found(coordinatorOf([{ name: 'east', url: node }], own, {}, lake), 'search', { q: 'bob' })
    expect(asked).toEqual(['node {"q":"bob","without_lake":true}', 'own store'])
    expect(meta.nodes.map(({ state }) => state)).toEqual(['ok', 'ok'])
    asked.length = 0
    await found(coordinatorOf([{ name: 'east', url: node }], own), 'search', { q: 'bob' })
    expect(asked).toEqual(['own store', 'node {"q":"bob"}'])
  })
})

describe('nodes that speak TLS', () => {
  it('are trusted by their certificate', async () => {
    east = await storeWith('east', 2, 0)
    const directory = mkdtempSync(join(tmpdir(), 'hepscope-ca-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const authority = new TestAuthority()
    const ca = join(directory, 'ca.pem')
    writeFileSync(ca, authority.cert)
    const url = await startStoreNode('east', east, { tls: authority.issue('east', ['127.0.0.1', 'localhost']) })
    const stored = coordinatorOf([
      { name: 'known', url, ca },
      { name: 'unknown', url: url.replace('127.0.0.1', 'localhost') },
    ])
    const { meta } = await found(stored, 'search', {})
    expect(meta.nodes).toMatchObject([
      { name: 'known', state: 'ok', rows: 2 },
      { name: 'unknown', state: 'failed', reason: expect.stringMatching(/certificate/) as string },
    ])
  })
})
