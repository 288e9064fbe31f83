import type { Column, StoredType } from '../column.ts'

/** Between the entries of a list in a hot table. */
export const LIST_SEPARATOR = '\x1f'

/** Lists are texts while they are hot, for a chunk of rows with lists takes three times as long to fill. */
const LIST_SQL = {
  'VARCHAR[]': (name: string) => `CASE WHEN ${name} = '' THEN [] ELSE string_split(${name}, chr(31)) END`,
  'UINTEGER[]': (name: string) =>
    `CASE WHEN ${name} = '' THEN [] ELSE CAST(string_split(${name}, chr(31)) AS UINTEGER[]) END`,
} as const

const column = <N extends string>(type: StoredType, name: N): Column & { readonly name: N } =>
  type === 'VARCHAR[]' || type === 'UINTEGER[]' ? { name, type, fromHot: LIST_SQL[type](name) } : { name, type }

/**
 * Columns of `hepscope_calls`. A row is one version of one call: `uuid` and `timestamp` stay with the call, and of the
 * rows with one `uuid` the one with the largest `version` holds.
 */
export const CALL_COLUMNS = [
  /** That of the first event: names the call. */
  column('UUID', 'uuid'),
  /** Time of the first event that was heard of. */
  column('TIMESTAMP', 'timestamp'),
  /** Call-ID of the leg that was heard of first. */
  column('VARCHAR', 'session_id'),
  /** Of all legs, the A leg first. */
  column('VARCHAR[]', 'call_ids'),
  column('VARCHAR', 'kind'),
  column('VARCHAR', 'state'),
  column('VARCHAR', 'state_class'),
  column('BOOLEAN', 'is_running'),
  /** Of the answer that decided; 0 for none. */
  column('UINTEGER', 'status_code'),
  column('VARCHAR', 'reason'),
  /** All status codes and methods that were seen, in order of appearance. */
  column('UINTEGER[]', 'codes'),
  column('VARCHAR[]', 'methods'),
  column('VARCHAR', 'caller'),
  column('VARCHAR', 'callee'),
  column('VARCHAR', 'ruri_user'),
  column('VARCHAR', 'from_host'),
  column('VARCHAR', 'to_host'),
  /** The two ends of the first hop, that which sent the request first. */
  column('VARCHAR', 'src_ip'),
  column('UINTEGER', 'src_port'),
  column('VARCHAR', 'dst_ip'),
  column('UINTEGER', 'dst_port'),
  /** Endpoints as `ip:port`, in order of appearance. */
  column('VARCHAR[]', 'route'),
  column('TIMESTAMP', 'start_time'),
  column('TIMESTAMP', 'ring_time'),
  column('TIMESTAMP', 'answer_time'),
  column('TIMESTAMP', 'end_time'),
  /** Of the latest event. */
  column('TIMESTAMP', 'last_time'),
  /** First INVITE to the first sign of the other side. */
  column('BIGINT', 'setup_us'),
  column('BIGINT', 'ring_us'),
  column('BIGINT', 'talk_us'),
  /** Start to end. */
  column('BIGINT', 'length_us'),
  /** Latest request to its answer, of what is not a call. */
  column('BIGINT', 'response_us'),
  column('VARCHAR', 'hangup_side'),
  column('UINTEGER', 'message_count'),
  column('UINTEGER', 'retransmission_count'),
  column('UINTEGER', 'duplicate_count'),
  column('UINTEGER', 'leg_count'),
  column('VARCHAR[]', 'evidence'),
  /** Words that a filter knows behind `is:` and that hold. */
  column('VARCHAR[]', 'traits'),
  column('UINTEGER', 'challenge_count'),
  column('VARCHAR', 'transport'),
  column('VARCHAR', 'codec'),
  /** User-Agent of the calling and of the called side. */
  column('VARCHAR', 'uac'),
  column('VARCHAR', 'uas'),
  column('UINTEGER[]', 'agent_ids'),
  column('VARCHAR[]', 'agent_names'),
  /** Node of the first event, then its epoch and seq, and those of the last event of that node. */
  column('VARCHAR', 'node'),
  column('BIGINT', 'epoch'),
  column('BIGINT', 'seq'),
  column('BIGINT', 'last_epoch'),
  column('BIGINT', 'last_seq'),
  column('VARCHAR[]', 'nodes'),
  /** `uuid` of the call of which this one turned out to be a leg; such a row is no call any more. */
  column('UUID', 'joined_into'),
  /** Microseconds since 1970 of the clock when it was written, and always larger than that of the row before it. */
  column('BIGINT', 'version'),
] as const

export type CallColumn = (typeof CALL_COLUMNS)[number]['name']

/** Type of a column in a hot table. */
export function hotTypeOf(type: StoredType): Exclude<StoredType, 'VARCHAR[]' | 'UINTEGER[]'> {
  return type === 'VARCHAR[]' || type === 'UINTEGER[]' ? 'VARCHAR' : type
}
