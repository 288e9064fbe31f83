import { parseCallExpression } from '@hepscope/shared/filter/call-expression.ts'
import { type CallMatcher, compileCallExpression } from '@hepscope/shared/filter/call-match.ts'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { type BlockRing, rowOf } from './block-ring.ts'
import type { CallRecord } from './call-record.ts'

/**
 * The filter of the list. A call passes if what is asked of calls holds of it, and what is asked of messages of one
 * of its messages; a message that passed counts on when it has left the ring.
 */
export class ListFilter {
  readonly #ring: BlockRing
  #matcher: CallMatcher | undefined

  constructor(ring: BlockRing) {
    this.#ring = ring
  }

  /** It speaks of kinds of dialogs. */
  get namesKind(): boolean {
    return this.#matcher?.namesKind === true
  }

  /** @returns false if the text does not parse; nothing has changed then */
  set(text: string): boolean {
    if (text.trim() === '') {
      this.#matcher = undefined
      return true
    }
    const parsed = parseCallExpression(text)
    if (!parsed.ok) return false
    this.#matcher = compileCallExpression(parsed.expression)
    return true
  }

  /** An event came for a call. */
  noteEvent(record: CallRecord, block: EventBlock, row: number): void {
    const matcher = this.#matcher
    if (matcher?.onEvent === undefined) record.hasMatch = true
    else if (matcher.mixes) record.hasMatch = this.#findMatch(record, matcher)
    else record.hasMatch ||= matcher.onEvent(block, row, record.call)
    record.isMatched = record.hasMatch && (matcher === undefined || matcher.onCall(record.call))
  }

  /** A call changed without an event. */
  noteChange(record: CallRecord): void {
    const matcher = this.#matcher
    if (matcher?.mixes === true) record.hasMatch = this.#findMatch(record, matcher)
    record.isMatched = record.hasMatch && (matcher === undefined || matcher.onCall(record.call))
  }

  /** Judge a call by all that is known of it, for the filter has changed. */
  judge(record: CallRecord): void {
    const matcher = this.#matcher
    record.hasMatch = matcher === undefined || this.#findMatch(record, matcher)
    record.isMatched = record.hasMatch && (matcher === undefined || matcher.onCall(record.call))
  }

  #findMatch(record: CallRecord, matcher: CallMatcher): boolean {
    const { onEvent } = matcher
    if (onEvent === undefined) return true
    return record.refs.values().some((ref) => {
      const block = this.#ring.block(ref)
      return block !== undefined && onEvent(block, rowOf(ref), record.call)
    })
  }
}
