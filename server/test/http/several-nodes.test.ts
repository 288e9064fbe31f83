import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { exportCommand } from '../../src/cli/export.ts'
import { searchCommand } from '../../src/cli/search.ts'
import { createApp } from '../../src/http/app.ts'
import type { AppMiddleware } from '../../src/http/context.ts'
import { callReportRoutes } from '../../src/http/routes/call-reports.ts'
import { exportRoutes } from '../../src/http/routes/exports.ts'
import { queryRoutes } from '../../src/http/routes/query.ts'
import { searchRoutes } from '../../src/http/routes/search.ts'
import { callsBody } from '../../src/store/calls/call-request.ts'
import { messagesBody, searchBody } from '../../src/store/search-request.ts'
import { sqlBody } from '../../src/store/sql-request.ts'
import type { StoreEngine } from '../../src/store/engine.ts'
import { coordinatorOf, serve, startStoreNode } from '../coordinator/store-node.ts'
import { Blocks, packetOf, sipText, START_US } from '../store/blocks.ts'
import { engineAt, newDataDir } from '../store/data-dir.ts'
import { ask } from './test-server.ts'

type Tree = Readonly<Record<string, unknown>>

/** A node whose port nobody listens at. */
const DEAD = { name: 'düsseldorf, old', url: 'ws://127.0.0.1:1' }
const DEAD_REPORT = {
  name: DEAD.name,
  state: 'failed',
  rows: 0,
  reason: expect.stringContaining('ECONNREFUSED') as string,
}
const EAST_REPORT = { name: 'east', state: 'ok' }
let east: StoreEngine

beforeEach(async () => {
  east = await engineAt(newDataDir())
  const message = (startLine: string, ms: number) =>
    packetOf(sipText({ callId: 'c1', startLine }), { tsUs: START_US + ms * 1000 })
  const rtcp = packetOf('{"ssrc":1}', { protocolType: 5, correlationId: 'c1', tsUs: START_US + 3000 })
  east.append(new Blocks('east').of(message('INVITE sip:b@x SIP/2.0', 0), message('SIP/2.0 200 OK', 1), rtcp))
  await east.flush()
})

/** The app of a coordinator that stores nothing itself. */
async function app(nodes: readonly Tree[], own?: StoreEngine): Promise<string> {
  const login: AppMiddleware = async (ctx, next) => {
    ctx.state.session = { kind: 'login', username: 'carol', admin: true, jti: 'a', expiresAt: undefined }
    await next()
  }
  const { rows } = coordinatorOf(nodes, own)
  const log = pino({ level: 'silent' })
  const names = nodes.map(({ name }) => String(name))
  const handle = createApp(log, [
    searchRoutes(login, rows, { search: searchBody, messages: messagesBody, calls: callsBody }, () => true),
    exportRoutes(login, rows, messagesBody, () => true),
    callReportRoutes(login, rows, messagesBody, () => true),
    queryRoutes(login, own, names, sqlBody, () => true, log),
  ]).callback()
  return serve((request, response) => void handle(request, response))
}

async function eastAndDead(): Promise<string> {
  return app([{ name: 'east', url: await startStoreNode('east', east) }, DEAD])
}

const post = (url: string, path: string, body: Tree) => ask(url, 'post', `/api/v4/${path}`, {}, body)

