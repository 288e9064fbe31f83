import type { EventBlock } from '@hepscope/shared/event/block.ts'
import {
  compileFilter,
  passesEverything,
  type RowPredicate,
  type StreamFilter,
} from '@hepscope/shared/filter/filter.ts'
import { type Batch, deferBatch, makeBatch, type StreamFormat } from './batch.ts'
import type { RingEntry } from './ring.ts'
import type { Subscription } from './subscription.ts'

/** What decides the bytes that a viewer gets: viewers that agree in all of it share them. */
export interface StreamView {
  readonly filter: StreamFilter
  readonly format: StreamFormat
  readonly withPayload: boolean
}

/**
 * The viewers of one filter. A block is matched and encoded once for all of them.
 *
 * `batches` holds what at least one of them has yet to take; a viewer's cursor counts batches since the group began.
 */
export class FilterGroup {
  readonly view: StreamView
  readonly subscriptions = new Set<Subscription>()
  readonly #passes: RowPredicate | undefined
  #batches: Batch[] = []
  #first = 0

  constructor(view: StreamView) {
    this.view = view
    this.#passes = passesEverything(view.filter) ? undefined : compileFilter(view.filter)
  }

  /** Number behind the newest batch: where a new viewer begins. */
  get end(): number {
    return this.#first + this.#batches.length
  }

  batch(number: number): Batch | undefined {
    return this.#batches[number - this.#first]
  }

  /** Match and encode a new block; returns the batch, or undefined if nothing of it passes. */
  append(block: EventBlock): Batch | undefined {
    const rows = this.#matches(block, 0)
    if (rows.length === 0) return undefined
    const batch = makeBatch(block, rows, this.view.format, this.view.withPayload)
    this.#batches.push(batch)
    return batch
  }

  /** Forget the batches that every viewer has taken. */
  trim(): void {
    let needed = this.end
    for (const subscription of this.subscriptions) needed = Math.min(needed, subscription.cursor)
    if (needed === this.#first) return
    this.#batches = this.#batches.slice(needed - this.#first)
    this.#first = needed
  }

  /**
   * The newest matches of the ring, oldest first.
   *
   * @param limit most events
   * @param isWanted further condition, e.g. behind a given `seq`
   */
  history(entries: readonly RingEntry[], start: number, limit: number, isWanted?: RowPredicate): Batch[] {
    const found: Batch[] = []
    let missing = limit
    for (let i = entries.length - 1; i >= 0 && missing > 0; i--) {
      const entry = entries[i]
      if (entry === undefined) break
      let rows = this.#matches(entry.block, Math.max(0, start - entry.at))
      if (isWanted !== undefined) rows = rows.filter((row) => isWanted(entry.block, row))
      if (rows.length === 0) continue
      const newest = rows.length > missing ? rows.slice(rows.length - missing) : rows
      missing -= newest.length
      found.push(deferBatch(entry.block, newest, this.view.format, this.view.withPayload))
    }
    return found.reverse()
  }

  #matches(block: EventBlock, from: number): number[] {
    const passes = this.#passes
    const rows: number[] = []
    for (let row = from; row < block.count; row++) if (passes === undefined || passes(block, row)) rows.push(row)
    return rows
  }
}
