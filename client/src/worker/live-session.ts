import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { parseExpression } from '@hepscope/shared/filter/expression.ts'
import type { RowPredicate } from '@hepscope/shared/filter/row-predicate.ts'
import { compileExpression } from '@hepscope/shared/filter/match.ts'
import { BlockRing, type EventRef, rowOf, type RingLimits } from './block-ring.ts'
import { CallBook } from './call-book.ts'
import { CallList } from './call-list.ts'
import type { CallRecord } from './call-record.ts'
import { GapWatch } from './gap-watch.ts'
import { LadderFeed } from './ladder-feed.ts'
import type { Command, Counters, GapNotice, Notice } from './protocol.ts'
import { ServerClock } from './server-clock.ts'
import { Traffic } from './traffic.ts'

export interface SessionLimits extends RingLimits {
  readonly calls: number
}

export const DEFAULT_LIMITS: SessionLimits = { events: 200_000, bytes: 192 * 1024 * 1024, calls: 25_000 }
const COUNTERS_MS = 250
const TICK_MS = 1000

/** Commands that are about what is shown, not about the socket. */
export type ViewCommand = Exclude<Command, { readonly type: 'connect' | 'disconnect' | 'retry' | 'drawn' }>

/**
 * What the worker knows and what the page is to be told of it: events in, small frames out.
 *
 * Knows neither the worker nor the socket.
 */
export class LiveSession {
  readonly #ring: BlockRing
  readonly #book: CallBook
  readonly #list = new CallList()
  readonly #ladder: LadderFeed
  readonly #gaps = new GapWatch()
  readonly #clock = new ServerClock()
  readonly #traffic = new Traffic()
  #matches: RowPredicate | undefined
  #countersMs = 0
  #tickMs = 0

  constructor(limits: SessionLimits = DEFAULT_LIMITS) {
    this.#ring = new BlockRing(limits)
    this.#book = new CallBook(limits.calls, { onRemove: (record, into) => this.#removed(record, into) })
    this.#ladder = new LadderFeed(this.#ring, this.#book)
  }

  noteOpen(nowMs: number): void {
    this.#clock.noteOpen(nowMs)
  }

  /** Take in a block of the unfiltered stream. */
  receive(block: EventBlock, nowMs: number): void {
    const { fromRow, gaps } = this.#gaps.place(block)
    if (fromRow >= block.count) return
    // Events count as heard at the latest tick.
    this.#tick(nowMs)
    this.#clock.noteBlock(block, nowMs)
    this.#traffic.noteBlock(block, fromRow)
    const base = this.#ring.add(block)
    let nextGap = 0
    for (let row = fromRow; row < block.count; row++) {
      const gap = gaps[nextGap]
      if (gap?.row === row) {
        this.#noteGap(gap.gap)
        nextGap++
      }
      this.#apply(block, row, base + row)
    }
  }

  /** @returns false if the filter of the command does not parse; nothing has changed then */
  handle(command: ViewCommand): boolean {
    switch (command.type) {
      case 'filter':
        return this.#setFilter(command.text)
      case 'scope':
        this.#list.setScope(command.scope)
        this.#list.replace(this.#book.records())
        return true
      case 'sort':
        this.#list.setOrder(command.order)
        return true
      case 'window':
        this.#list.setWindow(command.first, command.count)
        return true
      case 'cursor':
        this.#list.setCursor(command.key)
        return true
      case 'follow':
        this.#list.setFollowing(command.isFollowing)
        return true
      case 'ladder':
        this.#ladder.open(command.callIds)
        return true
    }
  }

  /** What the page does not know yet; undefined if there is nothing. */
  frame(nowMs: number): Extract<Notice, { type: 'frame' }> | undefined {
    const counters = this.#counters(nowMs)
    const list = this.#list.view(nowMs)
    const ladder = this.#ladder.update()
    if (list === undefined && counters === undefined && ladder === undefined) return undefined
    return {
      type: 'frame',
      ...(list !== undefined && { list }),
      ...(counters !== undefined && { counters }),
      ...(ladder !== undefined && { ladder }),
    }
  }

  #counters(nowMs: number): Counters | undefined {
    if (nowMs - this.#countersMs < COUNTERS_MS) return undefined
    this.#countersMs = nowMs
    this.#tick(nowMs)
    return this.#traffic.counters(this.#book, this.#clock, nowMs, this.#ring.bytes)
  }

  #tick(nowMs: number): void {
    if (nowMs - this.#tickMs < TICK_MS) return
    this.#tickMs = nowMs
    this.#book.tick(nowMs)
  }

  #apply(block: EventBlock, row: number, ref: EventRef): void {
    const record = this.#book.apply(block, row, ref, this.#ring.firstRef)
    if (record === undefined) return
    this.#traffic.noteCall(record, block.sealedUs)
    record.isMatched ||= this.#matches === undefined || this.#matches(block, row)
    this.#list.update(record)
    this.#ladder.noteEvent(record, ref)
  }

  #noteGap(gap: GapNotice): void {
    this.#book.noteGap(gap.fromUs, gap.toUs, gap.count)
    this.#traffic.noteGap(gap)
    this.#list.addGap(this.#book.takeKey(), gap)
    this.#ladder.noteGap(gap)
  }

  #removed(record: CallRecord, into: CallRecord | undefined): void {
    this.#list.remove(record)
    if (into !== undefined) {
      into.isMatched ||= record.isMatched
      this.#list.update(into)
    }
    this.#ladder.noteRemoved(record, into)
  }

  #setFilter(text: string): boolean {
    if (text.trim() === '') {
      this.#matches = undefined
    } else {
      const parsed = parseExpression(text)
      if (!parsed.ok) return false
      this.#matches = compileExpression(parsed.expression)
    }
    const matches = this.#matches
    for (const record of this.#book.records()) {
      record.isMatched = matches === undefined || this.#matchesAny(record, matches)
    }
    this.#list.replace(this.#book.records())
    return true
  }

  #matchesAny(record: CallRecord, matches: RowPredicate): boolean {
    return record.refs.values().some((ref) => {
      const block = this.#ring.block(ref)
      return block !== undefined && matches(block, rowOf(ref))
    })
  }
}
