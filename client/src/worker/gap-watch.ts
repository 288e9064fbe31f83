import type { EventBlock } from '@hepscope/shared/event/block.ts'
import type { GapNotice } from './protocol.ts'

interface NodePosition {
  readonly epoch: number
  readonly nextSeq: number
  readonly lastUs: number
}

/** What a block is in the sequence of its node. */
export interface BlockPlace {
  /** First row that was not received before; `block.count` if all were. */
  readonly fromRow: number
  /** Events missing before a row. */
  readonly gaps: readonly { readonly row: number; readonly gap: GapNotice }[]
}

/**
 * Tells from the numbers of an unfiltered stream which events did not arrive.
 *
 * The numbers of one node and epoch have no holes; the first block of a node is where watching begins.
 */
export class GapWatch {
  readonly #nodes = new Map<string, NodePosition>()

  /** Compare a block with what came before and remember where it ends. */
  place(block: EventBlock): BlockPlace {
    const before = this.#nodes.get(block.node)
    // Of an epoch that is over: nothing can follow it, and its numbers mean something else.
    if (before !== undefined && block.epoch < before.epoch) return { fromRow: block.count, gaps: [] }
    const gaps: { row: number; gap: GapNotice }[] = []
    let nextSeq = before?.nextSeq ?? block.seq(0)
    let lastUs = before?.lastUs ?? block.tsUs[0] ?? 0
    let fromRow = 0
    const isRestart = before !== undefined && block.epoch > before.epoch
    if (isRestart) {
      const first = block.seq(0)
      gaps.push({ row: 0, gap: notice(block, 0, 1, first - 1, lastUs, true) })
      nextSeq = first
    }
    for (let row = 0; row < block.count; row++) {
      const seq = block.seq(row)
      if (seq < nextSeq) {
        fromRow = row + 1
        continue
      }
      if (seq > nextSeq) gaps.push({ row, gap: notice(block, row, nextSeq, seq - nextSeq, lastUs, false) })
      nextSeq = seq + 1
      lastUs = block.tsUs[row] ?? lastUs
    }
    this.#nodes.set(block.node, { epoch: block.epoch, nextSeq, lastUs })
    return { fromRow, gaps }
  }

  clear(): void {
    this.#nodes.clear()
  }
}

function notice(
  block: EventBlock,
  row: number,
  firstSeq: number,
  count: number,
  lastUs: number,
  isRestart: boolean,
): GapNotice {
  // An event has the same without the word in front, and a ladder shows both.
  const key = `gap:${block.node}:${block.epoch}:${firstSeq}`
  return { key, node: block.node, fromUs: lastUs, toUs: block.tsUs[row] ?? lastUs, count, isRestart }
}
