/** What is read of a row of a call; see `docs/storage.md`. */
export interface CallLineRow {
  readonly timestamp: string
  readonly session_id: string
  readonly kind: string
  readonly state: string
  readonly status_code: number
  readonly reason: string
  readonly caller: string
  readonly callee: string
  readonly ruri_user: string
  readonly route: readonly string[]
  readonly setup_us: number | null
  readonly talk_us: number | null
  readonly message_count: number
  readonly evidence: readonly string[]
}

/** A call as a line: when, what, who, where, how long, and what of it was not seen. */
export function callLineOf(row: CallLineRow): string {
  const time = row.timestamp.replace('T', ' ').replace('Z', '')
  const code = row.status_code === 0 ? '' : ` (${row.status_code}${row.reason === '' ? '' : ` ${row.reason}`})`
  const to = row.callee === '' ? row.ruri_user : row.callee
  const times = [
    ...(row.setup_us === null ? [] : [`setup ${seconds(row.setup_us)}`]),
    ...(row.talk_us === null ? [] : [`talk ${seconds(row.talk_us)}`]),
  ]
  const parts = [
    time,
    `${row.kind} ${row.state}${code}`,
    `${row.caller} -> ${to}`,
    row.route.join(' - '),
    [...times, `${row.message_count} messages`].join(', '),
    row.session_id,
    ...(row.evidence.length === 0 ? [] : [`incomplete: ${row.evidence.join(', ')}`]),
  ]
  return parts.join('  ')
}

function seconds(us: number): string {
  return `${(us / 1_000_000).toFixed(1)} s`
}
