import type { Column } from './schema.ts'

/** A member of a row of an answer, and the SQL that makes it. */
export interface Member {
  readonly key: string
  readonly sql: string
}

const OTHER_EXTRA = `json_object('version', hep_version, 'proto_type', proto_type)`
/** Homer's names for what is in columns of ours. */
const SIP_EXTRA = `CASE WHEN proto_type <> 1 THEN ${OTHER_EXTRA} ELSE json_object(
  'version', hep_version, 'from_host', from_host, 'to_host', to_host, 'user_agent', user_agent, 'cseq', cseq,
  'response_code', response_code, 'response_reason', reason, 'from_tag', from_tag, 'to_tag', to_tag,
  'branch', branch, 'x_call_id', x_call_id) END`

/**
 * Members of a row with the given columns: `timestamp` as ISO text with microseconds, `ts_us` as a number, bytes in
 * base64, and Homer's `date` and `data_extra`, which are made here and stored nowhere.
 */
export function answerMembers(columns: readonly Column[]): readonly Member[] {
  const isSip = columns.some(({ name }) => name === 'from_host')
  return [...columns.flatMap(membersOf), { key: 'data_extra', sql: isSip ? SIP_EXTRA : OTHER_EXTRA }]
}

function membersOf({ name, type }: Column): readonly Member[] {
  if (name === 'uuid') {
    return [
      { key: 'uuid', sql: 'CAST(uuid AS VARCHAR)' },
      { key: 'proto_type', sql: 'proto_type' },
    ]
  }
  if (name === 'timestamp') {
    return [
      { key: 'date', sql: `strftime(timestamp, '%Y-%m-%d')` },
      { key: 'timestamp', sql: `strftime(timestamp, '%Y-%m-%dT%H:%M:%S.%fZ')` },
      { key: 'ts_us', sql: 'epoch_us(timestamp)' },
    ]
  }
  return [{ key: name, sql: type === 'BLOB' ? `to_base64(${name})` : name }]
}
