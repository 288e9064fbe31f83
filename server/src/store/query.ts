import { expressionSql } from './expression-sql.ts'
import { hashConditions } from './hot-columns.ts'
import { outsideOf } from './outside.ts'
import { Parameters, type Statement } from './parameters.ts'
import { answerMembers } from './row-json.ts'
import {
  type Column,
  columnsOf,
  type EventTable,
  hotProjection,
  hotRows,
  isEventTable,
  kindOf,
  LINK_COLUMNS,
  protoOf,
  type TableName,
} from './schema.ts'
import { overlaps, type SealedStep } from './sealed-view.ts'
import {
  type Condition,
  hasColumns,
  MAX_MESSAGES,
  type MessagesRequest,
  type SearchRequest,
  type TimeRange,
} from './search-request.ts'
import type { StoredRows } from './stored-rows.ts'

const NEWEST_FIRST = 'timestamp DESC, epoch DESC, seq DESC'
const OLDEST_FIRST = 'timestamp, epoch, seq'
/** A condition that costs more than a sort of what it finds. All values are parameters, so the word is a column. */
const READS_PAYLOAD = /\bpayload/
/** Columns that hold what was captured, or pieces of it. */
const PAYLOAD_COLUMNS: ReadonlySet<string> = new Set(['payload', 'payload_raw', 'hep_extra'])

/**
 * One of the statements of a plan. Its columns are a row as JSON text, and what rows are ordered by: microseconds
 * since 1970, epoch and seq. It has a parameter at least: it is streamed, see `Statement`.
 */
export interface Step extends Statement {
  /** Has to be found first. */
  readonly oldest?: OldestWanted
  /** No row of this step or a later one is newer. */
  readonly maxTsUs: number
  /** True if its rows are in a lake, which may be out of reach. */
  readonly isRemote: boolean
}

/**
 * Which of the sealed rows are new enough for an answer. Files are ordered by call, so without it DuckDB would sort
 * every row that was found, payload and all, to throw most of them away.
 */
