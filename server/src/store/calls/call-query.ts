import type { Plan, Step } from '../query.ts'
import { Parameters } from '../parameters.ts'
import { CALLS_TABLE, hotProjection } from '../schema.ts'
import { overlaps } from '../sealed-view.ts'
import type { TimeRange } from '../search-request.ts'
import type { StoredRows } from '../stored-rows.ts'
import { filterSql } from './call-conditions.ts'
import { callExpressionSql } from './call-expression-sql.ts'
import type { CallsRequest } from './call-request.ts'
import { CALL_COLUMNS } from './columns.ts'

/** Whole milliseconds since 1970, both ends included; undefined: without an end. */
interface Slice extends TimeRange {
  /** No call of this slice or a later one began after it; microseconds since 1970. */
  readonly maxTsUs: number
}

const COLUMNS: readonly string[] = CALL_COLUMNS.map(({ name }) => name)

/**
 * Plan of a search for calls, newest first.
 *
 * First the calls that have hot rows, which are always newer than sealed ones of the same call; then all others. A call
 * may have rows in many files, but all of them have the same `timestamp`: so each step reads everything of a slice of
 * time, however new the file, and the newest row of a call is among what it reads.
 */
export function planCalls(request: CallsRequest, rows: StoredRows): Plan {
  const steps = slicesOf(request.time, rows).flatMap((slice) => sealedStep(request, slice, rows) ?? [])
  const hot = hotStep(request, rows)
  return {
    steps: hot === undefined ? steps : [hot, ...steps],
    keys: MEMBERS.map(({ key }) => key),
    limit: request.limit,
    isNewestFirst: true,
  }
}

function slicesOf({ from, to }: TimeRange, { sealed }: StoredRows): Slice[] {
  const [, ...ends] = sealed.steps([CALLS_TABLE], {
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  })
  const slices: Slice[] = []
  let lastMs = to
  for (const { maxTsUs } of ends) {
    const endMs = Math.floor(maxTsUs / 1000)
    if (!Number.isFinite(endMs) || (lastMs !== undefined && endMs >= lastMs)) continue
    if (from !== undefined && endMs < from) break
    slices.push(sliceOf(endMs + 1, lastMs))
    lastMs = endMs
  }
  return [...slices, sliceOf(from, lastMs)]
}

function sliceOf(from: number | undefined, to: number | undefined): Slice {
  const maxTsUs = to === undefined ? Infinity : to * 1000 + 999
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }), maxTsUs }
}

function hotStep(request: CallsRequest, rows: StoredRows): Step | undefined {
  const parameters = new Parameters()
  const hot = hotTables(rows, request.time).map((name) => `SELECT ${hotProjection('calls')} FROM ${name}`)
  if (hot.length === 0) return undefined
  const within = parameters.time(request.time)
  const sql = newestSql(hot.join(' UNION ALL '), within === '' ? [] : [within], request, parameters)
  return { ...parameters.statement(sql), maxTsUs: Infinity, isRemote: false }
}

function sealedStep(request: CallsRequest, { maxTsUs, ...time }: Slice, rows: StoredRows): Step | undefined {
  const parameters = new Parameters()
  const within = parameters.time(time)
  const where = within === '' ? '' : ` WHERE ${within}`
  const parts: string[] = []
  let isRemote = false
  for (const step of rows.sealed.all([CALLS_TABLE], time)) {
    const from = step.from(CALLS_TABLE, parameters)
    if (from === undefined) continue
    if (step.place === 'lake') isRemote = true
    parts.push(`SELECT ${COLUMNS.join(', ')} FROM ${from}${where}`)
  }
  if (parts.length === 0) return undefined
  const hot = hotTables(rows, time).map((name) => `SELECT uuid FROM ${name}`)
  const others = hot.length === 0 ? [] : [`uuid NOT IN (${hot.join(' UNION ALL ')})`]
  const sql = newestSql(parts.join(' UNION ALL '), others, request, parameters)
  return { ...parameters.statement(sql), maxTsUs, isRemote }
}

function hotTables({ generations }: StoredRows, time: TimeRange): string[] {
  return generations.flatMap((generation) => {
    const hot = generation.tables.get(CALLS_TABLE)
    return hot === undefined || !overlaps(time, hot.minTsUs, hot.maxTsUs) ? [] : [hot.sqlName]
  })
}

/** @param rows select list of all columns, the newest row of each call among it */
function newestSql(
  rows: string,
  more: readonly string[],
  { filter, expression, limit }: CallsRequest,
  parameters: Parameters,
): string {
  const conditions = [
    `(uuid, version) IN (SELECT (uuid, max(version)) FROM (${rows}) GROUP BY uuid)`,
    'joined_into IS NULL',
    ...more,
    ...filterSql(filter, parameters),
    ...(expression === undefined ? [] : [callExpressionSql(expression, parameters)]),
  ]
  const json = MEMBERS.map(({ key, sql }) => `'${key}', ${sql}`).join(', ')
  return `SELECT CAST(json_object(${json}) AS VARCHAR), epoch_us(timestamp), epoch, seq FROM (
    SELECT * FROM (${rows}) WHERE ${conditions.join(' AND ')}
    ORDER BY timestamp DESC, epoch DESC, seq DESC LIMIT ${limit + 1}
  ) WHERE ${parameters.always()}`
}

/** Members of a row of an answer: `timestamp` as in a search, other times as microseconds since 1970. */
const MEMBERS = CALL_COLUMNS.flatMap(({ name, type }) => {
  switch (name) {
    case 'joined_into':
      return []
    case 'uuid':
      return [{ key: 'uuid', sql: 'CAST(uuid AS VARCHAR)' }]
    case 'timestamp':
      return [
        { key: 'date', sql: `strftime(timestamp, '%Y-%m-%d')` },
        { key: 'timestamp', sql: `strftime(timestamp, '%Y-%m-%dT%H:%M:%S.%fZ')` },
        { key: 'ts_us', sql: 'epoch_us(timestamp)' },
      ]
    default:
      return [type === 'TIMESTAMP' ? { key: `${name}_us`, sql: `epoch_us(${name})` } : { key: name, sql: name }]
  }
})
