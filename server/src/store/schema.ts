import { PROTOCOL_TYPE } from '@hepscope/shared/hep/chunks.ts'
import { FLAG } from '@hepscope/shared/event/columns.ts'
import { METHODS } from '@hepscope/shared/sip/methods.ts'
import { CALL_COLUMNS, hotTypeOf } from './calls/columns.ts'
import type { Column, ColumnType } from './column.ts'
import { allColumns, KEPT_COLUMNS, someColumns } from './hot-columns.ts'

export type { Column } from './column.ts'

/** Name of a stored table of events, as in Homer 11, e.g. `hep_proto_1_call`. */
export type EventTable = `hep_proto_${number}_${'call' | 'registration' | 'default'}`

/** One row a call and version, from the call model. */
export const CALLS_TABLE = 'hepscope_calls'

/** Name of a stored table. */
export type TableName = EventTable | typeof CALLS_TABLE

/** SIP tables by family, what every other protocol type is made from, and the calls. */
export type TableKind = 'sip' | 'registration' | 'other' | 'calls'

export const CALL_TABLE: EventTable = 'hep_proto_1_call'
export const REGISTRATION_TABLE: EventTable = 'hep_proto_1_registration'
export const SIP_DEFAULT_TABLE: EventTable = 'hep_proto_1_default'

/** Columns that may hold the Call-ID of a call that an event belongs to. */
export const LINK_COLUMNS: readonly string[] = ['session_id', 'cid', 'x_call_id']

const CALL_METHODS: ReadonlySet<string> = new Set(['INVITE', 'ACK', 'PRACK', 'UPDATE', 'BYE', 'CANCEL', 'INFO'])

/** Table by method number; a response goes by the method of its CSeq. */
const SIP_TABLES: readonly EventTable[] = METHODS.map((method) => {
  if (CALL_METHODS.has(method)) return CALL_TABLE
  return method === 'REGISTER' ? REGISTRATION_TABLE : SIP_DEFAULT_TABLE
})

const OTHER_TABLES: readonly EventTable[] = Array.from(
  { length: 256 },
  (_, proto): EventTable => `hep_proto_${proto}_default`,
)

/** Table of an event. */
export function tableOf(proto: number, method: number): EventTable {
  if (proto === PROTOCOL_TYPE.sip) return SIP_TABLES[method] ?? SIP_DEFAULT_TABLE
  return OTHER_TABLES[proto] ?? 'hep_proto_0_default'
}

export function kindOf(table: TableName): TableKind {
  if (table === REGISTRATION_TABLE) return 'registration'
  if (table === CALLS_TABLE) return 'calls'
  return table.startsWith('hep_proto_1_') ? 'sip' : 'other'
}

/** False for what was made from events. */
export function isEventTable(table: TableName): table is EventTable {
  return table !== CALLS_TABLE
}

/** HEP protocol type of a table. */
export function protoOf(table: EventTable): number {
  return Number(table.split('_')[2])
}

/** Check a name that came from a file or a request. */
export function isTableName(name: string): name is TableName {
  if (name === CALLS_TABLE) return true
  const parts = /^hep_proto_(\d{1,3})_(call|registration|default)$/.exec(name)
  if (parts === null || Number(parts[1]) > 255 || String(Number(parts[1])) !== parts[1]) return false
  return parts[1] === '1' || parts[2] === 'default'
}

const stored = (type: ColumnType, name: string, fromHot?: string): Column =>
  fromHot === undefined ? { name, type } : { name, type, fromHot }

const TRANSPORT = `CASE protocol WHEN 6 THEN 'tcp' WHEN 17 THEN 'udp' WHEN 22 THEN 'tls' WHEN 50 THEN 'ws' WHEN 132 THEN 'sctp' ELSE 'unknown' END`