export interface OldestWanted {
  /** Gives one value: microseconds since 1970, or NULL if nothing is found. */
  readonly statement: Statement
  /** Name of the value in the statement of the step. */
  readonly parameter: string
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
export function planSearch(request: SearchRequest, rows: StoredRows): Plan {
  const { time, limit, conditions, expression, withPayload } = request
  const tables = request.tables ?? tablesIn(rows)
  const columns = unitedColumns(tables, withPayload)
  const isFew = idsOfSearch(request) !== undefined
  const steps: Step[] = []
  for (const { hot, sealed } of readsOf(rows, rows.sealed.steps(tables, time))) {
    const sources = new Sources({ columns, hot, sealed, time, order: NEWEST_FIRST, limit, isFew })
    const filter = conditions.map((condition) => sources.parameters.condition(condition))
    for (const table of tables) {
      if (!conditions.every((condition) => hasColumns(table, condition.columns))) continue
      const q = expression === undefined ? 'TRUE' : expressionSql(expression, table, sources.parameters)
      if (q !== 'FALSE') sources.add(table, [...filter, ...(q === 'TRUE' ? [] : [q])].join(' AND '), conditions)
    }
    steps.push(...sources.steps())
  }
  return { steps, keys: keysOf(columns), limit, isNewestFirst: true }
}

/** Plan of the messages of some calls, oldest first: their own, and those that name one of the Call-IDs. */
export function planMessages(request: MessagesRequest, rows: StoredRows): Plan {
  const tables = request.tables ?? tablesIn(rows)
  const columns = unitedColumns(tables, request.withPayload)
  const steps: Step[] = []
  for (const { hot, sealed } of readsOf(rows, rows.sealed.all(tables, request.time))) {
    const { time, sessionIds } = request
    const sources = new Sources({ columns, hot, sealed, time, order: OLDEST_FIRST, limit: MAX_MESSAGES, isFew: true })
    const ids = sources.parameters.texts(request.sessionIds)
    const ips = sources.parameters.texts(request.excludedIps)
    const wanted = ips === '' ? [] : [`src_ip NOT IN (${ips})`, `dst_ip NOT IN (${ips})`]
    for (const table of tables) {
      const links = ids === '' ? [] : LINK_COLUMNS.filter((column) => hasColumns(table, [column]))
      if (links.length > 0) {
        const condition: Condition = { columns: links, match: 'equals', values: sessionIds }
        sources.addHot(table, [sources.parameters.condition(condition), ...wanted].join(' AND '), [condition])
      }
      // In files a read for each instead of one with OR: each can skip what its column's minimum and maximum rule out.
      const seen: string[] = []
      for (const column of links) {
        sources.addSealed(table, [`${column} IN (${ids})`, ...seen, ...wanted].join(' AND '))
        seen.push(`${column} NOT IN (${ids})`)
      }
      const media = mediaSql(request.media, sources.parameters)
      if (media !== '') sources.add(table, [media, ...wanted].join(' AND '), [])
    }
    steps.push(...sources.steps())
  }
  return { steps, keys: keysOf(columns), limit: MAX_MESSAGES, isNewestFirst: false }
}

/** Ids of which every row of an answer has one in its `LINK_COLUMNS`; undefined if there may be others. */
export function idsOfSearch({ conditions }: SearchRequest): readonly string[] | undefined {
  const found = conditions.find(
    ({ columns, match }) => match === 'equals' && columns.every((column) => LINK_COLUMNS.includes(column)),
  )
  return found?.values.map(String)
}

/** The same for `planMessages`. */
export function idsOfMessages({ sessionIds, media }: MessagesRequest): readonly string[] | undefined {
  return media.length > 0 ? undefined : sessionIds
}

/** Rows from or to some addresses whose correlation id names no call; `''` if there are no addresses. */
function mediaSql(media: MessagesRequest['media'], parameters: Parameters): string {
  const portsByIp = new Map<string, number[]>()
  for (const { ip, port } of media) portsByIp.set(ip, [...(portsByIp.get(ip) ?? []), port])
  const ends = [...portsByIp].flatMap(([ip, ports]) => {
    const address = parameters.text(ip)
    const list = ports.join(', ')
    return [`(src_ip = ${address} AND src_port IN (${list}))`, `(dst_ip = ${address} AND dst_port IN (${list}))`]
  })
  // What agents write where they have no id to give.
  return ends.length === 0 ? '' : `(length(cid) < 4 OR cid = '<null>') AND (${ends.join(' OR ')})`
}

/** Every table that has an event. */
function tablesIn({ generations, sealed }: StoredRows): EventTable[] {
  const tables = new Set<TableName>(sealed.tables)
  for (const generation of generations) for (const table of generation.tables.keys()) tables.add(table)
  return [...tables].filter(isEventTable).sort()
}

/** What one statement reads: the hot rows, a step of the sealed ones, or both. */
interface Read {
  readonly hot: StoredRows | undefined
  readonly sealed: SealedStep | undefined
}

/** One read for each step. The hot rows go with the first, but never with a lake: it may be out of reach. */
function readsOf(rows: StoredRows, steps: readonly SealedStep[]): Read[] {
  const [first, ...others] = steps
  const isTogether = first?.place === 'files'
  const rest = isTogether ? others : steps
  return [{ hot: rows, sealed: isTogether ? first : undefined }, ...rest.map((sealed) => ({ hot: undefined, sealed }))]
}

/** Which rows a statement gives. */
interface Wanted {
  readonly columns: readonly Column[]
  readonly hot: StoredRows | undefined
  readonly sealed: SealedStep | undefined
  readonly time: TimeRange
  readonly order: string
  /** One more is asked for. */
  readonly limit: number
  /** True if fewer are found, as a rule, than may be given. */
  readonly isFew: boolean
}

/** The parts of a UNION over hot tables and sealed rows. */
class Sources {
  readonly parameters = new Parameters()
  readonly #wanted: Wanted
  readonly #timeCondition: string
  readonly #parts: string[] = []
  /** The times of the sealed rows among them. */
  readonly #sealedTimes: string[] = []
  #oldest: string | undefined

  constructor(wanted: Wanted) {
    this.#wanted = wanted
    this.#timeCondition = this.parameters.time(wanted.time)
  }

  /**
   * Add the rows of a table, hot and sealed, that meet a condition; `''` for all.
   *
   * @param conditions that `where` has among others: those on equal texts are found by their hash
   */
  add(table: EventTable, where: string, conditions: readonly Condition[]): void {
    this.addHot(table, where, conditions)
    this.addSealed(table, where)
  }

  addHot(table: EventTable, where: string, conditions: readonly Condition[]): void {
    const { hot, time } = this.#wanted
    const outside = outsideOf(hot?.covered ?? [], this.parameters)
    for (const generation of hot?.generations ?? []) {
      const part = generation.tables.get(table)
      if (part === undefined || !overlaps(time, part.minTsUs, part.maxTsUs)) continue
      this.#addFrom(table, this.#hotRows(table, part.sqlName, outside, where, conditions), '')
    }
  }

