import {
  type DuckDBType,
  type DuckDBValue,
  DuckDBTimestampValue,
  LIST,
  listValue,
  TIMESTAMP,
  UINTEGER,
  VARCHAR,
} from '@duckdb/node-api'
import { join } from 'node:path'
import type { Snapshot } from './catalog.ts'
import { type Column, columnsOf, hotProjection, kindOf, protoOf, type TableName } from './schema.ts'
import {
  type Condition,
  hasColumns,
  type MessagesRequest,
  type SearchRequest,
  type TimeRange,
} from './search-request.ts'

/** Columns that may hold the Call-ID of a call that a row belongs to. */
const LINK_COLUMNS = ['session_id', 'cid', 'x_call_id']

/** Most messages of one `messages` answer. */
export const MAX_MESSAGES = 10_000

/** A statement with its parameters. Its one column is a row as JSON text. */
export interface Query {
  readonly sql: string
  readonly values: Readonly<Record<string, DuckDBValue>>
  readonly types: Readonly<Record<string, DuckDBType>>
  /** Members of each row, in order. */
  readonly keys: readonly string[]
  /** Rows that the answer may have; the statement asks for one more, to see whether there are more. */
  readonly limit: number
}

/**
 * Statement of a search: hot and sealed rows in one, newest first.
 *
 * Values are parameters, and every name in the SQL is from our own schema.
 *
 * @returns undefined if no table has a row that could match
 */
export function searchQuery(request: SearchRequest, snapshot: Snapshot, dataDir: string): Query | undefined {
  const sources = new Sources(snapshot, dataDir, request.tables, request.time)
  const where = request.conditions.map((condition) => sources.parameters.condition(condition)).join(' AND ')
  for (const table of request.tables) {
    if (!request.conditions.every(({ columns }) => hasColumns(table, columns))) continue
    sources.addHot(table, where)
    sources.addSealed(table, where)
  }
  return sources.query('timestamp DESC, epoch DESC, seq DESC', request.limit)
}

/** Statement of the messages of some calls, oldest first: their own, and those that name one of the Call-IDs. */
export function messagesQuery(request: MessagesRequest, snapshot: Snapshot, dataDir: string): Query | undefined {
  const tables = request.tables ?? tablesIn(snapshot)
  const sources = new Sources(snapshot, dataDir, tables, request.time)
  const { parameters } = sources
  const ids = parameters.list(request.sessionIds, VARCHAR)
  const ips = parameters.list(request.excludedIps, VARCHAR)
  const wanted = ips === '' ? 'true' : `src_ip NOT IN (${ips}) AND dst_ip NOT IN (${ips})`
  for (const table of tables) {
    // A read for each column instead of one with OR: each can skip what its column's minimum and maximum rule out.
    const seen: string[] = []
    for (const column of LINK_COLUMNS) {
      if (!hasColumns(table, [column])) continue
      const where = [`${column} IN (${ids})`, ...seen.map((earlier) => `${earlier} NOT IN (${ids})`), wanted].join(
        ' AND ',
      )
      sources.addHot(table, where)
      sources.addSealed(table, where)
      seen.push(column)
    }
  }
  return sources.query('timestamp, epoch, seq', MAX_MESSAGES)
}

/** Every table that has a row. */
function tablesIn({ generations, units }: Snapshot): TableName[] {
  const tables = new Set<TableName>()
  for (const generation of generations) for (const table of generation.tables.keys()) tables.add(table)
  for (const unit of units) for (const file of unit.readable) tables.add(file.table)
  return [...tables].sort()
}

/** The parts of a UNION over hot tables and sealed files. */
class Sources {
  readonly parameters = new Parameters()
  readonly #snapshot: Snapshot
  readonly #dataDir: string
  readonly #time: TimeRange
  readonly #columns: readonly Column[]
  readonly #timeCondition: string
  readonly #parts: string[] = []
  readonly #fileLists = new Map<TableName, string>()

  constructor(snapshot: Snapshot, dataDir: string, tables: readonly TableName[], time: TimeRange) {
    this.#snapshot = snapshot
    this.#dataDir = dataDir
    this.#time = time
    this.#columns = unitedColumns(tables)
    this.#timeCondition = this.parameters.time(time)
  }

