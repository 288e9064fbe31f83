import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { MAX_ROWS } from '@hepscope/shared/event/columns.ts'
import { openDatabase } from '../../src/store/database.ts'
import { openEngine, type StoreEngine } from '../../src/store/engine.ts'
import { HotBlock } from '../../src/store/hot-blocks.ts'
import { HOT_COLUMNS } from '../../src/store/hot-columns.ts'
import { attach, LAKE, loadExtensions } from '../../src/store/lake/lake-connection.ts'
import { Blocks, packetOf, sipText, START_US } from './blocks.ts'
import { type Row, engineAt, newDataDir } from './data-dir.ts'
import { STORAGE_KINDS, storageOptions, useStorage } from './storage-kinds.ts'

async function query(engine: StoreEngine, sql: string): Promise<Row[]> {
  const answer = await engine.query({ sql })
  if (!answer.ok) throw new Error(answer.message)
  return (JSON.parse(answer.json.toString()) as { readonly data: { readonly items: Row[] } }).data.items
}

/** By which a function is asked for a column. */
function numberOf(column: string): number {
  return HOT_COLUMNS.findIndex(({ name }) => name === column)
}

/** A call with its answer, a registration, OPTIONS, a report, and what is no UTF-8. */
function mixed(blocks: Blocks, name: string): ReturnType<Blocks['of']> {
  const sip = { callId: `${name}@example.com`, userAgent: `Phone of ${name}` }
  const options = sipText({ ...sip, callId: `o-${name}`, startLine: 'OPTIONS sip:x SIP/2.0', cseq: '1 OPTIONS' })
  const register = sipText({
    ...sip,
    callId: `r-${name}`,
    startLine: 'REGISTER sip:example.net SIP/2.0',
    cseq: '7 REGISTER',
    headers: `Contact: <sip:${name}@192.0.2.9>\r\nExpires: 300\r\n`,
  })
  const later = (ms: number) => ({ tsUs: START_US + ms * 1000, correlationId: `c-${name}` })
  return blocks.of(
    packetOf(sipText(sip), later(0)),
    packetOf(sipText({ ...sip, startLine: 'SIP/2.0 180 Ringing' }), later(1)),
    packetOf(sipText({ ...sip, startLine: 'SIP/2.0 200 OK', body: `v=0\r\ns=${'long '.repeat(300)}` }), later(2)),
    packetOf(sipText({ ...sip, startLine: 'BYE sip:x SIP/2.0', cseq: '2 BYE' }), {
      ...later(3),
      srcIp: '2001:db8::1',
      dstIp: '2001:db8::2',
    }),
    packetOf(Buffer.from(sipText({ ...sip, body: 'né' }), 'latin1'), later(4)),
    packetOf(register, later(5)),
    packetOf(options, later(6)),
    packetOf('{"jitter": 4}', { ...later(7), protocolType: 5 }),
  )
}

