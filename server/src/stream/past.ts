import type { EventBlock } from '@hepscope/shared/event/block.ts'

/** An event of one node. */
export interface PastPosition {
  readonly epoch: number
  readonly seq: number
}

/** Blocks of this server's own that were published before and are kept for longer than the ring keeps them. */
export interface PastBlocks {
  /** Name of this server. */
  readonly node: string
  /** Its present epoch. */
  readonly epoch: number
  /**
   * The blocks right behind a position, or right before it, some of them, in the order of publishing; the nearest may
   * reach across it. Those that were published before the call are all found, as far as they are kept. Empty if there
   * are none; never rejects.
   */
  read(direction: 'after' | 'before', from: PastPosition): Promise<readonly EventBlock[]>
}
