import type { EventBlock } from '@hepscope/shared/event/block.ts'
import type { ControlFrame } from '@hepscope/shared/frame/control.ts'
import {
  compileFilter,
  passesEverything,
  type RowPredicate,
  type StreamFilter,
} from '@hepscope/shared/filter/filter.ts'
import { Batch, type EventForm, Notice } from './batch.ts'
import type { RingEntry } from './ring.ts'
import type { Subscription } from './subscription.ts'

/** What decides the bytes that a viewer gets: viewers that agree in all of it share them. */
export interface StreamView extends EventForm {
  readonly filter: StreamFilter
}

/**
 * The viewers of one filter. A block is matched and encoded once for all of them.
 *
 * Its log holds what at least one of them has yet to take; a viewer's cursor counts entries since the group began.
 */
export class FilterGroup {
  readonly view: StreamView
  readonly subscriptions = new Set<Subscription>()
  readonly #passes: RowPredicate | undefined
  #log: (Batch | Notice)[] = []
  #first = 0

  constructor(view: StreamView) {
    this.view = view
    this.#passes = passesEverything(view.filter) ? undefined : compileFilter(view.filter)
  }

  /** Number behind the newest entry: where a new viewer begins. */
  get end(): number {
    return this.#first + this.#log.length
  }

  entry(number: number): Batch | Notice | undefined {
    return this.#log[number - this.#first]
  }

  /** Match a new block; returns the batch, or undefined if nothing of it passes. */
  append(block: EventBlock): Batch | undefined {
    const rows = this.#matches(block, 0)
    if (rows.length === 0) return undefined
    const batch = new Batch(block, rows, this.view)
    this.#log.push(batch)
    return batch
  }

  /** Put a control frame between the events. */
  announce(frame: ControlFrame): void {
    this.#log.push(new Notice(frame))
  }

  /** Forget the entries that every viewer has taken. */
  trim(): void {
    let needed = this.end
    for (const subscription of this.subscriptions) needed = Math.min(needed, subscription.cursor)
    if (needed === this.#first) return
    this.#log = this.#log.slice(needed - this.#first)
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
      found.push(new Batch(entry.block, newest, this.view))
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
