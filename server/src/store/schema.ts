import { PROTOCOL_TYPE } from '@hepscope/shared/hep/chunks.ts'
import { FLAG, TEXT, type TextColumn } from '@hepscope/shared/event/columns.ts'
import { METHODS } from '@hepscope/shared/sip/methods.ts'

/** How the rows of a block fill a column of a hot table. */
export type Fill =
  | { readonly kind: 'text'; readonly column: TextColumn }
  | { readonly kind: 'bytes'; readonly column: TextColumn }
  | { readonly kind: 'number'; readonly column: NumberColumn }
  | { readonly kind: 'srcIp' | 'dstIp' | 'node' | 'methodName' | 'payload' | 'payloadRaw' }
  | { readonly kind: 'uuid' | 'timestamp' | 'epoch' | 'seq' }

/** Columns of an EventBlock that hold one number a row. */
export type NumberColumn =
  'srcPort' | 'dstPort' | 'ipProtocol' | 'agentId' | 'flags' | 'hepVersion' | 'statusCode' | 'cseqNumber'

export type ColumnType = 'UUID' | 'TIMESTAMP' | 'BIGINT' | 'UINTEGER' | 'VARCHAR' | 'BLOB'

/** A column of a hot table in memory. */
export interface HotColumn {
  readonly name: string
  readonly type: ColumnType
  readonly fill: Fill
}

/** A column of a stored table, as sealed files hold it. */
export interface Column {
  readonly name: string
  readonly type: ColumnType
  /** SQL over the columns of the hot table; the column of the same name if absent. */
  readonly fromHot?: string
}

/** Name of a stored table, as in Homer 11, e.g. `hep_proto_1_call`. */
export type TableName = `hep_proto_${number}_${'call' | 'registration' | 'default'}`

/** SIP tables by family, and what every other protocol type is made from. */
export type TableKind = 'sip' | 'registration' | 'other'

export const CALL_TABLE: TableName = 'hep_proto_1_call'
export const REGISTRATION_TABLE: TableName = 'hep_proto_1_registration'
export const SIP_DEFAULT_TABLE: TableName = 'hep_proto_1_default'

const CALL_METHODS: ReadonlySet<string> = new Set(['INVITE', 'ACK', 'PRACK', 'UPDATE', 'BYE', 'CANCEL', 'INFO'])

/** Table by method number; a response goes by the method of its CSeq. */
const SIP_TABLES: readonly TableName[] = METHODS.map((method) => {
  if (CALL_METHODS.has(method)) return CALL_TABLE
  return method === 'REGISTER' ? REGISTRATION_TABLE : SIP_DEFAULT_TABLE
})

const OTHER_TABLES: readonly TableName[] = Array.from(
  { length: 256 },
  (_, proto): TableName => `hep_proto_${proto}_default`,
)

/** Table of an event. */
export function tableOf(proto: number, method: number): TableName {
  if (proto === PROTOCOL_TYPE.sip) return SIP_TABLES[method] ?? SIP_DEFAULT_TABLE
  return OTHER_TABLES[proto] ?? 'hep_proto_0_default'
}

export function kindOf(table: TableName): TableKind {
  if (table === REGISTRATION_TABLE) return 'registration'
  return table.startsWith('hep_proto_1_') ? 'sip' : 'other'
}

/** HEP protocol type of a table. */
export function protoOf(table: TableName): number {
  return Number(table.split('_')[2])
}

/** Check a name that came from a file or a request. */
export function isTableName(name: string): name is TableName {
  const parts = /^hep_proto_(\d{1,3})_(call|registration|default)$/.exec(name)
  if (parts === null || Number(parts[1]) > 255 || String(Number(parts[1])) !== parts[1]) return false
  return parts[1] === '1' || parts[2] === 'default'
}

const text = (name: string, column: TextColumn): HotColumn => ({
  name,
  type: 'VARCHAR',
  fill: { kind: 'text', column },
})
const number = (name: string, column: NumberColumn): HotColumn => ({
  name,
  type: 'UINTEGER',
  fill: { kind: 'number', column },
})

const HOT_COMMON: readonly HotColumn[] = [
  { name: 'uuid', type: 'UUID', fill: { kind: 'uuid' } },
  { name: 'timestamp', type: 'TIMESTAMP', fill: { kind: 'timestamp' } },
  { name: 'epoch', type: 'BIGINT', fill: { kind: 'epoch' } },
  { name: 'seq', type: 'BIGINT', fill: { kind: 'seq' } },
  number('src_port', 'srcPort'),
  number('dst_port', 'dstPort'),
  number('protocol', 'ipProtocol'),
  number('agent_id', 'agentId'),
  number('flags', 'flags'),
  number('hep_version', 'hepVersion'),
  { name: 'node', type: 'VARCHAR', fill: { kind: 'node' } },
  { name: 'src_ip', type: 'VARCHAR', fill: { kind: 'srcIp' } },
  { name: 'dst_ip', type: 'VARCHAR', fill: { kind: 'dstIp' } },
  text('cid', TEXT.correlationId),
  text('agent_name', TEXT.agentName),
  { name: 'payload', type: 'VARCHAR', fill: { kind: 'payload' } },
  { name: 'payload_raw', type: 'BLOB', fill: { kind: 'payloadRaw' } },
  { name: 'hep_extra', type: 'BLOB', fill: { kind: 'bytes', column: TEXT.extra } },
]

const HOT_SIP: readonly HotColumn[] = [
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
  { name: 'cseq_method', type: 'VARCHAR', fill: { kind: 'methodName' } },
  number('status', 'statusCode'),
  number('cseq', 'cseqNumber'),
]

/** Columns of the hot table behind a table. */
export function hotColumnsOf(kind: TableKind): readonly HotColumn[] {
  return kind === 'other' ? HOT_COMMON : HOT_SIP
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
  }
}

/** Select list that makes the stored columns from a hot table. */
export function hotProjection(kind: TableKind): string {
  return columnsOf(kind)
    .map(({ name, fromHot }) => (fromHot === undefined ? name : `${fromHot} AS ${name}`))
    .join(', ')
}

/** Column definitions of a hot table. */
export function hotDefinition(kind: TableKind): string {
  return hotColumnsOf(kind)
    .map(({ name, type }) => `${name} ${type}`)
    .join(', ')
}