describe('a coordinator of a node that is dead', () => {
  it.each([
    ['transactions/search', {}],
    ['transactions/messages', { session_id: 'c1' }],
    ['transactions/qos', { session_id: 'c1' }],
    ['transactions/callinfo', { session_id: 'c1' }],
  ])('says so in the meta of %s', async (path, body) => {
    const { status, body: answer } = await post(await eastAndDead(), path, body)
    expect(status).toBe(200)
    expect(answer).toMatchObject({ meta: { nodes: [EAST_REPORT, DEAD_REPORT] } })
  })

  it('gives reports of what the other has', async () => {
    const url = await eastAndDead()
    expect((await post(url, 'transactions/qos', { session_id: 'c1' })).data).toMatchObject({ rtcp: { data: [{}] } })
    const { data } = await post(url, 'transactions/callinfo', { session_id: 'c1' })
    expect(data).toMatchObject({ items: [{ session_id: 'c1', message_count: 2 }] })
  })

  it('says so at the end of NDJSON', async () => {
    const response = await fetch(`${await eastAndDead()}/api/v4/transactions/search`, {
      method: 'POST',
      headers: { accept: 'application/x-ndjson' },
    })
    const lines = (await response.text()).trim().split('\n')
    expect(lines.length).toBe(3)
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ meta: { nodes: [EAST_REPORT, DEAD_REPORT] } })
  })

  it.each(['text', 'pcap', 'ndjson', 'sipp'])('says so in a header of export/%s', async (format) => {
    const { status, headers } = await post(await eastAndDead(), `transactions/export/${format}`, { session_id: 'c1' })
    expect(status).toBe(200)
    expect(headers.get('x-hepscope-messages')).toBe('2')
    expect(decodeURIComponent(headers.get('x-hepscope-missing-nodes') ?? '')).toBe(DEAD.name)
  })

  it('does not say that there is nothing where it could not look', async () => {
    const { status, headers, body } = await post(await eastAndDead(), 'transactions/export/pcap', { session_id: 'no' })
    expect(status).toBe(404)
    expect(headers.has('x-hepscope-missing-nodes')).toBe(true)
    expect(JSON.stringify(body)).toContain('these nodes did not answer')
  })

  it('has no such header where all have answered', async () => {
    const url = await app([{ name: 'east', url: await startStoreNode('east', east) }])
    const { headers } = await post(url, 'transactions/export/pcap', { session_id: 'c1' })
    expect(headers.has('x-hepscope-missing-nodes')).toBe(false)
  })

  it('answers 503 where nobody answers, and 400 for what is wrong', async () => {
    const url = await app([DEAD])
    expect((await post(url, 'transactions/search', {})).status).toBe(503)
    expect((await post(url, 'transactions/search', { q: '(' })).status).toBe(400)
  })

  it('answers SQL from its own tables, and says so', async () => {
    const { status, body } = await post(await app([DEAD], east), 'query', { sql: 'SELECT 1 AS one' })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      data: { items: [{ one: 1 }] },
      meta: { total: 1, nodes: [{ name: DEAD.name, state: 'not-asked', rows: 0 }] },
    })
  })
})

describe('rows whose node keeps the payloads', () => {
  it('are in exports as far as those need none, and are counted', async () => {
    const url = await app([{ name: 'east', url: await startStoreNode('east', east, { allowPayload: false }) }])
    for (const format of ['text', 'pcap']) {
      const { status, headers } = await post(url, `transactions/export/${format}`, { session_id: 'c1' })
      expect([status, headers.get('x-hepscope-messages'), headers.get('x-hepscope-skipped')]).toEqual([200, '2', '2'])
    }
    const { body, headers } = await post(url, 'transactions/export/ndjson', { session_id: 'c1' })
    expect([String(body).trim().split('\n').length, headers.get('x-hepscope-skipped')]).toEqual([2, '0'])
    const info = await post(url, 'transactions/callinfo', { session_id: 'c1' })
    expect(info.body).toMatchObject({
      data: { items: [] },
      meta: { messages: 2, nodes: [{ payload_withheld: 'node.allow_payload' }] },
    })
    expect((await post(url, 'transactions/qos', { session_id: 'c1' })).status).toBe(200)
  })
})

describe('the command line', () => {
  let err = ''
  let out = ''

  beforeEach(() => {
    err = out = ''
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true))
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((err += String(text)), true))
  })
  afterEach(() => void vi.restoreAllMocks())

  it('names nodes that did not answer', async () => {
    const where = ['--url', await eastAndDead()]
    expect(await searchCommand.run(['method:INVITE', ...where])).toBe(0)
    expect(out.trim().split('\n').length).toBe(2)
    expect(err).toMatch(/^hepscope: rows of node düsseldorf, old are missing \(failed\): .*ECONNREFUSED/)
    err = ''
    expect(await exportCommand.run(['c1', '--format', 'text', ...where])).toBe(0)
    expect(err).toBe('hepscope: messages are missing, for these nodes did not answer: düsseldorf, old\n')
  })
})
