import type { CallRecord } from './call-record.ts'
import type { CallRow, SortOrder } from './protocol.ts'

/** Order of two calls in the list: by the column, then the newer one first. */
export function compareRecords(a: CallRecord, b: CallRecord, order: SortOrder): number {
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
    case 'from':
      return sign * compareText(a.from, b.from)
    case 'to':
      return sign * compareText(a.to, b.to)
    case 'start':
      return sign * (a.startUs - b.startUs)
    case 'messages':
      return sign * (a.messageCount - b.messageCount)
    case 'setup':
      return comparePresent(a.setupUs, b.setupUs, sign)
    case 'time':
      return sign * (lengthOf(a) - lengthOf(b) || b.startUs - a.startUs)
  }
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

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
