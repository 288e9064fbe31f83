import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEngine, type StoreEngine } from '../../src/store/engine.ts'
import { Blocks, EPOCH, packetOf, sipText, START_US } from './blocks.ts'
import { engineAt, messages, newDataDir, search } from './data-dir.ts'
import { STORAGE_KINDS, storageOptions, useStorage } from './storage-kinds.ts'

const SECOND = 1_000_000
const MINUTE_MS = 60_000
const START_MS = START_US / 1000

/** Seq numbers in the order of the answer. */
const seqs = (rows: readonly Readonly<Record<string, unknown>>[]): unknown[] => rows.map((row) => row.seq)

describe.each([
  { where: 'hot', kind: 'files' },
  { where: 'sealed', kind: 'files' },
  { where: 'half sealed', kind: 'files' },
  { where: 'sealed', kind: 'lake' },
  { where: 'half sealed', kind: 'lake' },
] as const)('search: $where, $kind', ({ where, kind }) => {
  useStorage(kind)
  let directory: string
  let engine: StoreEngine

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'hepscope-search-'))
    const storage = await storageOptions(directory)
    engine = await openEngine({ dataDir: directory, memoryLimit: '512MB', insertDelayMs: 1, ...storage })
    const blocks = new Blocks()
    engine.append(
      blocks.of(
        // seq 1 to 4
        packetOf(sipText({ callId: 'one_1@x' })),
        packetOf(sipText({ callId: 'one_1@x', startLine: 'SIP/2.0 486 Busy Here' }), {
          tsUs: START_US + SECOND,
          srcIp: '192.0.2.200',
          dstIp: '192.0.2.1',
          srcPort: 5062,
          dstPort: 5060,
        }),
        packetOf(sipText({ callId: 'one_1@x', startLine: 'ACK sip:bob@x SIP/2.0', cseq: '1 ACK' }), {
          tsUs: START_US + SECOND + 5,
        }),
        packetOf(sipText({ callId: 'oneX1@x', from: '<sip:carol@x>;tag=1', userAgent: 'Other' }), {
          tsUs: START_US + 2 * SECOND,
          agentId: 9,
        }),
      ),
    )
    if (where === 'half sealed') await engine.seal()
    engine.append(
      blocks.of(
        // seq 5 to 10
        packetOf(sipText({ callId: 'two', body: 'say 50% "ok" \'or\' not' }), {
          tsUs: START_US + 60 * SECOND,
          srcIp: '2001:db8::1',
          dstIp: '2001:db8::2',
        }),
        packetOf(sipText({ callId: 'leg-b', headers: 'X-CID: two\r\n' }), { tsUs: START_US + 61 * SECOND }),
        packetOf(sipText({ callId: 'leg-c' }), { tsUs: START_US + 61 * SECOND, correlationId: 'two' }),
        packetOf('{"rtcp":1}', { protocolType: 5, tsUs: START_US + 62 * SECOND, correlationId: 'two' }),
        packetOf('a log line', { protocolType: 100, tsUs: START_US + 63 * SECOND, correlationId: 'two' }),
        packetOf(sipText({ callId: 'two', startLine: 'REFER sip:x SIP/2.0', cseq: '2 REFER' }), {
          tsUs: START_US + 64 * SECOND,
        }),
      ),
    )
    engine.append(
      // seq 11
      new Blocks('node-2').of(
        ...Array.from({ length: 10 }, () => packetOf(sipText(), { protocolType: 77 })),
        packetOf(
          sipText({
            callId: 'reg',
            startLine: 'REGISTER sip:x SIP/2.0',
            cseq: '1 REGISTER',
            headers: 'Expires: 60\r\n',
          }),
        ),
      ),
    )
    await engine.flush()
    if (where === 'sealed') await engine.seal()
  })
  afterAll(async () => {
    await engine.close()
    rmSync(directory, { recursive: true })
  })

  it.each([
    { name: 'nothing: calls, newest first', body: {}, found: [7, 6, 5, 4, 3, 2, 1] },
    { name: 'no body', body: undefined, found: [7, 6, 5, 4, 3, 2, 1] },
    { name: 'call_id', body: { filter: { call_id: 'one_1@x' } }, found: [3, 2, 1] },
    { name: 'call_id with % and a literal _', body: { filter: { call_id: 'one_1%' } }, found: [3, 2, 1] },
    { name: 'session_id with %', body: { filter: { session_id: '%1@x' } }, found: [4, 3, 2, 1] },
    { name: 'a call_id that is only a part', body: { filter: { call_id: 'one_1' } }, found: [] },
    { name: 'cid', body: { filter: { cid: 'two' } }, found: [7] },
    { name: 'from_user', body: { filter: { from_user: 'carol' } }, found: [4] },
    { name: 'caller with %', body: { filter: { caller: 'car%' } }, found: [4] },
    { name: 'to_user and callee', body: { filter: { to_user: 'bob', callee: 'b%b' } }, found: [7, 6, 5, 4, 3, 2, 1] },
    { name: 'method', body: { filter: { method: 'ACK' } }, found: [3] },
    { name: 'methods, any case', body: { filter: { methods: ['ack', 'invite'] } }, found: [7, 6, 5, 4, 3, 1] },
    { name: 'cseq_method', body: { filter: { cseq_method: 'INVITE' } }, found: [7, 6, 5, 4, 2, 1] },
    { name: 'response_code as a number', body: { filter: { response_code: 486 } }, found: [2] },
    { name: 'response_codes', body: { filter: { response_codes: ['200', '486'] } }, found: [2] },
    { name: 'src_ip', body: { filter: { src_ip: '192.0.2.200' } }, found: [2] },
    {
      name: 'IPv6 in another notation',
      body: { filter: { src_ip: '2001:DB8:0:0::1', dst_ip: '2001:db8::0:2' } },
      found: [5],
    },
    { name: 'ports', body: { filter: { src_port: 5062, dst_port: '5060' } }, found: [2] },
    { name: 'capture_id', body: { filter: { capture_id: 9 } }, found: [4] },
    { name: 'node_id as text', body: { filter: { node_id: '9' } }, found: [4] },
    { name: 'node by its name', body: { filter: { node: 'node-1', call_id: 'two' } }, found: [5] },
    { name: 'node by the agent, as Homer has it', body: { filter: { node: 9 } }, found: [4] },
    { name: 'another node', body: { filter: { node: 'node-2', event_type: 'registration' } }, found: [11] },
    { name: 'user_agent, any case, a part', body: { filter: { user_agent: 'oth' } }, found: [4] },
    { name: 'ruri_user', body: { filter: { ruri_user: 'bob', method: 'ACK' } }, found: [3] },
    { name: 'a part of the payload', body: { filter: { payload: `"ok" 'or'` } }, found: [5] },
    { name: 'a payload with %', body: { filter: { payload: '%say 50%not' } }, found: [5] },
    { name: 'SQL in a value', body: { filter: { call_id: `two' OR '1'='1` } }, found: [] },
    {
      name: 'registrations',
      body: { filter: { event_type: 'registration', expires: 60, aor: 'bob@example.net' } },
      found: [11],
    },
    { name: 'the rest of SIP', body: { filter: { event_type: 'default' } }, found: [10] },
    { name: 'all SIP', body: { filter: { event_type: 'all', call_id: 'two' } }, found: [10, 5] },
    { name: 'a column of one of the tables only', body: { filter: { event_type: 'all', expires: '60' } }, found: [11] },
    { name: 'another protocol type', body: { filter: { proto_type: 5 } }, found: [8] },
    { name: 'a type that nobody sent', body: { filter: { proto_type: 53 } }, found: [] },
    {
      name: 'empty texts, which are not given',
      body: { filter: { call_id: '', method: '', methods: [], src_ip: '', src_port: '' } },
      found: [7, 6, 5, 4, 3, 2, 1],
    },
    {
      name: 'time, both ends included',
      body: { timestamp: { from: START_MS + 1000, to: START_MS + 2000 } },
      found: [4, 3, 2],
    },
    { name: 'from', body: { timestamp: { from: START_MS + MINUTE_MS } }, found: [7, 6, 5] },
    { name: 'to', body: { timestamp: { to: START_MS + 999 } }, found: [1] },
    { name: 'a time without rows', body: { timestamp: { from: START_MS - 10, to: START_MS - 1 } }, found: [] },
    { name: 'limit', body: { param: { limit: 2 } }, found: [7, 6] },
  ])('finds by $name', async ({ body, found }) => {
    expect(seqs(await search(engine, body))).toEqual(found)
  })

  it('says in meta what it gave', async () => {
    const answer = await engine.search({ param: { limit: 3 }, timestamp: { from: START_MS } })
    if (!answer.ok) throw new Error(answer.message)
    const { data, meta } = JSON.parse(answer.json.toString()) as {
      data: { items: object[]; keys: string[] }
      meta: object
    }
    expect(data.keys).toEqual(Object.keys(data.items[0] ?? {}))
    expect(meta).toEqual({
      request_id: expect.any(String) as string,
      total: 3,
      has_more: true,
      pagination: { limit: 3, total: 3, has_more: true },
      time_range: { from: START_MS },
      took_ms: expect.any(Number) as number,
    })
  })

  it.each([
    { name: 'its own and those of the legs that name it, in order', body: { session_id: 'two' }, found: [5, 6, 7] },
    { name: 'several', body: { session_ids: ['two', 'one_1@x'] }, found: [1, 2, 3, 5, 6, 7] },
    { name: 'session_ids before session_id', body: { session_id: 'two', session_ids: ['oneX1@x'] }, found: [4] },
    { name: 'a list as session_id', body: { session_id: ['oneX1@x', 'oneX1@x'] }, found: [4] },
    { name: 'a leg by its b2b name', body: { session_id: 'oneX1@x_b2b-2' }, found: [4] },
    { name: 'of another table', body: { session_id: 'two', event_type: 'default' }, found: [10] },
    { name: 'of another protocol', body: { session_id: 'two', proto_type: 100 }, found: [9] },
    {
      name: 'related rows of every table',
      body: { session_id: 'two', with_related: true },
      found: [5, 6, 7, 8, 9, 10],
    },
    {
      name: 'a time',
      body: { session_id: 'two', timestamp: { from: START_MS + 61_000, to: START_MS + 61_000 } },
      found: [6, 7],
    },
    { name: 'without an address', body: { session_id: 'one_1@x', whitelist: ['192.0.2.200'] }, found: [] },
    { name: 'nobody', body: { session_id: 'nobody' }, found: [] },
  ])('gives messages: $name', async ({ body, found }) => {
    expect(seqs(await messages(engine, body))).toEqual(found)
  })

  it('marks the rows of different tables', async () => {
    const rows = await messages(engine, { session_id: 'two', with_related: true })
    expect(rows.map((row) => [row.proto_type, row.method ?? null])).toEqual([
      [1, 'INVITE'],
      [1, 'INVITE'],
      [1, 'INVITE'],
      [5, null],
      [100, null],
      [1, 'REFER'],
    ])
    expect(rows[3]?.data_extra).toEqual({ version: 3, proto_type: 5 })
  })
})

