import { join } from 'node:path'
import type { Snapshot } from './catalog.ts'
import { expressionSql } from './expression-sql.ts'
import type { Generation } from './generation.ts'
import type { SealedFile } from './manifest.ts'
import { Parameters, type Statement } from './parameters.ts'
import { answerMembers } from './row-json.ts'
import { type Column, columnsOf, hotProjection, kindOf, protoOf, type TableName } from './schema.ts'
import { hasColumns, type MessagesRequest, type SearchRequest, type TimeRange } from './search-request.ts'

/** Columns that may hold the Call-ID of a call that a row belongs to. */
const LINK_COLUMNS = ['session_id', 'cid', 'x_call_id']
/** Most messages of one `messages` answer. */
const MAX_MESSAGES = 10_000
/** Columns that hold what was captured, or pieces of it. */
const PAYLOAD_COLUMNS: ReadonlySet<string> = new Set(['payload', 'payload_raw', 'hep_extra'])
/** Files of the first step of a search; each later one reads twice as many. */
const FIRST_STEP_FILES = 4

/**
 * One of the statements of a plan. Its columns are a row as JSON text, and what rows are ordered by: microseconds
 * since 1970, epoch and seq.
 */
export interface Step extends Statement {
  /** No row of this step or a later one is newer. */
  readonly maxTsUs: number
}

/** How a request is answered. */
export interface Plan {
  /** From new to old: the later ones are not needed if the earlier ones give enough. */
  readonly steps: readonly Step[]
  /** Members of each row, in order. */
  readonly keys: readonly string[]
  /** Rows that the answer may have; each step asks for one more, to see whether there are more. */
  readonly limit: number
  readonly isNewestFirst: boolean
}

/**
 * Plan of a search: hot and sealed rows in one, newest first.
 *
 * Values are parameters, and every name in the SQL is from our own schema.
 */
export function planSearch(request: SearchRequest, snapshot: Snapshot, dataDir: string): Plan {
  const { time, limit, conditions, expression, withPayload } = request
  const { generations, units } = snapshot
  const tables = request.tables ?? tablesIn(snapshot)
  const columns = unitedColumns(tables, withPayload)
  const files = units
    .flatMap(({ readable }) => readable)
    .filter((file) => tables.includes(file.table) && overlaps(time, file.minTsUs, file.maxTsUs))
    .sort((a, b) => b.maxTsUs - a.maxTsUs)
  const steps: Step[] = []
  for (let at = 0, size = FIRST_STEP_FILES; at === 0 || at < files.length; at += size, size *= 2) {
    const isFirst = at === 0
    const sources = new Sources(columns, isFirst ? generations : [], files.slice(at, at + size), dataDir, time)
    const filter = conditions.map((condition) => sources.parameters.condition(condition))
    for (const table of tables) {
      if (!conditions.every((condition) => hasColumns(table, condition.columns))) continue
      const q = expression === undefined ? 'TRUE' : expressionSql(expression, table, sources.parameters)
      if (q !== 'FALSE') sources.add(table, [...filter, ...(q === 'TRUE' ? [] : [q])].join(' AND '))
    }
    const maxTsUs = isFirst ? Infinity : (files[at]?.maxTsUs ?? 0)
    steps.push(...sources.steps('timestamp DESC, epoch DESC, seq DESC', limit, maxTsUs))
  }
  return { steps, keys: keysOf(columns), limit, isNewestFirst: true }
}