const ADDRESSES: readonly Column[] = [
  stored('VARCHAR', 'src_ip'),
  stored('UINTEGER', 'src_port'),
  stored('VARCHAR', 'dst_ip'),
  stored('UINTEGER', 'dst_port'),
]
const ORIGIN: readonly Column[] = [
  stored('UINTEGER', 'protocol'),
  stored('VARCHAR', 'node_id', 'CAST(agent_id AS VARCHAR)'),
  stored('VARCHAR', 'cid'),
  stored('VARCHAR', 'payload'),
  stored('BLOB', 'payload_raw'),
  stored('VARCHAR', 'node'),
  stored('BIGINT', 'epoch'),
  stored('BIGINT', 'seq'),
  stored('VARCHAR', 'agent_name'),
  stored('VARCHAR', 'transport', TRANSPORT),
  stored('UINTEGER', 'hep_version'),
  stored('UINTEGER', 'flags'),
  stored('BLOB', 'hep_extra'),
]

const OTHER: readonly Column[] = [
  stored('UUID', 'uuid'),
  stored('TIMESTAMP', 'timestamp'),
  stored('VARCHAR', 'session_id', 'cid'),
  ...ADDRESSES,
  ...ORIGIN,
]

const SIP: readonly Column[] = [
  stored('UUID', 'uuid'),
  stored('TIMESTAMP', 'timestamp'),
  stored('VARCHAR', 'session_id'),
  stored('VARCHAR', 'caller'),
  stored('VARCHAR', 'callee'),
  ...ADDRESSES,
  stored('VARCHAR', 'method', `CASE WHEN flags & ${FLAG.request} <> 0 THEN cseq_method ELSE '' END`),
  stored('VARCHAR', 'response_code', `CASE WHEN status = 0 THEN '' ELSE CAST(status AS VARCHAR) END`),
  stored('VARCHAR', 'cseq_method'),
  ...ORIGIN,
  stored('VARCHAR', 'from_host'),
  stored('VARCHAR', 'to_host'),
  stored('VARCHAR', 'from_tag'),
  stored('VARCHAR', 'to_tag'),
  stored('VARCHAR', 'branch'),
  stored('VARCHAR', 'ruri_user'),
  stored('VARCHAR', 'user_agent'),
  stored('VARCHAR', 'reason'),
  stored('VARCHAR', 'x_call_id'),
  stored('UINTEGER', 'cseq'),
]

/** A header that a block has no column for, from the payload up to the empty line. */
const header = (name: string) =>
  `trim(regexp_extract(split_part(payload, chr(13) || chr(10) || chr(13) || chr(10), 1), '(?im)^(?:${name})[ \\t]*:([^\\r\\n]*)', 1))`

const REGISTRATION: readonly Column[] = [
  ...SIP,
  stored('VARCHAR', 'aor', `CASE WHEN to_host = '' THEN callee ELSE callee || '@' || to_host END`),
  stored('VARCHAR', 'contact', header('contact|m')),
  stored('VARCHAR', 'expires', header('expires')),
]

/** Columns of a stored table, in the order of its files and answers. */
export function columnsOf(kind: TableKind): readonly Column[] {
  switch (kind) {
    case 'sip':
      return SIP
    case 'registration':
      return REGISTRATION
    case 'other':
      return OTHER
    case 'calls':
      return CALL_COLUMNS
  }
}

/** Select list that makes the stored columns from a hot table. */
export function hotProjection(kind: TableKind): string {
  return columnsOf(kind)
    .map(({ name, fromHot }) => (fromHot === undefined ? name : `${fromHot} AS ${name}`))
    .join(', ')
}

/**
 * What a hot table is read from: one row an event, or the newest of a call.
 *
 * @param want `some`: conditions on a few columns. `all`: whole rows
 */
export function hotRows(kind: TableKind, sqlName: string, want: 'some' | 'all' = 'some'): string {
  // While it is hot, each version of a call is a row.
  if (kind === 'calls') return `(SELECT * FROM ${sqlName} QUALIFY version = max(version) OVER (PARTITION BY uuid))`
  return want === 'all' ? allColumns(kind !== 'other', sqlName) : someColumns(kind !== 'other', sqlName)
}

/** Column definitions of a hot table. */
export function hotDefinition(kind: TableKind): string {
  if (kind !== 'calls') return KEPT_COLUMNS
  return CALL_COLUMNS.map(({ name, type }) => `${name} ${hotTypeOf(type)}`).join(', ')
}
