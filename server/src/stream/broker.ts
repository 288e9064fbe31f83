import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { formatFilter, type RowPredicate } from '@hepscope/shared/filter/filter.ts'
import { FilterGroup, type StreamView } from './filter-group.ts'
import { Ring } from './ring.ts'
import { Subscription, type StreamSink } from './subscription.ts'

export interface BrokerOptions {
  readonly bufferEvents: number
  readonly bufferBytes: number
  readonly maxSubscribers: number
  readonly queueLength: number
  readonly ratePerSec: number
}

/** Last event that a viewer has seen. */
export interface StreamPosition {
  readonly epoch: number
  readonly seq: number
}

export interface SubscribeRequest extends StreamView {
  /** Newest past events to send first. */
  readonly history: number
  /** Send what came after this event, as far as the ring still has it; `history` does not count then. */
  readonly since?: StreamPosition
}

/** Totals of the whole stream, those of viewers who left included. */
export interface BrokerCounts {
  readonly published: number
  readonly matched: number
  readonly sent: number
  readonly droppedQueue: number
  readonly droppedRate: number
}

/** Hands every block to every viewer whose filter it passes. Publishing never waits for a viewer. */
export class Broker {
  readonly ring: Ring
  readonly #options: BrokerOptions
  readonly #groups = new Map<string, FilterGroup>()
  readonly #groupOf = new Map<Subscription, FilterGroup>()
  /** Counts of viewers who left. */
  readonly #left = { matched: 0, sent: 0, droppedQueue: 0, droppedRate: 0 }
  #published = 0

  constructor(options: BrokerOptions) {
    this.#options = options
    this.ring = new Ring(options.bufferEvents, options.bufferBytes)
  }

  get subscriberCount(): number {
    return this.#groupOf.size
  }

  get isFull(): boolean {
    return this.#groupOf.size >= this.#options.maxSubscribers
  }

  get counts(): BrokerCounts {
    const sum = { published: this.#published, ...this.#left }
    for (const subscription of this.#groupOf.keys()) addCounts(sum, subscription)
    return sum
  }

  publish(block: EventBlock): void {
    this.#published += block.count
    this.ring.append(block)
    const nowMs = Date.now()
    for (const group of this.#groups.values()) {
      const batch = group.append(block)
      if (batch === undefined) continue
      for (const subscription of group.subscriptions) subscription.offer(batch, nowMs)
      group.trim()
    }
  }

  /** Begin a view: the past that was asked for, then everything from now on, without gap or double. */
  subscribe(request: SubscribeRequest, sink: StreamSink): Subscription {
    const { filter, format, withPayload, since } = request
    const key = `${format} ${withPayload} ${formatFilter(filter)}`
    let group = this.#groups.get(key)
    if (group === undefined) {
      group = new FilterGroup({ filter, format, withPayload })
      this.#groups.set(key, group)
    }
    const limit = since === undefined ? request.history : Infinity
    const history = group.history(this.ring.entries, this.ring.start, limit, since && isAfter(since))
    const limits = { queueLength: this.#options.queueLength, ratePerSec: this.#options.ratePerSec }
    const nowMs = Date.now()
    const subscription = new Subscription(group, sink, limits, history, nowMs)
    group.subscriptions.add(subscription)
    this.#groupOf.set(subscription, group)
    subscription.pump(nowMs)
    return subscription
  }

  /** The socket has room again. */
  resume(subscription: Subscription): void {
    subscription.pump(Date.now())
    this.#groupOf.get(subscription)?.trim()
  }

  /** End a view. Idempotent. */
  unsubscribe(subscription: Subscription): void {
    const group = this.#groupOf.get(subscription)
    if (group === undefined) return
    this.#groupOf.delete(subscription)
    group.subscriptions.delete(subscription)
    addCounts(this.#left, subscription)
    if (group.subscriptions.size > 0) group.trim()
    else {
      for (const [key, other] of this.#groups) if (other === group) this.#groups.delete(key)
    }
  }
}

/** Events of the same epoch behind the position, and all of any other epoch: that node has started anew since. */
function isAfter(since: StreamPosition): RowPredicate {
  return (block, row) => block.epoch !== since.epoch || block.seq(row) > since.seq
}

function addCounts(
  sum: { matched: number; sent: number; droppedQueue: number; droppedRate: number },
  subscription: Subscription,
): void {
  sum.matched += subscription.matchedCount
  sum.sent += subscription.sentCount
  sum.droppedQueue += subscription.droppedQueueCount
  sum.droppedRate += subscription.droppedRateCount
}