  addSealed(table: EventTable, where: string): void {
    const from = this.#wanted.sealed?.from(table, this.parameters)
    if (from === undefined) return
    const found = this.#withTime(where)
    if (this.#wanted.isFew || READS_PAYLOAD.test(found)) {
      this.#addFrom(table, from, found)
      return
    }
    this.#oldest ??= this.parameters.later()
    const isNew = `timestamp >= make_timestamp($${this.#oldest})`
    this.#addFrom(table, from, found === '' ? isNew : `${isNew} AND ${found}`)
    this.#sealedTimes.push(`SELECT timestamp FROM ${from}${found === '' ? '' : ` WHERE ${found}`}`)
  }

  /** The statement over all that was added; none if there is nothing to read. */
  steps(): Step[] {
    const { columns, hot, sealed, order, limit } = this.#wanted
    if (this.#parts.length === 0) return []
    const json = answerMembers(columns)
      .map(({ key, sql }) => `'${key}', ${sql}`)
      .join(', ')
    const sql = `SELECT CAST(json_object(${json}) AS VARCHAR), epoch_us(timestamp), epoch, seq FROM (
      SELECT * FROM (${this.#parts.join(' UNION ALL ')}) ORDER BY ${order} LIMIT ${limit + 1}
    ) WHERE ${this.parameters.always()}`
    const maxTsUs = hot === undefined ? (sealed?.maxTsUs ?? Infinity) : Infinity
    const oldest = this.#oldestWanted()
    const step = { ...this.parameters.statement(sql), maxTsUs, isRemote: sealed?.place === 'lake' }
    return [oldest === undefined ? step : { ...step, oldest }]
  }

  #oldestWanted(): OldestWanted | undefined {
    if (this.#oldest === undefined) return undefined
    const times = `SELECT timestamp FROM (${this.#sealedTimes.join(' UNION ALL ')})`
    const newest = `${times} ORDER BY timestamp DESC LIMIT ${this.#wanted.limit + 1}`
    const statement = this.parameters.statement(`SELECT epoch_us(min(timestamp)) FROM (${newest})`)
    return { statement, parameter: this.#oldest }
  }

  /** The rows are found by a few columns; all are read of those only that may be in the answer. */
  #hotRows(
    table: EventTable,
    sqlName: string,
    outside: string,
    where: string,
    conditions: readonly Condition[],
  ): string {
    const { order, limit } = this.#wanted
    const kind = kindOf(table)
    const hashes = conditions.flatMap(({ columns, match, values }) => {
      if (match !== 'equals') return []
      const texts = values.filter((value) => typeof value === 'string')
      const found = texts.length < values.length ? undefined : hashConditions(kind !== 'other', columns, texts)
      return found === undefined ? [] : [found]
    })
    const [alternatives = ['TRUE'], ...others] = hashes
    const rest = others.map((conditions) => ` AND (${conditions.join(' OR ')})`).join('')
    // A scan for each: with OR DuckDB would also try whether it is quicker to look at the texts of all rows first.
    const some = `(${alternatives.map((hash) => `SELECT * FROM ${sqlName} WHERE ${hash}${rest}`).join(' UNION ')})`
    const all = `SELECT rid, ${hotProjection(kind)} FROM ${hotRows(kind, some)} WHERE ${outside}`
    const conditionText = this.#withTime(where)
    const filter = conditionText === '' ? '' : ` WHERE ${conditionText}`
    const found = `(SELECT rid, timestamp, epoch, seq FROM (${all})${filter} ORDER BY ${order} LIMIT ${limit + 1})`
    return `(SELECT ${hotProjection(kind)} FROM ${hotRows(kind, found, 'all')})`
  }

  #withTime(where: string): string {
    return [this.#timeCondition, where].filter((condition) => condition !== '').join(' AND ')
  }

  #addFrom(table: EventTable, from: string, where: string): void {
    const own = new Set(columnsOf(kindOf(table)).map(({ name }) => name))
    const { columns } = this.#wanted
    const list = columns.map(({ name, type }) => (own.has(name) ? name : `CAST(NULL AS ${type}) AS ${name}`))
    const filter = where === '' ? '' : ` WHERE ${where}`
    this.#parts.push(`SELECT ${list.join(', ')}, ${protoOf(table)} AS proto_type FROM ${from}${filter}`)
  }
}

/** Columns of all tables, each once. */
function unitedColumns(tables: readonly EventTable[], withPayload: boolean): readonly Column[] {
  const columns = new Map<string, Column>()
  // The tables with most columns first, so that the order is theirs.
  const lists = tables.map((table) => columnsOf(kindOf(table))).sort((a, b) => b.length - a.length)
  for (const column of lists.flat()) if (!columns.has(column.name)) columns.set(column.name, column)
  return [...columns.values()].filter(({ name }) => withPayload || !PAYLOAD_COLUMNS.has(name))
}

function keysOf(columns: readonly Column[]): string[] {
  return answerMembers(columns).map(({ key }) => key)
}
