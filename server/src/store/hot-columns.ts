import { TEXT, type TextColumn } from '@hepscope/shared/event/columns.ts'
import { hashText } from './text-hash.ts'

/** Where the rows of a block have a column of a hot table. */
export type Fill =
  | { readonly kind: 'text'; readonly column: TextColumn }
  | { readonly kind: 'bytes'; readonly column: TextColumn }
  | { readonly kind: 'number'; readonly column: NumberColumn }
  | { readonly kind: 'srcIp' | 'dstIp' | 'node' | 'methodName' | 'payload' | 'payloadRaw' }
  | { readonly kind: 'uuid' }

/** Columns of an EventBlock that hold one number a row. */
export type NumberColumn =
  'srcPort' | 'dstPort' | 'ipProtocol' | 'agentId' | 'flags' | 'hepVersion' | 'statusCode' | 'cseqNumber'

/** SQL function that reads a column of a hot row from its block; see `HotFunctions`. */
export const HOT_FUNCTIONS = ['hot_text', 'hot_bytes', 'hot_number', 'hot_uuid'] as const
export type HotFunction = (typeof HOT_FUNCTIONS)[number]

/** A column of a hot table that is read from the blocks. */
export interface HotColumn {
  readonly name: string
  readonly read: HotFunction
  readonly fill: Fill
}

const text = (name: string, column: TextColumn): HotColumn => ({
  name,
  read: 'hot_text',
  fill: { kind: 'text', column },
})
const number = (name: string, column: NumberColumn): HotColumn => ({
  name,
  read: 'hot_number',
  fill: { kind: 'number', column },
})

/** Columns that DuckDB keeps a hash of, so that a value is found without a look at each row's block. */
export const HASHED_COLUMNS = [
  { name: 'session_id', column: TEXT.callId },
  { name: 'cid', column: TEXT.correlationId },
  { name: 'x_call_id', column: TEXT.aLegId },
  { name: 'caller', column: TEXT.fromUser },
  { name: 'callee', column: TEXT.toUser },
] as const

/** What DuckDB keeps of a hot row: its number, its time, its place in the node's order, and hashes. The rest is in its block. */
export const KEPT_COLUMNS = [
  'rid BIGINT',
  'timestamp TIMESTAMP',
  'epoch BIGINT',
  'seq BIGINT',
  ...HASHED_COLUMNS.map(({ name }) => `${name}_hash UINTEGER`),
].join(', ')

const HOT_COMMON: readonly HotColumn[] = [
  { name: 'uuid', read: 'hot_uuid', fill: { kind: 'uuid' } },
  number('src_port', 'srcPort'),
  number('dst_port', 'dstPort'),
  number('protocol', 'ipProtocol'),
  number('agent_id', 'agentId'),
  number('flags', 'flags'),
  number('hep_version', 'hepVersion'),
  { name: 'node', read: 'hot_text', fill: { kind: 'node' } },
  { name: 'src_ip', read: 'hot_text', fill: { kind: 'srcIp' } },
  { name: 'dst_ip', read: 'hot_text', fill: { kind: 'dstIp' } },
  text('cid', TEXT.correlationId),
  text('agent_name', TEXT.agentName),
  { name: 'payload', read: 'hot_text', fill: { kind: 'payload' } },
  { name: 'payload_raw', read: 'hot_bytes', fill: { kind: 'payloadRaw' } },
  { name: 'hep_extra', read: 'hot_bytes', fill: { kind: 'bytes', column: TEXT.extra } },
]

/** All columns of hot rows; a function of `HotFunctions` is asked for one by its place here. */
export const HOT_COLUMNS: readonly HotColumn[] = [
  ...HOT_COMMON,
  text('session_id', TEXT.callId),
  text('caller', TEXT.fromUser),
  text('callee', TEXT.toUser),
  text('from_host', TEXT.fromHost),
  text('to_host', TEXT.toHost),
  text('from_tag', TEXT.fromTag),
  text('to_tag', TEXT.toTag),
  text('branch', TEXT.branch),
  text('ruri_user', TEXT.ruriUser),
  text('user_agent', TEXT.userAgent),
  text('reason', TEXT.reason),
  text('x_call_id', TEXT.aLegId),
  { name: 'cseq_method', read: 'hot_text', fill: { kind: 'methodName' } },
  number('status', 'statusCode'),
  number('cseq', 'cseqNumber'),
]

/** Those of a SIP table, or of another. */
export function hotColumnsOf(isSip: boolean): readonly HotColumn[] {
  return isSip ? HOT_COLUMNS : HOT_COMMON
}

/** Name of the SQL function that gives all of them as one STRUCT. */
export function wholeRow(isSip: boolean): string {
  return isSip ? 'hot_sip_row' : 'hot_row'
}

const KEPT = 'rid, timestamp, epoch, seq'

/** Hot rows with their columns, each read by itself when it is asked for: for conditions. @param from with the columns kept */
export function someColumns(isSip: boolean, from: string): string {
  const columns = hotColumnsOf(isSip).map(({ name, read }, i) => `${read}(rid, ${i}) AS ${name}`)
  return `(SELECT ${KEPT}, ${columns.join(', ')} FROM ${from})`
}

/** The same with all columns read in one go: for rows that are wanted whole. */
export function allColumns(isSip: boolean, from: string): string {
  const columns = hotColumnsOf(isSip).map(({ name }) => `hot.${name} AS ${name}`)
  return `(SELECT ${KEPT}, ${columns.join(', ')} FROM (SELECT ${KEPT}, ${wholeRow(isSip)}(rid) AS hot FROM ${from}))`
}

/**
 * Conditions on what DuckDB keeps, one a column: one of them is true for all rows in which one of the columns has one of
 * some values, and for few others. @returns undefined if there is no hash of one of the columns
 */
export function hashConditions(
  isSip: boolean,
  columns: readonly string[],
  values: readonly string[],
): string[] | undefined {
  const hashes = values.map(hashText).join(', ')
  const conditions: string[] = []
  for (const column of columns) {
    // What is not SIP has its correlation id for a Call-ID.
    const kept = !isSip && column === 'session_id' ? 'cid' : column
    if (!HASHED_COLUMNS.some(({ name }) => name === kept)) return undefined
    conditions.push(`${kept}_hash IN (${hashes})`)
  }
  return conditions
}
