import type { EventBlock } from '@hepscope/shared/event/block.ts'
import type { Batch, Notice } from './batch.ts'
import type { Continuity } from './continuity.ts'
import type { FilterGroup } from './filter-group.ts'
import { HistoryReplay } from './history-replay.ts'
import type { PastBlocks } from './past.ts'
import type { Replay, ReplayParts } from './replay.ts'
import type { StreamPosition } from './resume.ts'
import { oldestSeq, type RingEntry, type RingView } from './ring.ts'
import { RingTail } from './ring-tail.ts'
import { SinceReplay } from './since-replay.ts'
import type { Subscription } from './subscription.ts'

/** What a viewer asks for of the past. */
export interface PastRequest {
  readonly history: number
  readonly since?: readonly StreamPosition[]
}

export interface ReplaysOptions {
  readonly past: PastBlocks | undefined
  readonly ring: RingView
  readonly continuity: Continuity
  readonly shown: (block: EventBlock) => EventBlock
  readonly deliver: (subscription: Subscription, entries: readonly (Batch | Notice)[], isEnd: boolean) => void
}

/** The viewers who are given more of the past than the ring has. */
export class Replays {
  readonly #options: ReplaysOptions
  readonly #running = new Map<Subscription, Replay>()
  readonly #tails = new Set<RingTail>()

  constructor(options: ReplaysOptions) {
    this.#options = options
  }

  /** Whether the ring has not all that a viewer asks for, and it may be kept elsewhere. */
  isNeeded({ history, since }: PastRequest, group: FilterGroup): boolean {
    const { past, ring, continuity } = this.#options
    if (past === undefined) return false
    if (since === undefined) return history > 0 && countOf(group.history(ring, history)) < history
    const own = ownPosition(since, past, continuity)
    if (own === undefined) return false
    const oldest = oldestSeq(ring, past.node, past.epoch) ?? (continuity.lastSeq(past.node, past.epoch) ?? 0) + 1
    return own.epoch !== past.epoch || own.seq + 1 < oldest
  }

  begin(subscription: Subscription, group: FilterGroup, { history, since }: PastRequest): void {
    const { past, ring, continuity, shown, deliver } = this.#options
    if (past === undefined) return
    const parts: ReplayParts = {
      past,
      group,
      continuity,
      shown,
      hold: (onFull) => {
        const tail = new RingTail(ring, onFull)
        this.#tails.add(tail)
        return tail
      },
      release: (tail) => this.#tails.delete(tail),
      deliver: (entries, isEnd) => {
        if (isEnd) this.#running.delete(subscription)
        deliver(subscription, entries, isEnd)
      },
    }
    const own = since && ownPosition(since, past, continuity)
    const replay =
      since === undefined || own === undefined ? new HistoryReplay(parts, history) : new SinceReplay(parts, since, own)
    this.#running.set(subscription, replay)
  }

  /** The viewer has room for more. */
  more(subscription: Subscription): void {
    this.#running.get(subscription)?.more()
  }

  /** A block was published, and the viewers whose past is complete have it. */
  publish(entry: RingEntry): void {
    for (const tail of this.#tails) tail.add(entry)
  }

  end(subscription: Subscription): void {
    this.#running.get(subscription)?.close()
    this.#running.delete(subscription)
  }
}

/**
 * The position that names an event of this server. Epoch 0 names none: it asks for what the ring has.
 * Without a node's name it is ours if the epoch is, or if no other node is known.
 */
function ownPosition(
  since: readonly StreamPosition[],
  { node, epoch }: PastBlocks,
  continuity: Continuity,
): StreamPosition | undefined {
  const isAlone = continuity.positions.every((position) => position.node === node)
  return since.findLast(
    (position) =>
      position.epoch > 0 &&
      (position.node === undefined ? position.epoch === epoch || isAlone : position.node === node),
  )
}

function countOf(batches: readonly Batch[]): number {
  return batches.reduce((sum, { count }) => sum + count, 0)
}
