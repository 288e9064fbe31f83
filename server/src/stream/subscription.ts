import type { ControlFrame } from '@hepscope/shared/frame/control.ts'
import { Batch, controlWire, type Notice } from './batch.ts'
import { Notices } from './notices.ts'
import { TokenBucket } from './token-bucket.ts'

/** What a viewer's cursor moves along: the batches and notices of its filter, numbered from 0. */
export interface GroupLog {
  /** Number behind the newest entry. */
  readonly end: number
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
  /** Matched events that may wait for a slow socket; the oldest beyond are dropped. */
  readonly queueLength: number
  /** Events a second; 0: no limit. */
  readonly ratePerSec: number
}

/** What comes before the first live event. */
export interface Prelude {
  /** Said first, e.g. the gap between what the viewer has and what the ring still holds. */
  readonly frames: readonly ControlFrame[]
  readonly history: readonly Batch[]
}

/** Once a socket holds this much, the viewer's cursor stays behind until it drains. */
const HIGH_WATER_BYTES = 512 * 1024

/**
 * One viewer: a cursor into the batches of its filter, not a queue.
 *
 * At any time `sent + droppedQueue + droppedRate + waiting = matched`, live and history together.
 */
export class Subscription {
  matchedCount = 0
  sentCount = 0
  droppedQueueCount = 0
  droppedRateCount = 0
  readonly #log: GroupLog
  readonly #sink: StreamSink
  readonly #limits: SubscriptionLimits
  readonly #bucket: TokenBucket
  /** Only of viewers that asked for control frames. */
  readonly #notices: Notices | undefined
  readonly #history: Batch[]
  readonly #historyCount: number
  #isReplaying: boolean
  /** Number of the entry that is next, and how many of its events are done. */
  #cursor: number
  #done = 0
  #waitingLive = 0

  /** @param prelude its frames are sent only `withControl` */
  constructor(
    log: GroupLog,
    sink: StreamSink,
    limits: SubscriptionLimits,
    prelude: Prelude,
    withControl: boolean,
    nowMs: number,
  ) {
    this.#log = log
    this.#sink = sink
    this.#limits = limits
    this.#bucket = new TokenBucket(limits.ratePerSec, nowMs)
    this.#history = [...prelude.history]
    this.#cursor = log.end
    for (const batch of this.#history) this.matchedCount += batch.count
    this.#historyCount = this.matchedCount
    this.#isReplaying = withControl
    this.#notices = withControl ? new Notices() : undefined
    if (withControl && prelude.frames.length > 0) sink.write(prelude.frames.map(controlWire))
  }

  get cursor(): number {
    return this.#cursor
  }

  /** Matched events that were neither sent nor dropped yet. */
  get waitingCount(): number {
    return this.matchedCount - this.sentCount - this.droppedQueueCount - this.droppedRateCount
  }

  get bufferedBytes(): number {
    return this.#sink.bufferedBytes
  }

  /** A batch was appended to the group; a `pump` follows soon. */
  offer(batch: Batch, nowMs: number): void {
    this.matchedCount += batch.count
    this.#waitingLive += batch.count
    // So that nothing is dropped just because it waited for the pump.
    if (2 * this.#waitingLive > this.#limits.queueLength) this.pump(nowMs)
    const excess = this.#waitingLive - this.#limits.queueLength
    if (excess > 0) this.#dropOldest(excess)
  }

  /** Write as much as the socket takes: history first, then live. */
  pump(nowMs: number): void {
    const pieces: Uint8Array[] = []
    // What is collected here counts as well: a socket only reports what it was given.
    let size = this.#sink.bufferedBytes
    const add = (more: readonly Uint8Array[]): void => {
      for (const piece of more) {
        pieces.push(piece)
        size += piece.length
      }
    }
    while (size < HIGH_WATER_BYTES) {
      const past = this.#history.shift()
      if (past !== undefined) {
        add(past.wire(0, past.count))
        this.sentCount += past.count
        continue
      }
      if (this.#isReplaying) {
        this.#isReplaying = false
        add([controlWire({ type: 'replay-end', count: this.#historyCount })])
      }
      const entry = this.#log.entry(this.#cursor)
      if (entry === undefined) break
      if (entry instanceof Batch) this.#takeLive(entry, nowMs, add)
      else {
        add(this.#noticeWires())
        add([entry.wire])
      }
      this.#cursor++
      this.#done = 0
    }
    if (pieces.length > 0) this.#sink.write(pieces)
  }

  /** Tell the viewer the time, and of gaps that no event has followed yet. Left out while its socket is full. */
  tick(clock: ControlFrame): void {
    if (this.#notices === undefined || this.#isReplaying || this.#sink.bufferedBytes >= HIGH_WATER_BYTES) return
    this.#sink.write([...this.#noticeWires(), controlWire(clock)])
  }

  #takeLive(batch: Batch, nowMs: number, add: (pieces: readonly Uint8Array[]) => void): void {
    const waiting = batch.count - this.#done
    const allowed = this.#bucket.take(waiting, nowMs)
    if (allowed > 0) {
      add(this.#noticeWires())
      add(batch.wire(this.#done, this.#done + allowed))
      this.sentCount += allowed
    }
    this.#notices?.addDropped(batch, this.#done + allowed, batch.count, 'rate')
    this.droppedRateCount += waiting - allowed
    this.#waitingLive -= waiting
  }

  #noticeWires(): Uint8Array[] {
    return (this.#notices?.take() ?? []).map(controlWire)
  }

  #dropOldest(count: number): void {
    let left = count
    while (left > 0) {
      const entry = this.#log.entry(this.#cursor)
      if (entry === undefined) return
      if (entry instanceof Batch) {
        const dropped = Math.min(left, entry.count - this.#done)
        this.#notices?.addDropped(entry, this.#done, this.#done + dropped, 'queue')
        left -= dropped
        this.#done += dropped
        this.#waitingLive -= dropped
        this.droppedQueueCount += dropped
        if (this.#done < entry.count) return
      } else this.#notices?.add(entry.frame)
      this.#cursor++
      this.#done = 0
    }
  }
}
