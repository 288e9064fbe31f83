import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { MAX_ROWS } from '@hepscope/shared/event/columns.ts'
import { selectRows } from '@hepscope/shared/event/select.ts'
import type { ControlFrame } from '@hepscope/shared/frame/control.ts'
import { compileFilter, passesEverything, type StreamFilter } from '@hepscope/shared/filter/filter.ts'
import type { RowPredicate } from '@hepscope/shared/filter/row-predicate.ts'
import { Batch, type EventForm, Notice } from './batch.ts'
import type { RingView } from './ring.ts'
import type { GroupLog, Subscription } from './subscription.ts'

/** What decides the bytes that a viewer gets: viewers that agree in all of it share them. */
export interface StreamView extends EventForm {
  readonly filter: StreamFilter
}

/** Control frames that may wait in a log for a viewer that does not read. */
const MAX_NOTICES = 1024
/** Bytes of blocks that a log may keep in memory; the ring may have forgotten them. */
const MAX_HELD_BYTES = 64 * 1024 * 1024
/** Of a block of which less than one row in so many passes, only those are kept in memory. */
const SPARSE_ROWS = 4
/** Events that a log may hold beyond the longest queue, so that it is not shortened at every block. */
const SLACK_EVENTS = 8 * MAX_ROWS

/**
 * The viewers of one filter. A block is matched and encoded once for all of them.
 *
 * Its log holds what at least one of them has yet to take; a viewer's cursor counts entries since the group began.
 */
export class FilterGroup implements GroupLog {
  readonly key: string
  readonly view: StreamView
  readonly #subscriptions = new Set<Subscription>()
  readonly #passes: RowPredicate | undefined
  #log: (Batch | Notice)[] = []
  #first = 0
  /** Whether no viewer has looked at the newest entry yet, so that it may still grow. */
  #isOpen = false
  #eventCount = 0
  /** Events before the first entry of the log. */
  #forgottenCount = 0
  /** Bytes of the blocks in the log. */
  #heldBytes = 0
  /** Events when the viewers were written to for the last time. */
  #pumpedCount = 0
  #shortestQueue = Infinity
  #longestQueue = 0

  constructor(key: string, view: StreamView) {
    this.key = key
    this.view = view
    this.#passes = passesEverything(view.filter) ? undefined : compileFilter(view.filter)
  }

  get isEmpty(): boolean {
    return this.#subscriptions.size === 0
  }

  get eventCount(): number {
    return this.#eventCount
  }

  /** Whether so much is new that viewers would lose some of it if they were not written to now. */
  get isPressing(): boolean {
    return 2 * (this.#eventCount - this.#pumpedCount) > this.#shortestQueue
  }

  add(subscription: Subscription): void {
    const { queueLength } = subscription.limits
    this.#shortestQueue = Math.min(this.#shortestQueue, queueLength)
    this.#longestQueue = Math.max(this.#longestQueue, queueLength)
    this.#subscriptions.add(subscription)
  }

  delete(subscription: Subscription): void {
    this.#subscriptions.delete(subscription)
    this.trim()
  }

  /** A viewer that comes now begins behind what is there. */
  end(): number {
    this.#isOpen = false
    return this.#first + this.#log.length
  }

  entry(number: number): Batch | Notice | undefined {
    const index = number - this.#first
    if (index >= this.#log.length - 1) this.#isOpen = false
    return this.#log[index]
  }

  /** Match a new block. */
  append(block: EventBlock): void {
    const rows = this.#matches(block, 0)
    if (rows.length === 0) return
    const newest = this.#log.at(-1)
    if (!this.#isOpen || !(newest instanceof Batch) || !newest.extend(block, rows)) {
      this.#log.push(new Batch(block, rows, this.view))
      this.#isOpen = true
    }
    this.#eventCount += rows.length
    this.#heldBytes += block.bytes.length
    if (this.#heldBytes > MAX_HELD_BYTES) this.#leaveSlowBehind()
    if (this.#eventCount - this.#forgottenCount <= this.#mostEvents) return
    for (const subscription of this.#subscriptions) subscription.dropExcess()
    this.trim()
  }

  /** Put a control frame between the events. */
  announce(frame: ControlFrame): void {
    this.#log.push(new Notice(frame))
    if (this.#log.length > this.#mostEvents + MAX_NOTICES) this.#leaveSlowBehind()
  }

  /** Write to all viewers what they have not got. */
  pump(nowMs: number): void {
    this.#pumpedCount = this.#eventCount
    for (const subscription of this.#subscriptions) subscription.pump(nowMs)
    this.trim()
  }

  /** Forget the entries that every viewer has taken. */
  trim(): void {
    let needed = this.#first + this.#log.length
    for (const { cursor } of this.#subscriptions) if (cursor < needed) needed = cursor
    if (needed === this.#first) return
    for (const entry of this.#log.splice(0, needed - this.#first)) {
      if (!(entry instanceof Batch)) continue
      this.#forgottenCount += entry.count
      this.#heldBytes -= entry.heldBytes
    }
    this.#first = needed
  }

  /**
   * The newest matches of a block that nobody else holds; undefined if there are none.
   *
   * @param isWanted further condition, e.g. behind a given `seq`
   * @param limit most events
   */
  select(block: EventBlock, isWanted: RowPredicate, limit = Infinity): Batch | undefined {
    const rows = this.#matches(block, 0).filter((row) => isWanted(block, row))
    if (rows.length > limit) rows.splice(0, rows.length - limit)
    if (rows.length === 0) return undefined
    if (rows.length * SPARSE_ROWS > block.count) return new Batch(block, rows, this.view)
    const few = selectRows(block, rows, true)
    return new Batch(few, [...rows.keys()], this.view)
  }

  /**
   * The newest matches of the ring, oldest first.
   *
   * @param limit most events
   * @param isWanted further condition, e.g. behind a given `seq`
   */
  history({ entries, start }: RingView, limit: number, isWanted?: RowPredicate): Batch[] {
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

  /** Viewers that have not come to the middle of the log lose all of it, so that the first half can go. */
  #leaveSlowBehind(): void {
    const middle = this.#first + this.#log.length / 2
    for (const subscription of this.#subscriptions) if (subscription.cursor < middle) subscription.leaveBehind()
    this.trim()
  }

  get #mostEvents(): number {
    return this.#longestQueue + Math.max(this.#longestQueue, SLACK_EVENTS)
  }

  #matches(block: EventBlock, from: number): number[] {
    const passes = this.#passes
    const rows: number[] = []
    for (let row = from; row < block.count; row++) if (passes === undefined || passes(block, row)) rows.push(row)
    return rows
  }
}
