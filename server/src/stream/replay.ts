import type { EventBlock } from '@hepscope/shared/event/block.ts'
import type { Batch, Notice } from './batch.ts'
import type { Continuity } from './continuity.ts'
import type { FilterGroup } from './filter-group.ts'
import type { PastBlocks } from './past.ts'
import type { RingTail } from './ring-tail.ts'

/** Gives a viewer the part of the past that the ring has forgotten, and then the rest. */
export interface Replay {
  /** The viewer has room for more. */
  more(): void
  /** The viewer is gone. */
  close(): void
}

/** What a replay works with. */
export interface ReplayParts {
  readonly past: PastBlocks
  readonly group: FilterGroup
  readonly continuity: Continuity
  /** Hold what the ring has now, and what comes; see `RingTail`. */
  readonly hold: (onFull?: () => void) => RingTail
  readonly release: (tail: RingTail) => void
  /** A block as viewers may see it. */
  readonly shown: (block: EventBlock) => EventBlock
  /** Give the viewer what comes next. `isEnd`: that was the past, up to this very moment. */
  readonly deliver: (entries: readonly (Batch | Notice)[], isEnd: boolean) => void
}

/**
 * The last `seq` of an epoch of this server that viewers of this stream may have: what is kept may be ahead of the
 * stream, where that waits for other nodes.
 */
export function publishedSeq({ past, continuity }: ReplayParts, epoch: number): number {
  return epoch === past.epoch ? (continuity.lastSeq(past.node, epoch) ?? 0) : Infinity
}
