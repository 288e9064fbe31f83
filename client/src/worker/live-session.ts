import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { BlockRing, type EventRef, type RingLimits, rowOf } from './block-ring.ts'
import { CallBook } from './call-book.ts'
import { CallList } from './call-list.ts'
import type { CallRecord } from './call-record.ts'
import { FigureFeed } from './figures/figure-feed.ts'
import { type BlockPlace, GapWatch } from './gap-watch.ts'
import { LadderFeed } from './ladder-feed.ts'
import { ListFilter } from './list-filter.ts'
import { OlderCalls } from './older-calls.ts'
import type { CallRow, Command, Counters, GapNotice, Notice, OlderState, Statistics } from './protocol.ts'
import { ServerClock } from './server-clock.ts'
import { countDialogs } from './statistics.ts'
import { Traffic } from './traffic.ts'

export interface SessionLimits extends RingLimits {
  readonly calls: number
}

export const DEFAULT_LIMITS: SessionLimits = { events: 200_000, bytes: 192 * 1024 * 1024, calls: 25_000 }
export interface SessionOptions {
  /** What is missing in the numbers of the events is missing here. Default true. */
  readonly hasEveryEvent?: boolean
  /** Where the list ends, calls from before come from the store. */
  readonly older?: OlderSource
}

/** What of the store a list takes in. */
export interface OlderSource {
  /** Ends of its time, milliseconds since 1970; 0 is the beginning, and without the other it is that of what is here. */
  readonly fromMs: number
  readonly toMs?: number
  readonly pageSize: number
  readonly limit: number
  /** There is something to tell. */
  readonly onChange: () => void
}

const COUNTERS_MS = 250
const WHOLE: BlockPlace = { fromRow: 0, gaps: [] }
const TICK_MS = 1000
const STATISTICS_MS = 1000

