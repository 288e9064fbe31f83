import type { Batch } from './batch.ts'
import { TokenBucket } from './token-bucket.ts'

/** What a viewer's cursor moves along: the batches of its filter, numbered from 0. */
export interface BatchLog {
  /** Number behind the newest batch. */
  readonly end: number
  batch(number: number): Batch | undefined
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

/** Once a socket holds this much, the viewer's cursor stays behind until it drains. */
const HIGH_WATER_BYTES = 1 << 20

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
  readonly #log: BatchLog
  readonly #sink: StreamSink
  readonly #limits: SubscriptionLimits
  readonly #bucket: TokenBucket
  #history: Batch[]
  /** Number of the batch that is next, and how many of its events are done. */
  #cursor: number
  #done = 0
  #waitingLive = 0

  constructor(log: BatchLog, sink: StreamSink, limits: SubscriptionLimits, history: Batch[], nowMs: number) {
    this.#log = log
    this.#sink = sink
    this.#limits = limits
    this.#bucket = new TokenBucket(limits.ratePerSec, nowMs)
    this.#history = history
    this.#cursor = log.end
    for (const batch of history) this.matchedCount += batch.count
  }

  get cursor(): number {
    return this.#cursor
  }

  /** Matched events that were neither sent nor dropped yet. */
  get waitingCount(): number {
    return this.matchedCount - this.sentCount - this.droppedQueueCount - this.droppedRateCount
  }

  /** A batch was appended to the group. */
  offer(batch: Batch, nowMs: number): void {
    this.matchedCount += batch.count
    this.#waitingLive += batch.count
    this.pump(nowMs)
    const excess = this.#waitingLive - this.#limits.queueLength
    if (excess > 0) this.#dropOldest(excess)
  }

  /** Write as much as the socket takes: history first, then live. */
  pump(nowMs: number): void {
    while (this.#sink.bufferedBytes < HIGH_WATER_BYTES) {
      const past = this.#history.shift()
      if (past !== undefined) {
        this.#sink.write(past.wire(0, past.count))
        this.sentCount += past.count
        continue
      }
      const batch = this.#log.batch(this.#cursor)
      if (batch === undefined) return
      const waiting = batch.count - this.#done
      const allowed = this.#bucket.take(waiting, nowMs)
      if (allowed > 0) {
        this.#sink.write(batch.wire(this.#done, this.#done + allowed))
        this.sentCount += allowed
      }
      this.droppedRateCount += waiting - allowed
      this.#waitingLive -= waiting
      this.#cursor++
      this.#done = 0
    }
  }

  #dropOldest(count: number): void {
    let left = count
    while (left > 0) {
      const batch = this.#log.batch(this.#cursor)
      if (batch === undefined) return
      const dropped = Math.min(left, batch.count - this.#done)
      left -= dropped
      this.#done += dropped
      this.#waitingLive -= dropped
      this.droppedQueueCount += dropped
      if (this.#done === batch.count) {
        this.#cursor++
        this.#done = 0
      }
    }
  }
}
