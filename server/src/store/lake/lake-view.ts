import type { DuckDBConnection } from '@duckdb/node-api'
import { columnsOf, isTableName, kindOf, type TableName } from '../schema.ts'
import type { TimeRange } from '../search-request.ts'
import { overlaps, type ReadableFile, type SealedStep, type SealedView } from '../sealed-view.ts'
import { isPostgres, LAKE, METADATA, quoted } from './lake-connection.ts'
import { isRemotePath, type LakeOptions } from './lake-options.ts'

/** Files of the first step of a search; each later one reads twice as many. */
const FIRST_STEP_FILES = 4

/** One Parquet file of a version. */
export interface LakeFile {
  readonly table: TableName
  /** As DuckDB opens it. */
  readonly path: string
  readonly rows: number
  readonly bytes: number
  /** Begin of the day on which its rows were sealed, ms since 1970. */
  readonly storedMs: number
  readonly minTsUs: number
  readonly maxTsUs: number
}

/** A version of the lake, as a search reads it. What others commit later is not in it. */
export class LakeView implements SealedView {
  /** DuckLake's number of the snapshot. */
  readonly version: number
  /** When it was committed, ms since 1970. */
  readonly committedMs: number
  readonly contents: readonly LakeFile[]
  readonly tables: readonly TableName[]
  readonly #columns: ReadonlyMap<TableName, ReadonlySet<string>>

  constructor(
    { version, committedMs }: { readonly version: number; readonly committedMs: number },
    contents: readonly LakeFile[],
    columns: ReadonlyMap<TableName, ReadonlySet<string>>,
  ) {
    this.version = version
    this.committedMs = committedMs
    this.contents = contents
    this.tables = [...new Set(contents.map(({ table }) => table))]
    this.#columns = columns
  }

  steps(tables: readonly TableName[], time: TimeRange): readonly SealedStep[] {
    const files = this.#found(tables, time)
    const steps: SealedStep[] = []
    let upper = Infinity
    for (let at = 0, size = FIRST_STEP_FILES; at < files.length; at += size, size *= 2) {
      const lower = files[at + size]?.maxTsUs ?? -Infinity
      // Files of the same time are read together.
      if (lower === upper) continue
      steps.push(this.#step(files, lower, upper))
      upper = lower
    }
    return steps
  }

  all(tables: readonly TableName[], time: TimeRange): readonly SealedStep[] {
    const files = this.#found(tables, time)
    return files.length === 0 ? [] : [this.#step(files, -Infinity, Infinity)]
  }

  async files(table: TableName, connection: DuckDBConnection): Promise<readonly ReadableFile[]> {
    if (!this.tables.includes(table)) return []
    const merged = await connection.runAndReadAll(
      `SELECT count(*) FROM ${METADATA}.ducklake_data_file WHERE partial_max > ${this.version}`,
    )
    if (Number(merged.getRows()[0]?.[0]) > 0) throw new Error('files were put together just now; ask again')
    const list = await connection.runAndReadAll(
      `SELECT data_file, delete_file FROM ducklake_list_files('${LAKE}', '${table}', snapshot_version => ${this.version})`,
    )
    const files = list.getRows().map(([path, deleted]) => ({
      path: String(path),
      ...(deleted !== null && { deletedPath: String(deleted) }),
    }))
    if (files.some(({ path }) => isRemotePath(path)))
      throw new Error('the rows are in an object store, where SQL of this kind cannot read them')
    return files
  }

  #found(tables: readonly TableName[], time: TimeRange): LakeFile[] {
    return this.contents
      .filter((file) => tables.includes(file.table) && overlaps(time, file.minTsUs, file.maxTsUs))
      .sort((a, b) => b.maxTsUs - a.maxTsUs)
  }

  /** The rows that are newer than `lower` and not newer than `upper`. */
  #step(files: readonly LakeFile[], lower: number, upper: number): SealedStep {
    const inside = files.filter(({ minTsUs, maxTsUs }) => maxTsUs > lower && minTsUs <= upper)
    const tables = new Set(inside.map(({ table }) => table))
    return {
      maxTsUs: Math.min(upper, files[0]?.maxTsUs ?? Infinity),
      place: 'lake',
      from: (table) => (tables.has(table) ? this.#from(table, lower, upper) : undefined),
    }
  }

  #from(table: TableName, lower: number, upper: number): string {
    const present = this.#columns.get(table) ?? new Set()
    // A lake of an older version lacks some.
    const columns = columnsOf(kindOf(table)).map(({ name, type }) =>
      present.has(name) ? name : `CAST(NULL AS ${type}) AS ${name}`,
    )
    const time: string[] = []
    if (lower > -Infinity) time.push(`timestamp > make_timestamp(${lower})`)
    if (upper < Infinity) time.push(`timestamp <= make_timestamp(${upper})`)
    const where = time.length === 0 ? '' : ` WHERE ${time.join(' AND ')}`
    return `(SELECT ${columns.join(', ')} FROM ${LAKE}.${table} AT (VERSION => ${this.version})${where})`
  }
}

