import type { ListEntry } from './list-entry.ts'
import type { CallRow, SortKey, SortOrder } from './protocol.ts'

/** Order of two calls in the list: by the column, then the newer one first. */
export function compareEntries(a: ListEntry, b: ListEntry, order: SortOrder): number {
  const difference = compareRows(a.row(), b.row(), order)
  return difference === 0 ? b.key - a.key : difference
}

function compareRows(a: CallRow, b: CallRow, order: SortOrder): number {
  const sign = order.isDescending ? -1 : 1
  switch (order.key) {
    case 'arrival':
      return sign * (a.key - b.key)
    case 'state':
      return sign * (compareText(a.state, b.state) || a.statusCode - b.statusCode)
    case 'start':
      return sign * (a.startUs - b.startUs)
    case 'messages':
      return sign * (a.messageCount - b.messageCount)
    case 'repeats':
      return sign * (a.repeatCount - b.repeatCount)
    case 'legs':
      return sign * (a.legs.length - b.legs.length)
    case 'evidence':
      return sign * (a.evidence.length - b.evidence.length)
    case 'problems':
      return sign * (a.problems.length - b.problems.length)
    case 'setup':
      return comparePresent(a.setupUs, b.setupUs, sign)
    case 'ring':
      return comparePresent(a.ringUs, b.ringUs, sign)
    case 'talk':
      return comparePresent(a.talkUs, b.talkUs, sign)
    case 'code':
      return comparePresent(a.statusCode || undefined, b.statusCode || undefined, sign)
    case 'time':
      return sign * (lengthOf(a) - lengthOf(b) || b.startUs - a.startUs)
    default:
      return compareFilled(TEXTS[order.key](a), TEXTS[order.key](b), sign)
  }
}

type TextKey = Exclude<SortKey, NumberKey>
type NumberKey =
  | 'arrival'
  | 'state'
  | 'start'
  | 'messages'
  | 'repeats'
  | 'legs'
  | 'evidence'
  | 'problems'
  | 'setup'
  | 'ring'
  | 'talk'
  | 'code'
  | 'time'

/** What a column of text holds. */
const TEXTS: Readonly<Record<TextKey, (row: CallRow) => string>> = {
  from: (row) => row.from,
  to: (row) => row.to,
  method: (row) => row.method,
  source: (row) => row.source,
  destination: (row) => row.destination,
  route: (row) => row.route.join(),
  callid: (row) => row.id,
  node: (row) => row.nodes.join(),
  agent: (row) => row.agents.join(),
  ua: (row) => row.userAgent,
  transport: (row) => row.transport,
  codec: (row) => row.codec,
  hangup: (row) => row.hangupSide ?? '',
}

/** A call that runs is longer than any that ended; of those that run, the older one is longer. */
function lengthOf(row: CallRow): number {
  return row.lengthUs ?? Number.MAX_SAFE_INTEGER
}

/** What has no value comes last in both directions. */
function comparePresent(a: number | undefined, b: number | undefined, sign: number): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined)
  return sign * (a - b)
}

/** Empty text comes last in both directions. */
function compareFilled(a: string, b: string, sign: number): number {
  if (a === '' || b === '') return Number(a === '') - Number(b === '')
  return sign * compareText(a, b)
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