  addHot(table: TableName, where: string): void {
    for (const generation of this.#snapshot.generations) {
      const hot = generation.tables.get(table)
      if (hot === undefined || !this.#overlaps(hot.minTsUs, hot.maxTsUs)) continue
      this.#add(table, `(SELECT ${hotProjection(kindOf(table))} FROM ${hot.sqlName})`, where)
    }
  }

  addSealed(table: TableName, where: string): void {
    const files = this.#filesOf(table)
    if (files !== '') this.#add(table, `read_parquet(${files}, union_by_name = true, hive_partitioning = false)`, where)
  }

  query(order: string, limit: number): Query | undefined {
    if (this.#parts.length === 0) return undefined
    const members = answerMembers(this.#columns)
    const json = members.map(([key, expression]) => `'${key}', ${expression}`).join(', ')
    const { values, types } = this.parameters
    return {
      sql: `SELECT CAST(json_object(${json}) AS VARCHAR) FROM (
              SELECT * FROM (${this.#parts.join(' UNION ALL ')}) ORDER BY ${order} LIMIT ${limit + 1}
            )`,
      values,
      types,
      keys: members.map(([key]) => key),
      limit,
    }
  }

  #add(table: TableName, from: string, where: string): void {
    const own = new Set(columnsOf(kindOf(table)).map(({ name }) => name))
    const list = this.#columns.map(({ name, type }) => (own.has(name) ? name : `CAST(NULL AS ${type}) AS ${name}`))
    const conditions = [this.#timeCondition, where].filter((condition) => condition !== '').join(' AND ')
    const filter = conditions === '' ? '' : ` WHERE ${conditions}`
    this.#parts.push(`SELECT ${list.join(', ')}, ${protoOf(table)} AS proto_type FROM ${from}${filter}`)
  }

  /** Parameter with the files of a table that may have rows in the time range; `''` if there is none. */
  #filesOf(table: TableName): string {
    let list = this.#fileLists.get(table)
    if (list === undefined) {
      const paths = this.#snapshot.units.flatMap(({ readable }) =>
        readable
          .filter((file) => file.table === table && this.#overlaps(file.minTsUs, file.maxTsUs))
          .map((file) => join(this.#dataDir, file.path)),
      )
      list = paths.length === 0 ? '' : this.parameters.add(listValue(paths), LIST(VARCHAR))
      this.#fileLists.set(table, list)
    }
    return list
  }

  #overlaps(minTsUs: number, maxTsUs: number): boolean {
    const { from, to } = this.#time
    return (from === undefined || maxTsUs >= from * 1000) && (to === undefined || minTsUs < (to + 1) * 1000)
  }
}

/** Values of a statement, each bound under a name of its own. */
class Parameters {
  readonly values: Record<string, DuckDBValue> = {}
  readonly types: Record<string, DuckDBType> = {}
  #count = 0

  /** @returns the placeholder */
  add(value: DuckDBValue, type: DuckDBType): string {
    const name = `p${this.#count++}`
    this.values[name] = value
    this.types[name] = type
    return `$${name}`
  }

  list(values: readonly (string | number)[], type: DuckDBType): string {
    return values.map((value) => this.add(value, type)).join(', ')
  }

  time({ from, to }: TimeRange): string {
    const conditions: string[] = []
    const timestamp = (ms: number) => this.add(new DuckDBTimestampValue(BigInt(ms) * 1000n), TIMESTAMP)
    if (from !== undefined) conditions.push(`timestamp >= ${timestamp(from)}`)
    // `to` names a whole millisecond.
    if (to !== undefined) conditions.push(`timestamp < ${timestamp(to + 1)}`)
    return conditions.join(' AND ')
  }

  condition({ columns, match, values }: Condition): string {
    const type = typeof values[0] === 'number' ? UINTEGER : VARCHAR
    const placeholders = match === 'like' ? this.list(values.map(likePattern), type) : this.list(values, type)
    const alternatives = columns.map((column) => {
      switch (match) {
        case 'equals':
          return `${column} IN (${placeholders})`
        case 'like':
          return `${column} LIKE ${placeholders} ESCAPE '\\'`
        case 'contains':
          return `contains(${column}, ${placeholders})`
        case 'contains-any-case':
          return `contains(lower(${column}), lower(${placeholders}))`
      }
    })
    return `(${alternatives.join(' OR ')})`
  }
}

/** Only `%` is special to our users; Call-IDs are full of `_`. */
function likePattern(value: string | number): string {
  return String(value).replace(/[\\_]/g, '\\$&')
}

/** Columns of all tables, each once. */
function unitedColumns(tables: readonly TableName[]): readonly Column[] {
  const columns = new Map<string, Column>()
  // The tables with most columns first, so that the order is theirs.
  const lists = tables.map((table) => columnsOf(kindOf(table))).sort((a, b) => b.length - a.length)
  for (const column of lists.flat()) if (!columns.has(column.name)) columns.set(column.name, column)
  return [...columns.values()]
}

const ISO = `strftime(timestamp, '%Y-%m-%dT%H:%M:%S.%fZ')`

/** Members of a row of an answer, and the SQL that makes each. */
function answerMembers(columns: readonly Column[]): (readonly [string, string])[] {
  const members = columns.flatMap(({ name, type }): (readonly [string, string])[] => {
    if (name === 'uuid')
      return [
        ['uuid', 'CAST(uuid AS VARCHAR)'],
        ['proto_type', 'proto_type'],
      ]
    if (name === 'timestamp') {
      return [
        ['date', `strftime(timestamp, '%Y-%m-%d')`],
        ['timestamp', ISO],
        ['ts_us', 'epoch_us(timestamp)'],
      ]
    }
    return [[name, type === 'BLOB' ? `to_base64(${name})` : name]]
  })
  const isSip = columns.some(({ name }) => name === 'from_host')
  return [...members, ['data_extra', isSip ? SIP_EXTRA : OTHER_EXTRA]]
}

const OTHER_EXTRA = `json_object('version', hep_version, 'proto_type', proto_type)`
/** Homer's names for what is in columns of ours. */
const SIP_EXTRA = `CASE WHEN proto_type <> 1 THEN ${OTHER_EXTRA} ELSE json_object(
  'version', hep_version, 'from_host', from_host, 'to_host', to_host, 'user_agent', user_agent, 'cseq', cseq,
  'response_code', response_code, 'response_reason', reason, 'from_tag', from_tag, 'to_tag', to_tag,
  'branch', branch, 'x_call_id', x_call_id) END`