/** Forms that a SELECT may have; `T` is the table. */
const FORMS = [
  'SELECT * FROM T ORDER BY seq',
  'FROM T ORDER BY seq DESC LIMIT 3',
  'SELECT t FROM T t ORDER BY t.seq',
  'SELECT whole.payload, whole.date FROM (SELECT t AS whole, seq FROM T t) ORDER BY seq',
  "SELECT COLUMNS('^(src|dst)_') FROM T ORDER BY seq",
  "SELECT * EXCLUDE (payload) REPLACE (upper(cid) AS cid) FROM T WHERE contains(payload, 'a') ORDER BY seq",
  'SELECT count(*) AS n FROM T',
  'SELECT 1 AS one FROM T',
  'SELECT count(payload_raw) AS raw, sum(octet_length(payload_raw)) AS bytes, max(length(payload)) AS longest FROM T',
  "SELECT seq FROM T WHERE date = '2025-11-22' AND timestamp >= (SELECT min(timestamp) FROM T) ORDER BY 1",
  'SELECT date, src_ip, count(*) AS n FROM T GROUP BY ALL HAVING n > 0 ORDER BY ALL',
  'WITH x AS (FROM T), y AS MATERIALIZED (FROM T) SELECT x.cid, y.node FROM x JOIN y USING (uuid) ORDER BY x.seq',
  'SELECT seq, (SELECT max(b.seq) FROM T b WHERE b.cid = a.cid) AS last FROM T a ORDER BY seq',
  'SELECT seq FROM T a WHERE EXISTS (FROM T b WHERE b.session_id = a.session_id AND b.seq < a.seq) ORDER BY seq',
  'SELECT a.seq, x.text FROM T a, LATERAL (SELECT a.cid || b.node AS text FROM T b WHERE b.seq = a.seq) x ORDER BY 1',
  'SELECT seq, lag(payload) OVER (PARTITION BY cid ORDER BY seq) AS before FROM T QUALIFY before IS NOT NULL ORDER BY 1',
  'SELECT DISTINCT ON (cid) cid, transport, agent_name FROM T ORDER BY cid, seq',
  'WITH RECURSIVE r AS (SELECT seq AS s FROM T UNION SELECT b.seq FROM T a JOIN r ON a.seq = s JOIN T b ON b.cid = a.cid) FROM r ORDER BY s',
  'FROM (PIVOT (SELECT cid, protocol, seq FROM T) ON protocol IN (6, 17) USING count(seq)) ORDER BY cid',
  "SELECT * FROM query('SELECT node_id, hep_extra, flags FROM T ORDER BY seq')",
  "SELECT cid FROM query_table('T') ORDER BY seq",
  'SELECT column_name, column_type, min, max, count FROM (SUMMARIZE T)',
  'SELECT seq FROM T UNION ALL BY NAME SELECT epoch, uuid FROM T ORDER BY ALL',
  "SELECT uuid FROM T WHERE uuid IN (SELECT uuid FROM T WHERE session_id LIKE '%hot%') ORDER BY uuid",
]
const ALL_QUESTIONS = [
  ...FORMS.map((sql) => sql.replaceAll(/\bT\b/g, 'hep_proto_1_call')),
  "SELECT seq, method, response_code FROM hep_proto_1_call WHERE method = 'BYE' OR response_code = '180' ORDER BY 1",
  'SELECT * FROM hep_proto_1_registration ORDER BY seq',
  "SELECT aor, contact FROM hep_proto_1_registration WHERE expires = '300' ORDER BY seq",
  'SELECT * FROM hep_proto_1_default ORDER BY seq',
  'SELECT * FROM hep_proto_5_default ORDER BY seq',
  "SELECT payload->>'jitter' AS jitter FROM hep_proto_5_default",
  'FROM hep_proto_1_default UNION ALL BY NAME FROM hep_proto_1_registration ORDER BY seq',
  // A call that a timer has closed has a new version.
  'SELECT * EXCLUDE (version) FROM hepscope_calls ORDER BY session_id',
  'SELECT state, count(*) AS n, max(length_us) AS longest FROM hepscope_calls GROUP BY 1 ORDER BY 1',
  'SELECT unnest(call_ids) AS id, codes FROM hepscope_calls ORDER BY 1',
  'SELECT c.state, e.user_agent FROM hepscope_calls c JOIN hep_proto_1_call e USING (session_id) ORDER BY e.seq',
]

describe.each(STORAGE_KINDS)('SQL over hot rows beside: %s', (kind) => {
  let directory: string
  const hot = new Map<string, Row[]>()
  const sealed = new Map<string, Row[]>()

  useStorage(kind)
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'hepscope-sql-hot-'))
    const storage = await storageOptions(directory)
    const engine = await openEngine({ dataDir: directory, memoryLimit: '512MB', insertDelayMs: 1, ...storage })
    const blocks = new Blocks()
    engine.append(mixed(blocks, 'sealed'))
    engine.append(mixed(blocks, 'half'))
    await engine.seal()
    if (storage.lake !== undefined) await deleteRow(storage)
    engine.append(mixed(blocks, 'hot'))
    engine.append(mixed(blocks, 'half'))
    await engine.flush()
    // Brings the calls up to date.
    await engine.calls({})
    expect(engine.stats().hotRows).toBe(16)
    for (const sql of ALL_QUESTIONS) hot.set(sql, await query(engine, sql))
    await engine.seal()
    expect(engine.stats().hotRows).toBe(0)
    for (const sql of ALL_QUESTIONS) sealed.set(sql, await query(engine, sql))
    await engine.close()
  }, 120_000)
  afterAll(() => rmSync(directory, { recursive: true }))

  async function deleteRow({
    lake,
    extensionDirectory = '',
  }: Awaited<ReturnType<typeof storageOptions>>): Promise<void> {
    if (lake === undefined) return
    const database = await openDatabase({
      memoryLimit: '256MB',
      threads: 1,
      temporaryDirectory: directory,
      extensionDirectory,
    })
    const connection = await database.connect()
    await loadExtensions(connection, lake, extensionDirectory)
    await attach(connection, lake)
    await connection.run(`DELETE FROM ${LAKE}.hep_proto_1_call WHERE seq = 2`)
    connection.closeSync()
    database.closeSync()
  }

  it.each(ALL_QUESTIONS)('answers as when they are sealed: %s', (sql) => {
    expect(hot.get(sql)).toEqual(sealed.get(sql))
    expect(hot.get(sql)).not.toEqual([])
  })

  it('has each row that is there once', () => {
    const rows = hot.get('SELECT count(*) AS n FROM hep_proto_1_call')
    expect(rows).toEqual([{ n: kind === 'lake' ? 19 : 20 }])
  })
})

