import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance, StatementType } from '@duckdb/node-api'
import { z } from 'zod'
import type { StoreAnswer } from './answer.ts'
import { firstLine } from './database.ts'
import type { Layout } from './layout.ts'
import { Limit } from './limit.ts'
import { outsideOf } from './outside.ts'
import { Parameters } from './parameters.ts'
import { CALLS_TABLE, columnsOf, hotProjection, hotRows, isTableName, kindOf, type TableName } from './schema.ts'
import type { ReadableFile } from './sealed-view.ts'
import { type RowPlaces, type StoredRows, takeRows } from './stored-rows.ts'

const DEFAULT_LIMIT = 1000
const MAX_LIMIT = 50_000
const MAX_SQL = 20_000

/** Body of `POST /api/v4/query`. */
export const sqlBody = z.strictObject({
  sql: z.string().min(1).max(MAX_SQL).describe('One SELECT over the tables of the store, in DuckDB’s SQL'),
  limit: z.int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT).describe('Rows at most'),
})

export interface SqlQueryOptions {
  readonly places: RowPlaces
  readonly layout: Layout
  /** Of the store's database; used by nothing else. */
  readonly connection: DuckDBConnection
  readonly timeoutMs: number
}

/** What a query may take beside the store; more of it goes to disk, up to `MAX_SPILL`. */
const MEMORY = '256MB'
const MAX_SPILL = '1GB'

/**
 * Answers SQL of admins, one query at a time.
 *
 * Each runs in a database of its own that lives as long as the query, because some of DuckDB's functions change the
 * database that they are called in. It can read the sealed files, and a copy of the hot rows, of the tables that the
 * SQL names, and no other file; there is no network, no extension can be loaded, and no setting changed.
 */
export class SqlQueries {
  readonly #options: SqlQueryOptions
  readonly #closing = new AbortController()
  #running: Promise<StoreAnswer> | undefined

  constructor(options: SqlQueryOptions) {
    this.#options = options
  }

