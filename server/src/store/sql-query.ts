import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance, StatementType } from '@duckdb/node-api'
import type { z } from 'zod'
import type { StoreAnswer } from './answer.ts'
import { firstLine, isOutOfMemory } from './database.ts'
import type { HotFunctions } from './hot-functions.ts'
import type { Layout } from './layout.ts'
import { Limit } from './limit.ts'
import { outsideOf } from './outside.ts'
import { Parameters } from './parameters.ts'
import {
  CALLS_TABLE,
  columnsOf,
  hotProjection,
  hotRows,
  isEventTable,
  isTableName,
  kindOf,
  type TableName,
} from './schema.ts'
import type { ReadableFile } from './sealed-view.ts'
import { sqlBody } from './sql-request.ts'
import { type RowPlaces, type StoredRows, takeRows } from './stored-rows.ts'

export interface SqlQueryOptions {
  readonly places: RowPlaces
  readonly layout: Layout
  /** Of the store's database; used by nothing else. */
  readonly connection: DuckDBConnection
  /** Of the store's hot rows. */
  readonly functions: HotFunctions
  readonly timeoutMs: number
}

/** What a query may take beside the store; more of it goes to disk, up to `MAX_SPILL`. */
const MEMORY = '256MB'
const MAX_SPILL = '1GB'

/**
 * Answers SQL of admins, one query at a time.
 *
 * Each runs in a database of its own that lives as long as the query, because some of DuckDB's functions change the
 * database that they are called in. Of the tables that the SQL names it can read the sealed files and the hot rows, and
 * no other file; there is no network, no extension can be loaded, and no setting changed.
 *
 * Hot rows of events stay in their blocks. Only what DuckDB itself keeps of them is copied: `HotFunctions` reads the
 * columns that the SQL needs, of the rows that it needs them of. Calls are few, and copied whole.
 */
export class SqlQueries {
  readonly #options: SqlQueryOptions
  readonly #closing = new AbortController()
  #running: Promise<StoreAnswer> | undefined
  #alone: { readonly database: DuckDBInstance; readonly connection: DuckDBConnection } | undefined

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

  /** Let go of the database of the query that runs, when the thread ends without a `close`; see `StoreEngine`. */
  release(): void {
    const alone = this.#alone
    this.#alone = undefined
    alone?.connection.closeSync()
    alone?.database.closeSync()
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
      return await this.#runAlone({ sql, limit, tables, folder, startedMs, timeoutMs, signal })
    } catch (error) {
      if (signal.aborted || left() <= 0) return givenUp(signal, timeoutMs)
      return unavailable(`The query could not begin: ${firstLine(error)}`)
    } finally {
      rows.release()
      rmSync(folder, { recursive: true, force: true })
    }
  }

  async #runAlone(task: Task): Promise<StoreAnswer> {
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
    this.#alone = { database, connection }
    const limit = new Limit(connection, timeoutMs - (performance.now() - startedMs), signal)
    try {
      const files = tables.flatMap(filesOf)
      await connection.run(`SET allowed_paths = [${files.map(quoted).join(', ')}]`)
      await connection.run('SET enable_external_access = false')
      await connection.run('SET lock_configuration = true')
      if (tables.some(({ keptPath }) => keptPath !== undefined)) this.#options.functions.register(connection)
      for (const table of tables) await connection.run(viewOf(table))
      return await select(connection, task)
    } catch (error) {
      if (limit.isReached) return givenUp(signal, timeoutMs)
      const message = firstLine(error)
      const isOurs = isOutOfMemory(error) || message.startsWith('INTERNAL')
      return isOurs ? unavailable(message) : { ok: false, kind: 'invalid', message }
    } finally {
      limit.clear()
      this.release()
    }
  }
}

/** A table that the SQL names, and where its rows are. */
interface NamedTable {
  readonly table: TableName
  readonly files: readonly ReadableFile[]
  /** Parquet file with all columns of the table and no row, for files of an older version lack some. */
  readonly columnsPath: string
  /** Parquet file of what DuckDB keeps of its hot rows, if it has any that are in blocks. */
  readonly keptPath: string | undefined
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
    const kind = kindOf(table)
    const files = [...(await sealed.files(table, connection))]
    const columnsPath = join(folder, `${table}-columns.parquet`)
    const columns = columnsOf(kind).map(({ name, type }) => `CAST(NULL AS ${type}) AS ${name}`)
    await connection.run(`COPY (SELECT ${columns.join(', ')} WHERE FALSE) TO ${quoted(columnsPath)} (FORMAT parquet)`)
    const hot = generations.flatMap((generation) => generation.tables.get(table) ?? [])
    const path = join(folder, `${table}.parquet`)
    if (hot.length > 0) {
      const parameters = new Parameters()
      const outside = outsideOf(covered, parameters)
      const wanted = isEventTable(table) ? 'rid, timestamp, epoch, seq' : hotProjection(kind)
      const parts = hot.map(({ sqlName }) => `SELECT ${wanted} FROM ${hotRows(kind, sqlName)} WHERE ${outside}`)
      const copy = parameters.statement(
        `COPY (${parts.join(' UNION ALL ')}) TO ${quoted(path)} (FORMAT parquet, COMPRESSION lz4)`,
      )
      await connection.run(copy.sql, copy.values, copy.types)
      if (!isEventTable(table)) files.push({ path })
    }
    const keptPath = hot.length > 0 && isEventTable(table) ? path : undefined
    named.push({ table, files, columnsPath, keptPath })
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

/** All files that are read for a table. */
function filesOf({ files, columnsPath, keptPath }: NamedTable): string[] {
  const paths = files.flatMap(({ path, deletedPath }) => (deletedPath === undefined ? [path] : [path, deletedPath]))
  return [...paths, columnsPath, ...(keptPath === undefined ? [] : [keptPath])]
}

/** A view with Homer's column `date` beside those of the files. */
function viewOf({ table, files, columnsPath, keptPath }: NamedTable): string {
  const kind = kindOf(table)
  const names = columnsOf(kind).map(({ name }) => name)
  const read = (paths: readonly string[], options = '') =>
    `SELECT ${names.join(', ')} FROM read_parquet([${[...paths, columnsPath].map(quoted).join(', ')}],
       union_by_name = true, hive_partitioning = false${options})`
  const whole = files.filter(({ deletedPath }) => deletedPath === undefined).map(({ path }) => path)
  const parts = files.flatMap(({ path, deletedPath }) =>
    deletedPath === undefined
      ? []
      : `${read([path], ', file_row_number = true')}
         WHERE file_row_number NOT IN (SELECT pos FROM read_parquet(${quoted(deletedPath)}))`,
  )
  if (whole.length > 0 || parts.length === 0) parts.push(read(whole))
  if (keptPath !== undefined)
    parts.push(`SELECT ${hotProjection(kind)} FROM ${hotRows(kind, `read_parquet(${quoted(keptPath)})`)}`)
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
