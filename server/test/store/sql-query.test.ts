import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openEngine, type StoreEngine } from '../../src/store/engine.ts'
import { Blocks, packetOf, sipText } from './blocks.ts'
import { search } from './data-dir.ts'
import { STORAGE_KINDS, storageOptions, useStorage } from './storage-kinds.ts'

let directory: string
let engine: StoreEngine

describe.each(STORAGE_KINDS)('SQL on: %s', (kind) => {
  useStorage(kind)
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'hepscope-sql-'))
    const storage = await storageOptions(directory)
    engine = await openEngine({ dataDir: directory, memoryLimit: '512MB', insertDelayMs: 1, ...storage })
    const blocks = new Blocks()
    engine.append(blocks.invites(10))
    await engine.flush()
    await engine.seal()
    engine.append(blocks.of(packetOf(sipText({ callId: "it's", startLine: 'BYE sip:x SIP/2.0', cseq: '2 BYE' }))))
    await engine.flush()
    writeFileSync(join(directory, 'secret.csv'), 'a,b\n1,2\n')
  })
  afterAll(async () => {
    await engine.close()
    rmSync(directory, { recursive: true })
  })

  async function query(sql: string, limit?: number): Promise<{ items: object[]; keys: string[]; hasMore: boolean }> {
    const answer = await engine.query({ sql, ...(limit !== undefined && { limit }) })
    if (!answer.ok) throw new Error(answer.message)
    const { data, meta } = JSON.parse(answer.json.toString()) as {
      data: { items: object[]; keys: string[] }
      meta: { has_more: boolean }
    }
    return { ...data, hasMore: meta.has_more }
  }

  describe('SQL', () => {
    it('asks sealed and hot rows', async () => {
      const sql = 'SELECT method, count(*) AS n FROM hep_proto_1_call GROUP BY ALL ORDER BY n DESC;'
      expect(await query(sql)).toEqual({
        items: [
          { method: 'INVITE', n: 10 },
          { method: 'BYE', n: 1 },
        ],
        keys: ['method', 'n'],
        hasMore: false,
      })
    })

    it.each([
      {
        sql: "WITH x AS (FROM HEP_PROTO_1_CALL WHERE session_id = 'it''s') SELECT seq FROM x -- the end",
        items: [{ seq: 11 }],
      },
      { sql: 'SELECT date FROM hep_proto_1_call LIMIT 1', items: [{ date: '2025-11-22' }] },
      { sql: 'SELECT count(*) AS n FROM hep_proto_1_registration', items: [{ n: 0 }] },
      { sql: 'SELECT count(*) AS n FROM hep_proto_77_default', items: [{ n: 0 }] },
      { sql: 'SELECT column_name FROM (DESCRIBE hep_proto_1_call) LIMIT 1', items: [{ column_name: 'date' }] },
      { sql: "SELECT 1 AS a, '\"' AS b, NULL AS c, 2 AS a", items: [{ a: 1, b: '"', c: null, a_1: 2 }] },
      { sql: 'VALUES (1)', items: [{ col0: 1 }] },
    ])('answers $sql', async ({ sql, items }) => {
      expect((await query(sql)).items).toEqual(items)
    })

    it('gives no more rows than it may', async () => {
      expect(await query('SELECT range FROM range(100)', 3)).toEqual({
        items: [{ range: 0 }, { range: 1 }, { range: 2 }],
        keys: ['range'],
        hasMore: true,
      })
      expect((await query('SELECT range FROM range(5000)')).items).toHaveLength(1000)
    })

    it.each([
      {},
      { sql: '' },
      { sql: 5 },
      { sql: 'x'.repeat(20_001) },
      { sql: 'SELECT 1', limit: 0 },
      { sql: 'SELECT 1', limit: 50_001 },
    ])('refuses the body %o', async (body) => {
      expect(await engine.query(body)).toMatchObject({ ok: false, kind: 'invalid' })
    })
  })

  /** `DIR` is the data directory. */
  const ATTACKS = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/*')",
    "SELECT * FROM '/etc/passwd'",
    "FROM 'DIR/secret.csv'",
    "SELECT * FROM read_csv('DIR/secret.csv')",
    "SELECT * FROM read_text('DIR/parquet/../secret.csv')",
    "SELECT * FROM read_parquet('DIR/parquet/**/*.parquet')",
    "SELECT * FROM parquet_metadata('DIR/secret.csv')",
    "SELECT * FROM sniff_csv('DIR/secret.csv')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM glob('DIR/*')",
    "SELECT * FROM read_json('http://127.0.0.1:1/x')",
    "SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')",
    "SELECT * FROM query('DROP VIEW hep_proto_1_call')",
    "SELECT * FROM query_table('/etc/passwd')",
    "SELECT getenv('HOME')",
    "COPY hep_proto_1_call TO 'DIR/out.csv'",
    "COPY (SELECT 1) TO 'DIR/parquet/out.csv'",
    "COPY hep_proto_1_call FROM 'DIR/secret.csv'",
    "EXPORT DATABASE 'DIR/out'",
    "IMPORT DATABASE 'DIR/out'",
    "ATTACH 'DIR/out.db' AS x",
    "ATTACH 'host=127.0.0.1' AS x (TYPE postgres)",
    'DETACH memory',
    'USE memory',
    'INSTALL httpfs',
    'FORCE INSTALL httpfs FROM community',
    'LOAD httpfs',
    "LOAD 'DIR/x.duckdb_extension'",
    'UPDATE EXTENSIONS',
    'PRAGMA database_list',
    'PRAGMA enable_external_access',
    'PRAGMA memory_limit=1',
    "SET memory_limit = '100GB'",
    'SET enable_external_access = true',
    'SET lock_configuration = false',
    'RESET enable_external_access',
    'SET VARIABLE x = 1',
    'SELECT 1; SELECT 2',
    'SELECT 1; DROP VIEW hep_proto_1_call',
    'SELECT 1); DROP VIEW hep_proto_1_call; SELECT (1',
    'SELECT 1) answer; --',
    'SELECT $1',
    'DROP VIEW hep_proto_1_call',
    'DELETE FROM hep_proto_1_call',
    'UPDATE hep_proto_1_call SET seq = 1',
    'INSERT INTO hep_proto_1_call VALUES (1)',
    'WITH x AS (DELETE FROM hep_proto_1_call RETURNING *) SELECT * FROM x',
    'CREATE TABLE x (i INTEGER)',
    'CREATE TABLE x AS SELECT 1',
    'CREATE MACRO m() AS 1',
    "CREATE SECRET s (TYPE s3, KEY_ID 'a')",
    'ALTER TABLE hep_proto_1_call RENAME TO x',
    'EXPLAIN ANALYZE SELECT 1',
    'PREPARE p AS SELECT 1',
    'EXECUTE p',
    'CALL pragma_version()',
    "CALL enable_logging(storage = 'stdout')",
    'VACUUM',
    'CHECKPOINT',
    'BEGIN',
    '-- nothing',
    ';',
    'SELECT * FROM hot_1_hep_proto_1_call',
    'SELECT * FROM hot_2_hep_proto_1_call',
  ]

  describe('SQL that wants more than to read', () => {
    it.each(ATTACKS)('is refused: %s', async (attack) => {
      const before = readdirSync(directory, { recursive: true }).sort()
      const answer = await engine.query({ sql: attack.replaceAll('DIR', directory) })
      if (answer.ok) throw new Error(answer.json.toString())
      expect(answer.kind).toBe('invalid')
      expect(answer.message).not.toContain('root:')
      expect(readdirSync(directory, { recursive: true }).sort()).toEqual(before)
    })

    it('cannot make a function write files, or spoil the store or the next query', async () => {
      for (const path of [join(directory, 'logs'), join(directory, 'parquet', 'logs')]) {
        await engine.query({ sql: `SELECT * FROM enable_logging(storage := 'file', storage_path := '${path}')` })
        expect(existsSync(path)).toBe(false)
      }
      expect((await query('SELECT count(*) AS n FROM hep_proto_1_call')).items).toEqual([{ n: 11 }])
      expect(await search(engine, {})).toHaveLength(11)
    })

    it('is ended when it takes too long, or more memory than it may, or nobody waits', async () => {
      const own = await openEngine({ dataDir: join(directory, 'own'), memoryLimit: '512MB', searchTimeoutMs: 1000 })
      const endless = { sql: 'SELECT count(*) FROM range(1000000000000) a' }
      const big = { sql: 'SELECT list(range) AS all FROM range(200000000)' }
      try {
        const running = own.query(endless)
        expect(await own.query({ sql: 'SELECT 1' })).toMatchObject({
          kind: 'unavailable',
          message: 'Another SQL query is running',
        })
        expect(await running).toEqual({ ok: false, kind: 'unavailable', message: 'The query took longer than 1 s' })
        expect(await own.query(big)).toMatchObject({ ok: false, kind: 'unavailable' })
        const gone = new AbortController()
        const left = own.query(endless, { signal: gone.signal })
        gone.abort()
        expect(await left).toEqual({ ok: false, kind: 'unavailable', message: 'The query was given up' })
        const closed = own.query(endless)
        await own.close()
        expect(await closed).toMatchObject({ ok: false, kind: 'unavailable' })
      } finally {
        await own.close()
        rmSync(join(directory, 'own'), { recursive: true })
      }
    }, 30_000)
  })
})
