import type { EventBlock } from '../event/block.ts'

/** Decides of an event, a row of a block, whether it passes. */
export type RowPredicate = (block: EventBlock, row: number) => boolean
