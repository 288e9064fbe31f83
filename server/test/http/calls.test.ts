import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { pino } from 'pino'
import { CaptureMessages, readMessages } from '@hepscope/shared/pcap/messages.ts'
import { PcapTransport } from '@hepscope/shared/pcap/transport.ts'
import type { Session } from '../../src/auth/sessions.ts'
import { createApp } from '../../src/http/app.ts'
import type { AppMiddleware } from '../../src/http/context.ts'
import { callInfo } from '../../src/http/call-info.ts'
import { callReportRoutes } from '../../src/http/routes/call-reports.ts'
import { exportRoutes } from '../../src/http/routes/exports.ts'
import { queryRoutes, type SqlSource } from '../../src/http/routes/query.ts'
import { searchRoutes } from '../../src/http/routes/search.ts'
import type { SearchSource } from '../../src/http/stored-rows.ts'
import { openEngine, type StoreEngine } from '../../src/store/engine.ts'
import { callsBody } from '../../src/store/calls/call-request.ts'
import { messagesBody, searchBody } from '../../src/store/search-request.ts'
import { sqlBody } from '../../src/store/sql-request.ts'
import { Blocks, packetOf, sipText, START_US } from '../store/blocks.ts'
import { newDataDir } from '../store/data-dir.ts'
import { ask } from './test-server.ts'

const SESSION: Session = { kind: 'login', username: 'carol', admin: false, jti: 'a', expiresAt: undefined }
const MS = 1000
const BACK = { srcIp: '192.0.2.200', dstIp: '192.0.2.1', srcPort: 5062, dstPort: 5060 }
const SDP =
  'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n'
const BINARY = Uint8Array.from([...new TextEncoder().encode(sipText({ callId: 'raw' })), 0, 0xff, 0xfe])

let engine: StoreEngine

beforeAll(async () => {
  engine = await openEngine({ dataDir: newDataDir(), memoryLimit: '512MB', insertDelayMs: 1 })
  const at = (ms: number) => ({ tsUs: START_US + ms * MS })
  const to = '<sip:bob@example.net>;tag=t'
  const answer = (startLine: string, cseq = '1 INVITE', body = '') =>
    sipText({ callId: 'c1', startLine, cseq, to, userAgent: 'Callee 2', body })
  engine.append(
    new Blocks().of(
      packetOf(sipText({ callId: 'c1', headers: 'Content-Type: application/sdp\r\n', body: SDP }), at(0)),
      packetOf(answer('SIP/2.0 100 Trying'), { ...at(10), ...BACK }),
      packetOf(answer('SIP/2.0 180 Ringing'), { ...at(200), ...BACK }),
      packetOf(answer('SIP/2.0 200 OK', '1 INVITE', SDP), { ...at(2200), ...BACK }),
      packetOf(sipText({ callId: 'c1', startLine: 'ACK sip:bob@x SIP/2.0', cseq: '1 ACK', to }), at(2210)),
      packetOf(sipText({ callId: 'c1', startLine: 'BYE sip:bob@x SIP/2.0', cseq: '2 BYE', to }), at(7200)),
      packetOf(answer('SIP/2.0 200 OK', '2 BYE'), { ...at(7250), ...BACK }),
      packetOf(sipText({ callId: 'c2' }), at(8000)),
      packetOf(sipText({ callId: 'c2', startLine: 'SIP/2.0 503 Overload' }), { ...at(8040), ...BACK }),
      packetOf(BINARY, { ...at(9000), ipProtocol: 6 }),
      packetOf('{"type":200}', { ...at(3000), protocolType: 5, correlationId: 'c1' }),
      packetOf('{"CORRELATION_ID":"c1"}', { ...at(3100), protocolType: 34, correlationId: 'c1' }),
    ),
  )
  await engine.flush()
})
afterAll(() => engine.close())