describe('search', () => {
  it.each([
    { body: 5, fields: [''] },
    { body: [], fields: [''] },
    { body: { filter: { src_port: 'http' } }, fields: ['filter.src_port'] },
    { body: { filter: { src_port: 70_000 } }, fields: ['filter.src_port'] },
    { body: { filter: { src_ip: '1.2.3' } }, fields: ['filter.src_ip'] },
    { body: { filter: { call_id: 5 } }, fields: ['filter.call_id'] },
    { body: { filter: { methods: [{}] } }, fields: ['filter.methods'] },
    { body: { filter: { proto_type: 256 } }, fields: ['filter.proto_type'] },
    { body: { filter: { event_type: 'calls' } }, fields: ['filter.event_type'] },
    { body: { filter: { callid: 'x' } }, fields: ['filter.callid'] },
    { body: { filter: { virtual: {} }, param: { order_by: 'x' } }, fields: ['filter.virtual', 'param.order_by'] },
    { body: { filter: { proto_type: 5, from_user: 'x', method: 'y' } }, fields: ['filter.from_user', 'filter.method'] },
    { body: { filter: { aor: 'x' } }, fields: ['filter.aor'] },
    { body: { param: { limit: '10' } }, fields: ['param.limit'] },
    { body: { timestamp: { from: 'now' } }, fields: ['timestamp.from'] },
    { body: { timestamp: { from: 2, to: 1 } }, fields: ['timestamp'] },
  ])('refuses $body and names the member', async ({ body, fields }) => {
    const engine = await engineAt(newDataDir())
    const answer = await engine.search(body)
    if (answer.ok) throw new Error('accepted')
    expect(answer.kind).toBe('invalid')
    expect(answer.fields?.map(({ field }) => field).sort()).toEqual([...fields].sort())
  })

  it.each([
    { body: {}, fields: ['session_id'] },
    { body: { session_ids: [] }, fields: ['session_id'] },
    { body: { session_id: '' }, fields: ['session_id'] },
    { body: { session_ids: Array(51).fill('x') }, fields: ['session_ids'] },
    { body: { session_id: 'x', whitelist: ['y'] }, fields: ['whitelist.0'] },
    { body: { session_id: 'x', limit: 1 }, fields: ['limit'] },
  ])('refuses $body for messages', async ({ body, fields }) => {
    const engine = await engineAt(newDataDir())
    const answer = await engine.messages(body)
    if (answer.ok) throw new Error('accepted')
    expect(answer.fields?.map(({ field }) => field)).toEqual(fields)
  })

  it.each([{ limit: 0 }, { limit: -1 }, { limit: 50_001 }, { limit: 1.5 }, {}])('takes 50 for %o', async (param) => {
    const engine = await engineAt(newDataDir())
    engine.append(new Blocks().invites(60))
    await engine.flush()
    expect(await search(engine, { param })).toHaveLength(50)
  })

  it('finds a row while others keep coming', async () => {
    const engine = await engineAt(newDataDir(), { insertDelayMs: 100 })
    const blocks = new Blocks()
    const others = setInterval(() => engine.append(blocks.invites(500, 'other')), 20)
    const mark = blocks.invites(1, 'wanted')
    engine.append(mark)
    await expect
      .poll(() => search(engine, { filter: { call_id: 'wanted-0@example.com' } }), { interval: 20, timeout: 5000 })
      .toHaveLength(1)
    clearInterval(others)
  })

  it('ends a search that takes too long, and answers the next', async () => {
    const engine = await engineAt(newDataDir(), { searchTimeoutMs: 1, searches: 1 })
    const blocks = new Blocks()
    for (let i = 0; i < 20; i++) engine.append(blocks.invites(1000))
    await engine.flush()
    const late = { ok: false, kind: 'unavailable', message: 'The search took longer than 0.001 s' }
    const slow = { filter: { payload: '%a%b%c%d%zz%' } }
    expect(await engine.search(slow)).toEqual(late)
    expect(await Promise.all([engine.search(slow), engine.search(slow)])).toEqual([late, late])
  })

  it('answers what waits when it closes', async () => {
    const engine = await engineAt(newDataDir(), { searches: 1 })
    engine.append(new Blocks().invites(1000))
    await engine.flush()
    const asked = Array.from({ length: 60 }, () => engine.search({}))
    await engine.close()
    const closing = { ok: false, kind: 'unavailable', message: 'The store is closing' }
    const refused = (await Promise.all(asked)).filter((answer) => !answer.ok)
    expect(refused.length).toBeGreaterThan(0)
    expect(new Set(refused.map((answer) => JSON.stringify(answer)))).toEqual(new Set([JSON.stringify(closing)]))
    expect(await engine.search({})).toEqual(closing)
  })
})

