import type { ControlFrame } from '@hepscope/shared/frame/control.ts'
import { Batch, controlWire, Notice } from './batch.ts'
import { Notices } from './notices.ts'
import { TokenBucket } from './token-bucket.ts'

/** What a viewer's cursor moves along: the batches and notices of its filter, numbered from 0. */
export interface GroupLog {
  /** Events of all batches that there ever were. */
  readonly eventCount: number
  /** Number behind the newest entry. */
  end(): number
  /** An entry that was looked at no longer changes. */
  entry(number: number): Batch | Notice | undefined
}

/** Where a viewer's bytes go: a socket. */
export interface StreamSink {
  /** Bytes that were written and have not left the process yet. */
  readonly bufferedBytes: number
  /** Pieces that belong together: whole WebSocket messages. */
  write(pieces: readonly Uint8Array[]): void
}

export interface SubscriptionLimits {
  /** Matched events that may wait for a slow socket; of those beyond, the oldest are dropped. */
  readonly queueLength: number
  /** Events a second; 0: no limit. */
  readonly ratePerSec: number
}

/** What comes before the first live event. */
export interface Prelude {
  /** Said first, e.g. the gap between what the viewer has and what the ring still holds. */
  readonly frames: readonly ControlFrame[]
  readonly history: readonly Batch[]
  /** More of the past is to come: called whenever there is room for it, until `endPast`. */
  readonly onRoom?: () => void
}

/** Once a socket holds this much, the viewer's cursor stays behind until it drains. */
const HIGH_WATER_BYTES = 512 * 1024

/**
 * One viewer: a cursor into the batches of its filter, not a queue.
 *
 * At any time `sent + droppedQueue + droppedRate + waiting = matched`, live and history together.
 */
export class Subscription {
  readonly limits: SubscriptionLimits
  sentCount = 0
  droppedQueueCount = 0
  droppedRateCount = 0
  readonly #log: GroupLog
  readonly #sink: StreamSink
  readonly #bucket: TokenBucket
  /** Only of viewers that asked for control frames. */
  readonly #notices: Notices | undefined
  readonly #history: (Batch | Notice)[]
  #historyCount: number
  /** While the past is not complete; the live events begin where it ends. */
  #onRoom: (() => void) | undefined
  #isReplaying: boolean
  /** Number of the entry that is next, and how many of its events are done. */
  #cursor: number
  #done = 0
  /** Events of the log before this viewer came, and those that it is done with. */
  #startCount: number
  #doneCount: number

  /** @param prelude its frames are sent only `withControl` */
  constructor(
    log: GroupLog,
    sink: StreamSink,
    limits: SubscriptionLimits,
    prelude: Prelude,
    withControl: boolean,
    nowMs: number,
  ) {
    this.limits = limits
    this.#log = log
    this.#sink = sink
    this.#bucket = new TokenBucket(limits.ratePerSec, nowMs)
    this.#history = [...prelude.history]
    this.#cursor = log.end()
    this.#startCount = this.#doneCount = log.eventCount
    this.#historyCount = countOf(prelude.history)
    this.#onRoom = prelude.onRoom
    this.#isReplaying = withControl
    this.#notices = withControl ? new Notices() : undefined
    if (withControl && prelude.frames.length > 0) sink.write(prelude.frames.map(controlWire))
  }

  /** Number of the entry that is next; Infinity while it is not known where the live events begin. */
  get cursor(): number {
    return this.#isLive ? this.#cursor : Infinity
  }

  get matchedCount(): number {
    return this.#historyCount + (this.#isLive ? this.#log.eventCount - this.#startCount : 0)
  }

  /** Matched events that were neither sent nor dropped yet. */
  get waitingCount(): number {
    return this.matchedCount - this.sentCount - this.droppedQueueCount - this.droppedRateCount
  }

  get bufferedBytes(): number {
    return this.#sink.bufferedBytes
  }