  /** Answer the body of `POST /api/v4/query`. Never rejects. */
  async ask(body: unknown, signal?: AbortSignal): Promise<StoreAnswer> {
    const parsed = sqlBody.safeParse(body ?? {})
    if (!parsed.success) {
      const fields = parsed.error.issues.map(({ path, message }) => ({ field: path.join('.'), message }))
      return { ok: false, kind: 'invalid', message: 'The request is not valid', fields }
    }
    if (this.#closing.signal.aborted) return unavailable('The store is closing')
    if (this.#running !== undefined) return unavailable('Another SQL query is running')
    const signals = [this.#closing.signal, ...(signal === undefined ? [] : [signal])]
    this.#running = this.#answer(parsed.data, AbortSignal.any(signals)).finally(() => (this.#running = undefined))
    return this.#running
  }

  /** End what runs. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#running
  }

  async #answer({ sql, limit }: z.infer<typeof sqlBody>, signal: AbortSignal): Promise<StoreAnswer> {
    const { places, layout, timeoutMs, connection } = this.#options
    const startedMs = performance.now()
    const folder = join(layout.temporary, `sql-${randomUUID()}`)
    const left = (): number => timeoutMs - (performance.now() - startedMs)
    const asking = new Limit(connection, left(), signal)
    await places.lake?.refresh(connection, () => asking.isReached)
    asking.clear()
    const rows = takeRows(places, true)
    try {
      if (asking.isReached) return givenUp(signal, timeoutMs)
      if (places.lake !== undefined && !rows.hasLake) return unavailable('The lake cannot be reached')
      mkdirSync(folder, { recursive: true })
      const copying = new Limit(connection, left(), signal)
      const tables = await copyHot(namedTables(sql), rows, folder, connection).finally(() => copying.clear())
      if (copying.isReached) return givenUp(signal, timeoutMs)
      return await runAlone({ sql, limit, tables, folder, startedMs, timeoutMs, signal })
    } catch (error) {
      return unavailable(`The query could not begin: ${firstLine(error)}`)
    } finally {
      rows.release()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/** A table that the SQL names, and the files that hold its rows. */
interface NamedTable {
  readonly table: TableName
  readonly files: readonly ReadableFile[]
}

/** Names of tables anywhere in the text: one too many costs only time. */
function namedTables(sql: string): TableName[] {
  const words: readonly string[] = sql.toLowerCase().match(/\bhep(?:_proto_\d+_[a-z]+|scope_calls)\b/g) ?? []
  return [...new Set(words.filter(isTableName))]
}

async function copyHot(
  tables: readonly TableName[],
  { generations, sealed, covered }: StoredRows,
  folder: string,
  connection: DuckDBConnection,
): Promise<NamedTable[]> {
  const named: NamedTable[] = []
  for (const table of tables) {
    const files = [...(await sealed.files(table, connection))]
    const hot = generations.flatMap((generation) => generation.tables.get(table) ?? [])
    if (hot.length > 0) {
      const path = join(folder, `${table}.parquet`)
      const parameters = new Parameters()
      const outside = outsideOf(covered, parameters)
      const kind = kindOf(table)
      const parts = hot.map(
        ({ sqlName }) => `SELECT ${hotProjection(kind)} FROM ${hotRows(kind, sqlName, 'all')} WHERE ${outside}`,
      )
      const copy = parameters.statement(
        `COPY (${parts.join(' UNION ALL ')}) TO ${quoted(path)} (FORMAT parquet, COMPRESSION lz4)`,
      )
      await connection.run(copy.sql, copy.values, copy.types)
      files.push({ path })
    }
    named.push({ table, files })
  }
  return named
}

interface Task {
  readonly sql: string
  readonly limit: number
  readonly tables: readonly NamedTable[]
  readonly folder: string
  readonly startedMs: number
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

async function runAlone(task: Task): Promise<StoreAnswer> {
  const { tables, folder, signal, timeoutMs, startedMs } = task
  const database = await DuckDBInstance.create(':memory:', {
    memory_limit: MEMORY,
    threads: '1',
    temp_directory: join(folder, 'spill'),
    max_temp_directory_size: MAX_SPILL,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  })
  const connection = await database.connect()
  const limit = new Limit(connection, timeoutMs - (performance.now() - startedMs), signal)
  try {
    const files = tables.flatMap((table) => table.files.flatMap(({ path, deletedPath }) => [path, deletedPath ?? path]))
    await connection.run(`SET allowed_paths = [${files.map(quoted).join(', ')}]`)
    await connection.run('SET enable_external_access = false')
    await connection.run('SET lock_configuration = true')
    for (const table of tables) await connection.run(viewOf(table))
    return await select(connection, task)
  } catch (error) {
    if (limit.isReached) return givenUp(signal, timeoutMs)
    const message = firstLine(error)
    const isOurs = message.startsWith('Out of Memory') || message.startsWith('INTERNAL')
    return isOurs ? unavailable(message) : { ok: false, kind: 'invalid', message }
  } finally {
    limit.clear()
    connection.closeSync()
    database.closeSync()
  }
}

async function select(connection: DuckDBConnection, { sql, limit, startedMs }: Task): Promise<StoreAnswer> {
  const text = sql.trim().replace(/;\s*$/, '')
  if (!(await isOneSelect(connection, text))) {
    return { ok: false, kind: 'invalid', message: 'Only one SELECT is allowed' }
  }
  // A comment may end the text.
  const wrapped = `SELECT CAST(to_json(answer) AS VARCHAR) FROM (\n${text}\n) answer LIMIT ${limit + 1}`
  const rows = (await connection.runAndReadAll(wrapped)).getRows().map(([json]) => String(json))
  const items = rows.slice(0, limit)
  const keys = items[0] === undefined ? [] : Object.keys(JSON.parse(items[0]) as object)
  const hasMore = rows.length > limit
  const meta = {
    request_id: randomUUID(),
    total: items.length,
    has_more: hasMore,
    pagination: { limit, total: items.length, has_more: hasMore },
    took_ms: Math.round((performance.now() - startedMs) * 10) / 10,
  }
  const json = `{"data":{"items":[${items.join(',')}],"keys":${JSON.stringify(keys)}},"meta":${JSON.stringify(meta)}}`
  return { ok: true, json: Buffer.from(json) }
}

async function isOneSelect(connection: DuckDBConnection, sql: string): Promise<boolean> {
  const statements = await connection.extractStatements(sql)
  if (statements.count !== 1) return false
  const prepared = await statements.prepare(0)
  try {
    return prepared.statementType === StatementType.SELECT && prepared.parameterCount === 0
  } finally {
    prepared.destroySync()
  }
}

/** A view with Homer's column `date` beside those of the files. */
function viewOf({ table, files }: NamedTable): string {
  const columns = columnsOf(kindOf(table))
  if (files.length === 0) {
    const empty = columns.map(({ name, type }) => `CAST(NULL AS ${type}) AS ${name}`)
    return `CREATE VIEW ${table} AS SELECT CAST(NULL AS DATE) AS date, ${empty.join(', ')} WHERE FALSE`
  }
  const names = columns.map(({ name }) => name).join(', ')
  const whole = files.filter(({ deletedPath }) => deletedPath === undefined).map(({ path }) => quoted(path))
  const parts = files.flatMap(({ path, deletedPath }) =>
    deletedPath === undefined
      ? []
      : `SELECT ${names} FROM read_parquet(${quoted(path)}, file_row_number = true, hive_partitioning = false)
         WHERE file_row_number NOT IN (SELECT pos FROM read_parquet(${quoted(deletedPath)}))`,
  )
  if (whole.length > 0)
    parts.push(
      `SELECT ${names} FROM read_parquet([${whole.join(', ')}], union_by_name = true, hive_partitioning = false)`,
    )
  const rows = parts.join(' UNION ALL ')
  const newest = table === CALLS_TABLE ? newestCalls(rows) : ''
  return `CREATE VIEW ${table} AS SELECT CAST(timestamp AS DATE) AS date, * FROM (${rows}) ${newest}`
}

/** Of the rows of all versions: the newest row of each call, of calls that are no leg of another. */
function newestCalls(rows: string): string {
  return `WHERE joined_into IS NULL AND (uuid, version) IN (SELECT (uuid, max(version)) FROM (${rows}) GROUP BY uuid)`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function givenUp(signal: AbortSignal, timeoutMs: number): StoreAnswer {
  return unavailable(signal.aborted ? 'The query was given up' : `The query took longer than ${timeoutMs / 1000} s`)
}

function unavailable(message: string): StoreAnswer {
  return { ok: false, kind: 'unavailable', message }
}
