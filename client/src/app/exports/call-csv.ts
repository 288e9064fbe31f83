import type { CallRow } from '../../worker/protocol.ts'
import { csvText } from './csv.ts'

/** Names of the columns, and what stands in them. Times are UTC, lengths of time are seconds. */
const COLUMNS: readonly (readonly [name: string, value: (row: CallRow) => string | number])[] = [
  ['kind', ({ kind }) => kind],
  ['state', ({ state }) => state],
  ['code', ({ statusCode }) => (statusCode === 0 ? '' : statusCode)],
  ['reason', ({ reason }) => reason],
  ['from', ({ from }) => from],
  ['to', ({ to }) => to],
  ['start_utc', ({ startUs }) => isoTime(startUs)],
  ['setup_s', ({ setupUs }) => seconds(setupUs)],
  ['ring_s', ({ ringUs }) => seconds(ringUs)],
  ['talk_s', ({ talkUs }) => seconds(talkUs)],
  ['length_s', ({ lengthUs }) => seconds(lengthUs)],
  ['messages', ({ messageCount }) => messageCount],
  ['repeats', ({ repeatCount }) => repeatCount],
  ['source', ({ source }) => source],
  ['destination', ({ destination }) => destination],
  ['route', ({ route }) => route.join(' > ')],
  ['transport', ({ transport }) => transport],
  ['codec', ({ codec }) => codec],
  ['user_agent', ({ userAgent }) => userAgent],
  ['hangup', ({ hangupSide }) => hangupSide ?? ''],
  ['problems', ({ problems }) => problems.join(' ')],
  ['evidence', ({ evidence }) => evidence.join(' ')],
  ['nodes', ({ nodes }) => nodes.join(' ')],
  ['agents', ({ agents }) => agents.join(', ')],
  ['call_ids', ({ legs }) => legs.join(' ')],
]

/** The list as CSV, all columns, in the order of the rows. */
export function callCsv(rows: readonly CallRow[]): string {
  return csvText(
    COLUMNS.map(([name]) => name),
    rows.map((row) => COLUMNS.map(([, value]) => value(row))),
  )
}

/** `2026-01-31T14:03:06.840119Z` */
function isoTime(us: number): string {
  const micros = String(us % 1_000_000).padStart(6, '0')
  return `${new Date(Math.floor(us / 1000)).toISOString().slice(0, 19)}.${micros}Z`
}

function seconds(us: number | undefined): string {
  return us === undefined ? '' : (us / 1_000_000).toFixed(3)
}