describe.each(STORAGE_KINDS)('search in steps: %s', (kind) => {
  useStorage(kind)

  it.each([1, 7, 100])('finds the newest %i of many files whose times overlap', async (limit) => {
    const engine = await engineAt(newDataDir())
    const blocks = new Blocks()
    const rows: { readonly tsUs: number; readonly seq: number }[] = []
    for (let file = 0; file < 14; file++) {
      const times = [file * 10, file * 10 + 5, file * 10 + 15, (file * 37) % 140].map((ms) => START_US + ms * 1000)
      engine.append(blocks.of(...times.map((tsUs) => packetOf(sipText(), { tsUs }))))
      for (const tsUs of times) rows.push({ tsUs, seq: rows.length + 1 })
      if (file < 12) await engine.seal()
    }
    await engine.flush()
    const newestFirst = rows.toSorted((a, b) => b.tsUs - a.tsUs || b.seq - a.seq).map(({ seq }) => seq)
    expect(seqs(await search(engine, { param: { limit } }))).toEqual(newestFirst.slice(0, limit))
  })

  it('keeps the microseconds and the order of packets of the same time', async () => {
    const engine = await engineAt(newDataDir())
    engine.append(
      new Blocks('node-1', EPOCH).of(
        packetOf(sipText(), { tsUs: START_US + 1 }),
        packetOf(sipText(), { tsUs: START_US + 1 }),
      ),
    )
    await engine.flush()
    const rows = await messages(engine, { session_id: 'call-1@example.com' })
    expect(rows.map((row) => [row.timestamp, row.ts_us, row.seq])).toEqual([
      ['2025-11-22T00:00:00.000001Z', START_US + 1, 1],
      ['2025-11-22T00:00:00.000001Z', START_US + 1, 2],
    ])
  })
})