/** Commands that are about what is shown, not about the socket or a file. */
export type ViewCommand = Exclude<Command, { readonly type: 'connect' | 'disconnect' | 'retry' | 'drawn' | 'export' }>

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
  /** Undefined for events that were picked out, among which missing numbers mean nothing. */
  readonly #gaps: GapWatch | undefined
  readonly #clock = new ServerClock()
  readonly #traffic = new Traffic()
  readonly #figures: FigureFeed
  readonly #filter: ListFilter
  readonly #older: OlderCalls | undefined
  readonly #toMs: number | undefined
  #olderState: OlderState | undefined
  #filterText = ''
  #askedRows = 0
  #countersMs = 0
  #statisticsMs = 0
  #wantsStatistics = false
  #tickMs = 0

  constructor(limits: SessionLimits = DEFAULT_LIMITS, { hasEveryEvent = true, older }: SessionOptions = {}) {
    this.#gaps = hasEveryEvent ? new GapWatch() : undefined
    this.#ring = new BlockRing(limits)
    this.#filter = new ListFilter(this.#ring)
    this.#book = new CallBook(limits.calls, {
      onRemove: (record, into) => this.#removed(record, into),
      onChange: (record) => {
        this.#filter.noteChange(record)
        this.#list.update(record)
      },
    })
    this.#ladder = new LadderFeed(this.#ring, this.#book, (callId) => this.#older?.row(callId))
    this.#older = older === undefined ? undefined : this.#olderCalls(older)
    this.#toMs = older?.toMs
    this.#figures = new FigureFeed(this.#book)
  }

  noteOpen(nowMs: number): void {
    this.#clock.noteOpen(nowMs)
  }

  /** Take in a block of the unfiltered stream. */
  receive(block: EventBlock, nowMs: number): void {
    const { fromRow, gaps } = this.#gaps?.place(block) ?? WHOLE
    if (fromRow >= block.count) return
    // Events count as heard at the latest tick.
    this.#tick(nowMs)
    this.#clock.noteBlock(block, nowMs)
    this.#traffic.noteBlock(block, fromRow)
    this.#figures.noteBlock(block, fromRow)
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
        this.#replaceList()
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
      case 'figures':
        this.#figures.watch(command.minutes)
        return true
      case 'rows':
        this.#askedRows = command.most
        return true
      case 'older':
        if (command.isWanted) this.#wantOlder()
        else this.#older?.stop()
        return true
      case 'statistics':
        this.#wantsStatistics = command.isWanted
        this.#statisticsMs = 0
        return true
    }
  }

  /**
   * What the page does not know yet; undefined if there is nothing.
   *
   * @param wallMs the page's clock, which paces what is not to change too often, where `nowMs` is that of a recording
   */
  frame(nowMs: number, wallMs = nowMs): Extract<Notice, { type: 'frame' }> | undefined {
    if (this.#list.isNearOldest) this.#wantOlder()
    const counters = this.#counters(nowMs, wallMs)
    const list = this.#list.view(wallMs)
    const ladder = this.#ladder.update()
    const statistics = this.#statistics(wallMs)
    const figures = this.#figures.update(this.#clock.nowUs(nowMs), wallMs, this.#traffic.missing)
    const older = this.#newOlderState()
    const rows = this.#takeRows()
    const isNothing = (list ?? counters ?? ladder ?? statistics ?? figures ?? older ?? rows) === undefined
    if (isNothing) return undefined
    return {
      type: 'frame',
      ...(list !== undefined && { list }),
      ...(counters !== undefined && { counters }),
      ...(ladder !== undefined && { ladder }),
      ...(statistics !== undefined && { statistics }),
      ...(figures !== undefined && { figures }),
      ...(older !== undefined && { older }),
      ...(rows !== undefined && { rows }),
    }
  }

  /** The events of calls, by any of their Call-IDs, in order of time. */
  eventsOf(callIds: readonly string[]): (readonly [block: EventBlock, row: number])[] {
    const records = new Set(callIds.flatMap((callId) => this.#book.find(callId) ?? []))
    const events = [...records].flatMap((record) =>
      record.refs.values().flatMap((ref) => {
        const block = this.#ring.block(ref)
        return block === undefined ? [] : [[block, rowOf(ref)] as const]
      }),
    )
    return events.sort(([a, i], [b, k]) => (a.tsUs[i] ?? 0) - (b.tsUs[k] ?? 0))
  }

  #olderCalls({ fromMs, pageSize, limit, onChange }: OlderSource): OlderCalls {
    return new OlderCalls({
      fromMs,
      pageSize,
      limit,
      isKnown: (callIds) => callIds.some((callId) => this.#book.find(callId) !== undefined),
      onCalls: (calls) => {
        this.#list.addOlder(calls)
        onChange()
      },
      onState: onChange,
    })
  }

  #wantOlder(): void {
    this.#older?.want(() => {
      let beforeMs = this.#toMs ?? Date.now()
      for (const { call } of this.#book.records()) beforeMs = Math.min(beforeMs, Math.floor(call.firstUs / 1000))
      return { q: this.#filterText, isCallsOnly: this.#list.scope === 'calls', beforeMs }
    })
  }

  #newOlderState(): OlderState | undefined {
    const state = this.#older?.state
    if (state === this.#olderState) return undefined
    this.#olderState = state
    return state
  }

  #takeRows(): readonly CallRow[] | undefined {
    if (this.#askedRows === 0) return undefined
    const rows = this.#list.rows(this.#askedRows)
    this.#askedRows = 0
    return rows
  }

  /** Begin again with what the list shows; from the store, it is asked for anew. */
  #replaceList(): void {
    this.#older?.reset()
    this.#list.replace(this.#book.records())
  }

  #statistics(wallMs: number): Statistics | undefined {
    if (!this.#wantsStatistics || wallMs - this.#statisticsMs < STATISTICS_MS) return undefined
    this.#statisticsMs = wallMs
    return { ...countDialogs(this.#book.records()), ...this.#traffic.tallies() }
  }

  #counters(nowMs: number, wallMs: number): Counters | undefined {
    if (wallMs - this.#countersMs < COUNTERS_MS) return undefined
    this.#countersMs = wallMs
    this.#tick(nowMs)
    return this.#traffic.counters(this.#book, this.#clock, nowMs, this.#ring.bytes, this.#list.scope)
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
    this.#figures.noteCall(record, block.sealedUs)
    this.#filter.noteEvent(record, block, row)
    if (record.refs.size === 1) this.#takeFromStore(record)
    this.#list.update(record)
    this.#ladder.noteEvent(record, ref)
  }

  /** A call of which the store's form was listed goes on. */
  #takeFromStore(record: CallRecord): void {
    const stored = this.#older?.take(record.call.id)
    if (stored !== undefined) this.#list.remove(stored)
  }

  #noteGap(gap: GapNotice): void {
    this.#book.noteGap(gap.fromUs, gap.toUs, gap.count)
    this.#traffic.noteGap(gap)
    this.#list.addGap(this.#book.takeKey(), gap)
    this.#ladder.noteGap(gap)
  }

  #removed(record: CallRecord, into: CallRecord | undefined): void {
    if (into === undefined) this.#figures.noteRemoved(record)
    this.#list.remove(record)
    if (into !== undefined) {
      this.#filter.noteChange(into)
      this.#list.update(into)
    }
    this.#ladder.noteRemoved(record, into)
  }

  #setFilter(text: string): boolean {
    if (!this.#filter.set(text)) return false
    for (const record of this.#book.records()) this.#filter.judge(record)
    this.#filterText = text
    this.#list.setNamesKind(this.#filter.namesKind)
    this.#replaceList()
    return true
  }
}
