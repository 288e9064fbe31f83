import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { maskHeaders } from '@hepscope/shared/event/mask.ts'
import { selectRows } from '@hepscope/shared/event/select.ts'
import { formatFilter } from '@hepscope/shared/filter/filter.ts'
import type { ControlFrame, NodePosition, StatusFrame } from '@hepscope/shared/frame/control.ts'
import { type Batch, Notice } from './batch.ts'
import { Continuity } from './continuity.ts'
import { FilterGroup, type StreamView } from './filter-group.ts'
import { Pace } from './pace.ts'
import type { PastBlocks } from './past.ts'
import { Replays } from './replays.ts'
import { gapsBehind, isBehind, type StreamPosition } from './resume.ts'
import { Ring } from './ring.ts'
import { type Prelude, type StreamSink, Subscription, type SubscriptionLimits } from './subscription.ts'

export interface BrokerOptions {
  readonly bufferEvents: number
  readonly bufferBytes: number
  readonly maxSubscribers: number
  /** Whether any viewer can ever get a payload; if not, the ring holds none. */
  readonly keepsPayload: boolean
  /** Header fields, in lower case, whose values no viewer gets to see. */
  readonly maskedHeaders?: readonly string[]
  /** This server's own events for longer than the ring has them; absent where they are kept nowhere. */
  readonly past?: PastBlocks
}

export interface SubscribeRequest extends StreamView {
  readonly limits: SubscriptionLimits
  /** Newest past events to send first. */
  readonly history: number
  /** Send what came after these events, as far as it is still there; `history` does not count then. */
  readonly since?: readonly StreamPosition[]
  /** Said before anything else to a viewer that wants control frames. */
  readonly hello?: (positions: readonly NodePosition[]) => ControlFrame
}

/** Totals of the whole stream, those of viewers who left included. */
export interface BrokerCounts {
  readonly published: number
  readonly matched: number
  readonly sent: number
  readonly droppedQueue: number
  readonly droppedRate: number
}

/** Writes a second to the sockets of all viewers together; with more viewers each is written to less often. */
const WRITES_PER_SECOND = 40_000

/** Hands every block to every viewer whose filter it passes. Publishing never waits for a viewer. */
export class Broker {
  readonly ring: Ring
  readonly continuity = new Continuity()
  readonly #options: BrokerOptions
  readonly #groups = new Map<string, FilterGroup>()
  readonly #groupOf = new Map<Subscription, FilterGroup>()
  readonly #replays: Replays
  /** Last known state of each node, for viewers who come later. */
  readonly #statuses = new Map<string, StatusFrame>()
  /** Counts of viewers who left. */
  readonly #left = { matched: 0, sent: 0, droppedQueue: 0, droppedRate: 0 }
  readonly #pace: Pace
  #published = 0
  #pumpedMs = 0
  #pump: NodeJS.Timeout | undefined