  /** More of the past, and control frames between its events. */
  addPast(entries: readonly (Batch | Notice)[]): void {
    for (const entry of entries) if (entry instanceof Batch || this.#notices !== undefined) this.#history.push(entry)
    this.#historyCount += countOf(entries)
  }

  /** The past is complete: what is published from this moment on follows. */
  endPast(): void {
    this.#onRoom = undefined
    this.#cursor = this.#log.end()
    this.#startCount = this.#doneCount = this.#log.eventCount
  }

  /** Write as much as the socket takes: history first, then live. Of the rest the queue's length may wait. */
  pump(nowMs: number): void {
    const pieces: Uint8Array[] = []
    // What is collected here counts as well: a socket only reports what it was given.
    let size = this.#sink.bufferedBytes
    while (size < HIGH_WATER_BYTES) {
      const taken = this.#takeNext(nowMs)
      if (taken === undefined) break
      for (const piece of taken) {
        pieces.push(piece)
        size += piece.length
      }
    }
    if (pieces.length > 0) this.#sink.write(pieces)
    this.dropExcess()
    if (this.#history.length === 0 && size < HIGH_WATER_BYTES) this.#onRoom?.()
  }

  /** Tell the viewer the time, and of gaps that no event has followed yet. Left out while its socket is full. */
  tick(clock: ControlFrame): void {
    if (this.#notices === undefined || this.#isReplaying || this.#sink.bufferedBytes >= HIGH_WATER_BYTES) return
    this.#sink.write([...this.#noticeWires(), controlWire(clock)])
  }

  /** Give up the oldest events beyond so many; the queue's length if it is not said. */
  dropExcess(most = this.limits.queueLength): void {
    if (!this.#isLive) return
    let left = this.#log.eventCount - this.#doneCount - most
    while (left > 0) {
      const entry = this.#log.entry(this.#cursor)
      if (entry === undefined) return
      if (entry instanceof Batch) {
        const dropped = Math.min(left, entry.count - this.#done)
        this.#notices?.addDropped(entry, this.#done, this.#done + dropped, 'queue')
        left -= dropped
        this.#done += dropped
        this.#doneCount += dropped
        this.droppedQueueCount += dropped
        if (this.#done < entry.count) return
      } else this.#notices?.add(entry.frame)
      this.#advance()
    }
  }

  /** Give up everything that waits; control frames are told before the next event. */
  leaveBehind(): void {
    if (!this.#isLive) return
    this.dropExcess(0)
    for (let entry = this.#log.entry(this.#cursor); entry instanceof Notice; entry = this.#log.entry(this.#cursor)) {
      this.#notices?.add(entry.frame)
      this.#advance()
    }
  }

  get #isLive(): boolean {
    return this.#onRoom === undefined
  }

  /** Bytes that come next; undefined if there are none. */
  #takeNext(nowMs: number): readonly Uint8Array[] | undefined {
    const past = this.#history.shift()
    if (past instanceof Notice) return [past.wire]
    if (past !== undefined) {
      this.sentCount += past.count
      return past.wire(0, past.count)
    }
    if (!this.#isLive) return undefined
    if (this.#isReplaying) {
      this.#isReplaying = false
      return [controlWire({ type: 'replay-end', count: this.#historyCount })]
    }
    const entry = this.#log.entry(this.#cursor)
    if (entry === undefined) return undefined
    const taken = entry instanceof Batch ? this.#takeLive(entry, nowMs) : [...this.#noticeWires(), entry.wire]
    this.#advance()
    return taken
  }

  #takeLive(batch: Batch, nowMs: number): readonly Uint8Array[] {
    const from = this.#done
    const waiting = batch.count - from
    const allowed = this.#bucket.take(waiting, nowMs)
    const wires = allowed === 0 ? [] : batch.wire(from, from + allowed)
    const notices = allowed === 0 ? [] : this.#noticeWires()
    this.#notices?.addDropped(batch, from + allowed, batch.count, 'rate')
    this.sentCount += allowed
    this.droppedRateCount += waiting - allowed
    this.#doneCount += waiting
    return notices.length === 0 ? wires : [...notices, ...wires]
  }

  #advance(): void {
    this.#cursor++
    this.#done = 0
  }

  #noticeWires(): Uint8Array[] {
    return (this.#notices?.take() ?? []).map(controlWire)
  }
}

function countOf(entries: readonly (Batch | Notice)[]): number {
  return entries.reduce((sum, entry) => (entry instanceof Batch ? sum + entry.count : sum), 0)
}