/** Plan of the messages of some calls, oldest first: their own, and those that name one of the Call-IDs. */
export function planMessages(request: MessagesRequest, snapshot: Snapshot, dataDir: string): Plan {
  const { generations, units } = snapshot
  const tables = request.tables ?? tablesIn(snapshot)
  const columns = unitedColumns(tables, request.withPayload)
  const files = units
    .flatMap(({ readable }) => readable)
    .filter((file) => overlaps(request.time, file.minTsUs, file.maxTsUs))
  const sources = new Sources(columns, generations, files, dataDir, request.time)
  const ids = sources.parameters.texts(request.sessionIds)
  const ips = sources.parameters.texts(request.excludedIps)
  const wanted = ips === '' ? [] : [`src_ip NOT IN (${ips})`, `dst_ip NOT IN (${ips})`]
  for (const table of tables) {
    // A read for each column instead of one with OR: each can skip what its column's minimum and maximum rule out.
    const seen: string[] = []
    for (const column of LINK_COLUMNS) {
      if (!hasColumns(table, [column])) continue
      sources.add(table, [`${column} IN (${ids})`, ...seen, ...wanted].join(' AND '))
      seen.push(`${column} NOT IN (${ids})`)
    }
  }
  const steps = sources.steps('timestamp, epoch, seq', MAX_MESSAGES, Infinity)
  return { steps, keys: keysOf(columns), limit: MAX_MESSAGES, isNewestFirst: false }
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
  readonly #columns: readonly Column[]
  readonly #generations: readonly Generation[]
  readonly #files: readonly SealedFile[]
  readonly #dataDir: string
  readonly #time: TimeRange
  readonly #timeCondition: string
  readonly #parts: string[] = []
  readonly #fileLists = new Map<TableName, string>()

  constructor(
    columns: readonly Column[],
    generations: readonly Generation[],
    files: readonly SealedFile[],
    dataDir: string,
    time: TimeRange,
  ) {
    this.#columns = columns
    this.#generations = generations
    this.#files = files
    this.#dataDir = dataDir
    this.#time = time
    this.#timeCondition = this.parameters.time(time)
  }

  /** Add the rows of a table, hot and sealed, that meet a condition; `''` for all. */
  add(table: TableName, where: string): void {
    for (const generation of this.#generations) {
      const hot = generation.tables.get(table)
      if (hot === undefined || !overlaps(this.#time, hot.minTsUs, hot.maxTsUs)) continue
      this.#addFrom(table, `(SELECT ${hotProjection(kindOf(table))} FROM ${hot.sqlName})`, where)
    }
    const files = this.#filesOf(table)
    if (files === '') return
    this.#addFrom(table, `read_parquet(${files}, union_by_name = true, hive_partitioning = false)`, where)
  }

  /** The statement over all that was added; none if there is nothing to read. */
  steps(order: string, limit: number, maxTsUs: number): Step[] {
    if (this.#parts.length === 0) return []
    const json = answerMembers(this.#columns)
      .map(({ key, sql }) => `'${key}', ${sql}`)
      .join(', ')
    const sql = `SELECT CAST(json_object(${json}) AS VARCHAR), epoch_us(timestamp), epoch, seq FROM (
      SELECT * FROM (${this.#parts.join(' UNION ALL ')}) ORDER BY ${order} LIMIT ${limit + 1}
    )`
    return [{ ...this.parameters.statement(sql), maxTsUs }]
  }

  #addFrom(table: TableName, from: string, where: string): void {
    const own = new Set(columnsOf(kindOf(table)).map(({ name }) => name))
    const list = this.#columns.map(({ name, type }) => (own.has(name) ? name : `CAST(NULL AS ${type}) AS ${name}`))
    const conditions = [this.#timeCondition, where].filter((condition) => condition !== '').join(' AND ')
    const filter = conditions === '' ? '' : ` WHERE ${conditions}`
    this.#parts.push(`SELECT ${list.join(', ')}, ${protoOf(table)} AS proto_type FROM ${from}${filter}`)
  }

  /** Parameter with the files of a table; `''` if there is none. */
  #filesOf(table: TableName): string {
    let list = this.#fileLists.get(table)
    if (list === undefined) {
      const files = this.#files.filter((file) => file.table === table)
      list = files.length === 0 ? '' : this.parameters.list(files.map((file) => join(this.#dataDir, file.path)))
      this.#fileLists.set(table, list)
    }
    return list
  }
}

function overlaps({ from, to }: TimeRange, minTsUs: number, maxTsUs: number): boolean {
  return (from === undefined || maxTsUs >= from * 1000) && (to === undefined || minTsUs < (to + 1) * 1000)
}

/** Columns of all tables, each once. */
function unitedColumns(tables: readonly TableName[], withPayload: boolean): readonly Column[] {
  const columns = new Map<string, Column>()
  // The tables with most columns first, so that the order is theirs.
  const lists = tables.map((table) => columnsOf(kindOf(table))).sort((a, b) => b.length - a.length)
  for (const column of lists.flat()) if (!columns.has(column.name)) columns.set(column.name, column)
  return [...columns.values()].filter(({ name }) => withPayload || !PAYLOAD_COLUMNS.has(name))
}

function keysOf(columns: readonly Column[]): string[] {
  return answerMembers(columns).map(({ key }) => key)
}