  constructor(options: BrokerOptions, pace = new Pace()) {
    this.#options = options
    this.#pace = pace
    this.ring = new Ring(options.bufferEvents, options.bufferBytes)
    this.#replays = new Replays({
      past: options.past,
      ring: this.ring,
      continuity: this.continuity,
      shown: (block) => this.#shown(block),
      deliver: (subscription, entries, isEnd) => this.#deliver(subscription, entries, isEnd),
    })
  }

  get subscriberCount(): number {
    return this.#groupOf.size
  }

  get groupCount(): number {
    return this.#groups.size
  }

  get isFull(): boolean {
    return this.#groupOf.size >= this.#options.maxSubscribers
  }

  get counts(): BrokerCounts {
    const sum = { published: this.#published, ...this.#left }
    for (const subscription of this.#groupOf.keys()) addCounts(sum, subscription)
    return sum
  }

  /**
   * Hand out a block. Events that were published before are taken out of it; viewers who asked for control frames are
   * told of those that are missing before it.
   */
  publish(published: EventBlock): void {
    const { block: fresh, gaps } = this.continuity.accept(published)
    for (const gap of gaps) this.#announce(gap)
    if (fresh === undefined) return
    const block = this.#shown(fresh)
    this.#published += block.count
    const entry = this.ring.append(block)
    if (this.#groupOf.size === 0) return
    let isPressing = false
    for (const group of this.#groups.values()) {
      group.append(block)
      isPressing ||= group.isPressing
    }
    this.#replays.publish(entry)
    const isDue = Date.now() - this.#pumpedMs >= this.#pumpIntervalMs
    if ((isDue || isPressing) && this.#pace.hasTime) this.#pumpAll()
    else this.#pumpSoon()
  }

  /** Tell the viewers who asked for control frames the state of a node; those who come later hear it first. */
  announce(status: StatusFrame): void {
    this.#statuses.set(status.node, status)
    this.#announce(status)
    this.#pumpSoon()
  }

  /** Begin a view: the past that was asked for, then everything from now on, without gap or double. */
  subscribe(request: SubscribeRequest, sink: StreamSink): Subscription {
    const { filter, format, withPayload, withControl } = request
    const nowMs = Date.now()
    const key = `${format} ${withPayload} ${withControl} ${formatFilter(filter)}`
    let group = this.#groups.get(key)
    if (group === undefined) {
      group = new FilterGroup(key, { filter, format, withPayload, withControl })
      this.#groups.set(key, group)
    }
    const hello = request.hello === undefined ? [] : [request.hello(this.continuity.positions)]
    const frames: ControlFrame[] = [...hello, ...this.#statuses.values()]
    const needsReplay = this.#replays.isNeeded(request, group)
    const prelude: Prelude = needsReplay
      ? { frames, history: [], onRoom: () => this.#replays.more(subscription) }
      : { frames: [...frames, ...this.#gapsFor(request)], history: this.#historyFor(request, group) }
    const subscription = new Subscription(group, sink, request.limits, prelude, withControl, nowMs)
    group.add(subscription)
    this.#groupOf.set(subscription, group)
    if (needsReplay) this.#replays.begin(subscription, group, request)
    this.#pace.spend(() => subscription.pump(nowMs))
    return subscription
  }

  /** The socket has room again. */
  resume(subscription: Subscription): void {
    // Soon it will be the turn of all viewers.
    if (this.#pump !== undefined) return
    if (this.#pace.hasTime) this.#pace.spend(() => subscription.pump(Date.now()))
    else this.#pumpSoon()
  }

  /** Tell a viewer the time, how it fares, and gaps that no event has followed yet. */
  tick(subscription: Subscription): void {
    const { matchedCount, sentCount, droppedQueueCount, droppedRateCount, waitingCount } = subscription
    subscription.tick({
      type: 'clock',
      time: Date.now(),
      matched: matchedCount,
      sent: sentCount,
      dropped: { queue: droppedQueueCount, rate: droppedRateCount },
      ...(waitingCount === 0 && { positions: this.continuity.positions }),
    })
  }

  /** End a view. Idempotent. */
  unsubscribe(subscription: Subscription): void {
    const group = this.#groupOf.get(subscription)
    if (group === undefined) return
    this.#groupOf.delete(subscription)
    this.#replays.end(subscription)
    group.delete(subscription)
    addCounts(this.#left, subscription)
    if (group.isEmpty) this.#groups.delete(group.key)
    if (this.#groupOf.size > 0) return
    clearTimeout(this.#pump)
    this.#pump = undefined
  }

  /** A block as the viewers of this stream may see it. */
  #shown(block: EventBlock): EventBlock {
    const { keepsPayload, maskedHeaders = [] } = this.#options
    return keepsPayload ? maskHeaders(block, maskedHeaders) : withoutPayload(block)
  }

  #historyFor({ since, history }: SubscribeRequest, group: FilterGroup): Batch[] {
    if (since === undefined) return group.history(this.ring, history)
    return group.history(this.ring, Infinity, isBehind(since, this.continuity))
  }

  #gapsFor({ since }: SubscribeRequest): ControlFrame[] {
    return since === undefined ? [] : gapsBehind(since, this.ring, this.continuity)
  }

  /** Give a viewer more of the past. */
  #deliver(subscription: Subscription, entries: readonly (Batch | Notice)[], isEnd: boolean): void {
    subscription.addPast(entries)
    if (isEnd) {
      // Nodes may have changed meanwhile.
      subscription.addPast(Array.from(this.#statuses.values(), (status) => new Notice(status)))
      subscription.endPast()
    }
    this.resume(subscription)
  }

  #announce(frame: ControlFrame): void {
    for (const group of this.#groups.values()) if (group.view.withControl) group.announce(frame)
  }

  get #pumpIntervalMs(): number {
    return Math.floor((this.#groupOf.size * 1000) / WRITES_PER_SECOND)
  }

  #pumpSoon(): void {
    if (this.#groupOf.size === 0) return
    this.#pump ??= setTimeout(() => this.#pumpInTime(), this.#pumpIntervalMs)
  }

  #pumpInTime(): void {
    if (this.#pace.hasTime) this.#pumpAll()
    else this.#pump = setTimeout(() => this.#pumpInTime(), 1)
  }

  #pumpAll(): void {
    clearTimeout(this.#pump)
    this.#pump = undefined
    this.#pace.spend(() => {
      const nowMs = Date.now()
      this.#pumpedMs = nowMs
      for (const group of this.#groups.values()) group.pump(nowMs)
    })
  }
}

function withoutPayload(block: EventBlock): EventBlock {
  return selectRows(
    block,
    Array.from({ length: block.count }, (_, row) => row),
    false,
  )
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