describe('SQL over hot rows', () => {
  afterEach(() => vi.restoreAllMocks())

  it('reads no column that it does not need, and of no more rows', async () => {
    const engine = await engineAt(newDataDir())
    engine.append(new Blocks().invites(100))
    await engine.flush()
    const payloads = vi.spyOn(HotBlock.prototype, 'payloadAt')
    const counts = 'SELECT method, response_code, count(*) AS n FROM hep_proto_1_call GROUP BY ALL'
    expect(await query(engine, counts)).toEqual([{ method: 'INVITE', response_code: '', n: 100 }])
    expect(payloads).not.toHaveBeenCalled()
    const one = "SELECT length(payload) > 0 AS has FROM hep_proto_1_call WHERE session_id = 'call-7@example.com'"
    expect(await query(engine, one)).toEqual([{ has: true }])
    expect(payloads).toHaveBeenCalledTimes(1)
  })

  it.each([
    {
      name: 'a number that is a text',
      of: 'hot_number',
      row: 0,
      column: 'payload',
      message: /hot_number reads no column/,
    },
    {
      name: 'a text that is bytes',
      of: 'hot_text',
      row: 0,
      column: 'payload_raw',
      message: /hot_text reads no column/,
    },
    { name: 'a row behind the last', of: 'hot_text', row: 3, column: 'payload', message: /has no row 3/ },
  ])('refuses $name, asked for by hand', async ({ of, row, column, message }) => {
    const engine = await engineAt(newDataDir())
    engine.append(new Blocks().invites(3))
    await engine.flush()
    const ask = (name: string, rid: number, i: number) =>
      query(engine, `SELECT ${name}(${rid}, ${i}) AS value FROM hep_proto_1_call LIMIT 1`)
    expect(await ask('hot_number', MAX_ROWS + 2, numberOf('agent_id'))).toEqual([{ value: 205 }])
    await expect(ask(of, MAX_ROWS + row, numberOf(column))).rejects.toThrow(message)
  })

  it('can be ended while it reads rows, and leaves the store as it was', async () => {
    const engine = await engineAt(newDataDir(), { searchTimeoutMs: 500 })
    engine.append(new Blocks().invites(3))
    await engine.flush()
    const [payload] = await query(engine, 'SELECT payload FROM hep_proto_1_call LIMIT 1')
    const sql = `SELECT count(hot_text(${MAX_ROWS} + n % 3, ${numberOf('payload')}))
      FROM range(1000000000) numbers(n), (SELECT count(*) FROM hep_proto_1_call)`
    expect(await engine.query({ sql })).toMatchObject({ message: 'The query took longer than 0.5 s' })
    engine.append(new Blocks('other').invites(3))
    await engine.flush()
    expect(await query(engine, 'SELECT payload FROM hep_proto_1_call LIMIT 1')).toEqual([payload])
    const running = engine.query({ sql })
    await engine.close()
    expect(await running).toEqual({ ok: false, kind: 'unavailable', message: 'The query was given up' })
  })

  it('reads files of an older version, which lack a column', async () => {
    const dataDir = newDataDir()
    const engine = await engineAt(dataDir)
    engine.append(new Blocks().invites(2))
    await engine.seal()
    const folder = join(dataDir, 'parquet', 'hep_proto_1_call')
    const [name = ''] = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((at) =>
      at.endsWith('.parquet'),
    )
    const file = join(folder, name)
    const database = await openDatabase({ memoryLimit: '256MB', threads: 1, temporaryDirectory: dataDir })
    const connection = await database.connect()
    await connection.run(`COPY (SELECT * EXCLUDE (reason) FROM '${file}') TO '${file}.new' (FORMAT parquet)`)
    connection.closeSync()
    database.closeSync()
    renameSync(`${file}.new`, file)
    const reasons = 'SELECT seq, reason FROM hep_proto_1_call ORDER BY seq'
    expect(await query(engine, reasons)).toEqual([
      { seq: 1, reason: null },
      { seq: 2, reason: null },
    ])
  })
})