/** Number of the lake's newest version. @throws DuckDB's error if the catalog cannot be reached */
export async function newestVersion(connection: DuckDBConnection): Promise<number> {
  const reader = await connection.runAndReadAll(`FROM ducklake_current_snapshot('${LAKE}')`)
  return Number(reader.getRows()[0]?.[0])
}

/** Read what a version of the lake consists of. @throws DuckDB's error */
export async function readView(connection: DuckDBConnection, version: number, options: LakeOptions): Promise<LakeView> {
  const [[committedMs] = []] = await ask(connection, options, timeQuery(version))
  const files = await ask(connection, options, filesQuery(version))
  const columns = await ask(connection, options, columnsQuery(version))
  const columnsByTable = new Map<TableName, Set<string>>()
  for (const [table, column] of columns) {
    const name = String(table)
    if (!isTableName(name)) continue
    const known = columnsByTable.get(name)
    if (known === undefined) columnsByTable.set(name, new Set([String(column)]))
    else known.add(String(column))
  }
  return new LakeView(
    { version, committedMs: Number(committedMs) },
    files.flatMap(([table, rows, bytes, min, max, stored, ...places]) => {
      const name = String(table)
      if (!isTableName(name)) return []
      return {
        table: name,
        path: pathOf(options, places),
        rows: Number(rows),
        bytes: Number(bytes),
        storedMs: Date.parse(String(stored)),
        minTsUs: usOf(min, -Infinity),
        maxTsUs: usOf(max, Infinity),
      }
    }),
    columnsByTable,
  )
}

/** Paths of all files that any version has, or that are to be removed; each ends with a name of its own. */
export async function knownPaths(connection: DuckDBConnection, options: LakeOptions): Promise<string[]> {
  const tables = ['ducklake_data_file', 'ducklake_delete_file', 'ducklake_files_scheduled_for_deletion']
  const rows = await ask(connection, options, tables.map((table) => `SELECT path FROM ${table}`).join(' UNION ALL '))
  return rows.map(([path]) => String(path))
}

/** Each place is relative to the one before, or not: schema, table, file. */
function pathOf({ dataPath }: LakeOptions, places: readonly unknown[]): string {
  let path = dataPath.endsWith('/') ? dataPath : `${dataPath}/`
  for (let i = 0; i < places.length; i += 2)
    path = places[i + 1] === true ? `${path}${String(places[i])}` : String(places[i])
  return path
}

/** Microseconds of a timestamp as catalogs write it; `unknown` for what is none. */
function usOf(text: unknown, unknown: number): number {
  const parts = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?$/.exec(String(text))
  if (parts === null) return unknown
  return Date.parse(`${parts[1]}T${parts[2]}Z`) * 1000 + Number((parts[3] ?? '').padEnd(6, '0'))
}

/** Ask the tables of the catalog: PostgreSQL joins them itself, so that only the answer is sent. */
async function ask(connection: DuckDBConnection, options: LakeOptions, sql: string): Promise<readonly unknown[][]> {
  const query = isPostgres(options)
    ? `FROM postgres_query('${METADATA}', ${quoted(sql)})`
    : sql.replaceAll('ducklake_', `${METADATA}.ducklake_`)
  return (await connection.runAndReadAll(query)).getRows()
}

const isIn = (name: string, version: number): string =>
  `${name}.begin_snapshot <= ${version} AND (${name}.end_snapshot IS NULL OR ${name}.end_snapshot > ${version})`

function timeQuery(version: number): string {
  return `SELECT CAST(1000 * extract(epoch FROM snapshot_time) AS BIGINT) FROM ducklake_snapshot WHERE snapshot_id = ${version}`
}

function filesQuery(version: number): string {
  return `SELECT t.table_name, f.record_count, f.file_size_bytes, s.min_value, s.max_value, d.partition_value,
      h.path AS path_1, h.path_is_relative AS is_relative_1, t.path AS path_2, t.path_is_relative AS is_relative_2,
      f.path AS path_3, f.path_is_relative AS is_relative_3
    FROM ducklake_table t JOIN ducklake_data_file f ON f.table_id = t.table_id
    JOIN ducklake_schema h ON h.schema_id = t.schema_id AND h.end_snapshot IS NULL
    LEFT JOIN ducklake_file_partition_value d
      ON d.data_file_id = f.data_file_id AND d.table_id = t.table_id AND d.partition_key_index = 0
    JOIN ducklake_column c ON c.table_id = t.table_id AND c.column_name = 'timestamp'
    LEFT JOIN ducklake_file_column_stats s
      ON s.data_file_id = f.data_file_id AND s.table_id = t.table_id AND s.column_id = c.column_id
    WHERE ${isIn('t', version)} AND ${isIn('f', version)} AND ${isIn('c', version)}`
}

function columnsQuery(version: number): string {
  return `SELECT t.table_name, c.column_name FROM ducklake_table t JOIN ducklake_column c ON c.table_id = t.table_id
    WHERE ${isIn('t', version)} AND ${isIn('c', version)} AND c.parent_column IS NULL`
}