async function serve(mayReadPayload = true, source: SearchSource & SqlSource = engine): Promise<string> {
  const login: AppMiddleware = async (ctx, next) => {
    ctx.state.session = { ...SESSION, admin: true }
    await next()
  }
  const may = (): boolean => mayReadPayload
  const tables = [
    searchRoutes(login, source, { search: searchBody, messages: messagesBody, calls: callsBody }, may),
    exportRoutes(login, source, messagesBody, may),
    callReportRoutes(login, source, messagesBody, may),
  ]
  const log = pino({ level: 'silent' })
  const sql = queryRoutes(login, source, [], sqlBody, may, log)
  const app = createApp(log, [...tables, sql])
  const server = createServer((request, response) => void app.callback()(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function post(url: string, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/api/v4/transactions/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

const linesOf = (text: string): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

describe('export', () => {
  it('gives pcap with the bytes, addresses and times that were stored', async () => {
    const response = await post(await serve(), 'export/pcap', { session_ids: ['c1', 'raw'], with_related: true })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/vnd.tcpdump.pcap')
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="hepscope_2_calls.pcap"')
    expect(response.headers.get('x-hepscope-messages')).toBe('10')
    expect(response.headers.get('x-hepscope-skipped')).toBe('2')
    const file = new Uint8Array(await response.arrayBuffer())
    const found = [...readMessages(file, new PcapTransport(), new CaptureMessages())]
    expect(found).toHaveLength(8)
    expect(found[1]).toMatchObject({ tsUs: START_US + 10 * MS, ...BACK, ipProtocol: 17 })
    expect(Buffer.from(file).includes(Buffer.from(BINARY))).toBe(true)
  })

  it('gives text to read', async () => {
    const response = await post(await serve(), 'export/text', { session_id: 'c2' })
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="hepscope_c2.txt"')
    const text = await response.text()
    expect(
      text
        .split('--- ')
        .slice(1)
        .map((part) => part.split('\n').slice(0, 3)),
    ).toEqual([
      ['2025-11-22 00:00:08.000000 UDP 192.0.2.1:5060 -> 192.0.2.200:5062', '', 'INVITE sip:bob@example.net SIP/2.0'],
      ['2025-11-22 00:00:08.040000 UDP 192.0.2.200:5062 -> 192.0.2.1:5060', '', 'SIP/2.0 503 Overload'],
    ])
  })

  it('gives rows as lines, without payloads to those who may not read them', async () => {
    const all = linesOf(await (await post(await serve(), 'export/ndjson', { session_id: 'c2' })).text())
    expect(all.map(({ payload }) => String(payload).slice(0, 6))).toEqual(['INVITE', 'SIP/2.'])
    const less = linesOf(await (await post(await serve(false), 'export/ndjson', { session_id: 'c2' })).text())
    expect(less.map((row) => [row.seq, 'payload' in row])).toEqual(all.map((row) => [row.seq, false]))
  })

  it('gives a SIPp scenario of one call', async () => {
    const url = await serve()
    const xml = await (await post(url, 'export/sipp', { session_id: 'c1' })).text()
    expect(xml.match(/<(send|recv|pause)\b[^>]*/g)?.filter((tag) => !tag.includes('optional'))).toEqual([
      '<send retrans="500"',
      '<recv response="200" rrs="true"/',
      '<send',
      '<pause milliseconds="4990"/',
      '<send retrans="500"',
      '<recv response="200"/',
    ])
    expect((await post(url, 'export/sipp', { session_ids: ['c1', 'c2'] })).status).toBe(400)
  })

  it.each(['text', 'pcap', 'sipp'])('keeps payloads from those who may not read them: %s', async (format) => {
    expect((await post(await serve(false), `export/${format}`, { session_id: 'c1' })).status).toBe(403)
  })

  it.each(['text', 'pcap', 'ndjson', 'sipp'])('says that nothing is stored, or what is wrong: %s', async (format) => {
    const url = await serve()
    expect((await post(url, `export/${format}`, { session_id: 'nobody' })).status).toBe(404)
    const wrong = await post(url, `export/${format}`, { sessions: 'x' })
    expect(wrong.status).toBe(400)
    expect(await wrong.json()).toMatchObject({ error: { errors: [{ field: 'sessions' }, { field: 'session_id' }] } })
  })
})

describe('call reports', () => {
  it('tells what is known of each call', async () => {
    const { data } = await ask(
      await serve(),
      'post',
      '/api/v4/transactions/callinfo',
      {},
      { session_ids: ['c1', 'c2'] },
    )
    const [one, two] = (data as { items: Record<string, unknown>[] }).items
    expect([callInfo.parse(one), callInfo.parse(two)]).toEqual([one, two])
    expect(one).toMatchObject({
      session_id: 'c1',
      caller: 'alice',
      callee: 'bob',
      from_party: 'alice@example.com',
      uac: 'Test Phone 1.0',
      uas: 'Callee 2',
      codecs: ['PCMA', 'telephone-event'],
      status: 'Finished',
      state: 'ended',
      message_count: 7,
      source: '192.0.2.1:5060',
      destination: '192.0.2.200:5062',
      ringing_seconds: 2,
      call_duration_seconds: 5,
      session_duration_seconds: 7.25,
      session_request_delay_ms: 200,
      session_setup_delay_ms: 2200,
      failed_session_setup_delay_ms: null,
      session_disconnect_delay_ms: 50,
      hangup_side: 'caller',
      first_seen: START_US / 1000,
      last_seen: START_US / 1000 + 7250,
    })
    expect(two).toMatchObject({
      session_id: 'c2',
      status: 'Server error',
      status_code: 503,
      last_bad_reply: '503 Overload',
      failed_session_setup_delay_ms: 40,
      session_setup_delay_ms: null,
      methods_distribution: [
        { method: 'INVITE', count: 1 },
        { method: '503', count: 1 },
      ],
    })
  })

  it('gives reports of media by kind, without payloads to those who may not read them', async () => {
    const qosOf = async (url: string) =>
      (await ask(url, 'post', '/api/v4/transactions/qos', {}, { session_id: 'c1' })).data as Record<
        string,
        { data: Record<string, unknown>[] }
      >
    const all = await qosOf(await serve())
    expect(Object.entries(all).map(([kind, { data }]) => [kind, data.map(({ payload }) => payload)])).toEqual([
      ['rtcp', ['{"type":200}']],
      ['rtp', ['{"CORRELATION_ID":"c1"}']],
      ['vqrtcp', []],
    ])
    const less = await qosOf(await serve(false))
    expect(less.rtcp?.data.map((row) => 'payload' in row)).toEqual([false])
  })
})

describe('NDJSON', () => {
  const accept = { accept: 'application/x-ndjson' }

  it('gives the rows of the answer, and its meta last', async () => {
    const url = await serve()
    const whole = (await (await post(url, 'search', { q: 'callid:c' })).json()) as {
      data: { items: object[]; keys: string[] }
    }
    const response = await post(url, 'search', { q: 'callid:c' }, accept)
    expect(response.headers.get('content-type')).toBe('application/x-ndjson')
    const lines = linesOf(await response.text())
    expect(lines.slice(0, -1)).toEqual(whole.data.items)
    expect(lines.at(-1)).toMatchObject({ keys: whole.data.keys, meta: { total: 11, has_more: false } })
  })

  it('says before the first row what is wrong, with its place', async () => {
    const response = await post(await serve(), 'search', { q: 'code:x' }, accept)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { errors: [{ field: 'q', at: 5 }] } })
  })

  it('says behind the rows what went wrong after them', async () => {
    const source: SearchSource & SqlSource = {
      search: (_, { onRows } = {}) => {
        onRows?.(Buffer.from('{"seq":1}\n'))
        return Promise.resolve({ ok: false, kind: 'unavailable', message: 'too slow' })
      },
      messages: () => Promise.reject(new Error('not asked')),
      calls: () => Promise.reject(new Error('not asked')),
      query: () => Promise.reject(new Error('not asked')),
    }
    const response = await post(await serve(true, source), 'search', {}, accept)
    expect(response.status).toBe(200)
    expect(linesOf(await response.text())).toMatchObject([{ seq: 1 }, { error: { detail: 'too slow' } }])
  })
})

describe('SQL', () => {
  const sqlOf = async (url: string, body: unknown) => ask(url, 'post', '/api/v4/query', {}, body)

  it('gives rows', async () => {
    const { status, data } = await sqlOf(await serve(), { sql: 'SELECT count(*) AS n FROM hep_proto_1_call' })
    expect({ status, data }).toEqual({ status: 200, data: { items: [{ n: 10 }], keys: ['n'] } })
  })

  it.each([
    { body: { sql: 'DROP VIEW hep_proto_1_call' }, says: 'Only one SELECT is allowed' },
    { body: { sql: 'SELECT nothing' }, says: 'Binder Error' },
    { body: {}, says: 'sql: ' },
  ])('says what is wrong with $body', async ({ body, says }) => {
    const answer = await sqlOf(await serve(), body)
    expect(answer.status).toBe(400)
    expect((answer.body as { error: { detail: string } }).error.detail).toContain(says)
  })

  it('is not for those who may not read payloads', async () => {
    expect((await sqlOf(await serve(false), { sql: 'SELECT 1' })).status).toBe(403)
  })
})

describe('a client that leaves', () => {
  it.each(['search', 'messages', 'calls', 'export/text', 'callinfo'])('ends its question: %s', async (path) => {
    let asked = (_: AbortSignal): void => undefined
    const question = new Promise<AbortSignal>((resolve) => (asked = resolve))
    const wait = (_: unknown, { signal }: { signal?: AbortSignal } = {}) =>
      new Promise<never>(() => {
        if (signal !== undefined) asked(signal)
      })
    const url = await serve(true, { search: wait, messages: wait, calls: wait, query: wait })
    const gone = new AbortController()
    const response = fetch(`${url}/api/v4/transactions/${path}`, {
      method: 'POST',
      signal: gone.signal,
      headers: { 'content-type': 'application/json' },
      body: '{"session_id":"c1"}',
    }).catch(() => undefined)
    const signal = await question
    expect(signal.aborted).toBe(false)
    gone.abort()
    await response
    await expect.poll(() => signal.aborted).toBe(true)
  })
})
