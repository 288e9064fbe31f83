import type { CallKind } from '@hepscope/shared/call/call.ts'
import type { CallRow } from './protocol.ts'

/** A call that the list may show: one that is followed event by event, or one that the store knows. */
export interface ListEntry {
  /** Place in the order of arrival; also the row's key. Stored calls, which are older, have negative ones. */
  readonly key: number
  readonly kind: CallKind
  /** The filter lets it pass. */
  readonly isMatched: boolean
  /** The list has it. */
  isListed: boolean
  /** The row as it is now; the same object as long as the call did not change. */
  row(): CallRow
}
