import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { selectRows } from '@hepscope/shared/event/select.ts'
import type { GapFrame, NodePosition } from '@hepscope/shared/frame/control.ts'

/** Epochs of one node that are remembered: a block of an older one counts as new. */
const MAX_EPOCHS = 8
/** Nodes that are remembered; the one that has been quiet for longest goes first. */
const MAX_NODES = 1024

export interface Accepted {
  /** The block without events that were here before; undefined if all of them were. */
  readonly block: EventBlock | undefined
  /** What should have come before it. */
  readonly gaps: readonly GapFrame[]
}

/**
 * Watches that the blocks of each node follow each other: `seq` counts every event of an epoch from 1, so a jump is a
 * loss on the way here, and a repeat is a double.
 */
export class Continuity {
  /** Last `seq` by epoch, the newest epoch last, by node. */
  readonly #nodes = new Map<string, Map<number, number>>()
  duplicateCount = 0
  missingCount = 0

  /** Newest event of each node. */
  get positions(): NodePosition[] {
    return [...this.#nodes].flatMap(([node, epochs]) => {
      const newest = [...epochs].at(-1)
      return newest === undefined ? [] : [{ node, epoch: newest[0], seq: newest[1] }]
    })
  }

  /** Last `seq` of an epoch, or undefined if it is not known. */
  lastSeq(node: string, epoch: number): number | undefined {
    return this.#nodes.get(node)?.get(epoch)
  }

  /** Whether an epoch of a node came before another; one that was never here is placed by its start. */
  isBefore(node: string, epoch: number, other: number): boolean {
    const epochs = [...(this.#nodes.get(node)?.keys() ?? [])]
    const [at, otherAt] = [epochs.indexOf(epoch), epochs.indexOf(other)]
    return at < 0 || otherAt < 0 ? epoch < other : at < otherAt
  }

  accept(block: EventBlock): Accepted {
    const { node, epoch } = block
    const epochs = this.#epochsOf(node)
    const previous = [...epochs].at(-1)
    const known = epochs.get(epoch)
    const gaps: GapFrame[] = []
    if (known === undefined && previous !== undefined) {
      gaps.push({ type: 'gap', node, epoch: previous[0], from: previous[1] + 1, cause: 'restart' })
    }
    // The first block of a node may begin anywhere: what was before nobody here has asked for.
    const last = known ?? (previous === undefined ? block.seq(0) - 1 : 0)
    const fresh = behind(block, last)
    if (fresh !== block) this.duplicateCount += block.count - (fresh?.count ?? 0)
    if (fresh === undefined) return { block: undefined, gaps: [] }
    gaps.push(...this.#jumps(fresh, last))
    // Written anew, so that the newest epoch is the last of the map.
    if (previous?.[0] !== epoch) epochs.delete(epoch)
    epochs.set(epoch, fresh.lastSeq)
    dropOldest(epochs, MAX_EPOCHS)
    return { block: fresh, gaps }
  }

  #epochsOf(node: string): Map<number, number> {
    const epochs = this.#nodes.get(node)
    if (epochs !== undefined) return epochs
    const first = new Map<number, number>()
    this.#nodes.set(node, first)
    dropOldest(this.#nodes, MAX_NODES)
    return first
  }

  #jumps(block: EventBlock, last: number): GapFrame[] {
    if (block.lastSeq - last === block.count) return []
    const gaps: GapFrame[] = []
    let expected = last + 1
    for (let row = 0; row < block.count; row++) {
      const seq = block.seq(row)
      if (seq > expected) {
        const count = seq - expected
        this.missingCount += count
        gaps.push({
          type: 'gap',
          node: block.node,
          epoch: block.epoch,
          from: expected,
          to: seq - 1,
          count,
          cause: 'upstream',
        })
      }
      expected = seq + 1
    }
    return gaps
  }
}

/** The events of a block behind a `seq`: the block itself if that is all of it, undefined if there are none. */
function behind(block: EventBlock, seq: number): EventBlock | undefined {
  if (block.seq(0) > seq) return block
  const rows: number[] = []
  for (let row = 0; row < block.count; row++) if (block.seq(row) > seq) rows.push(row)
  return rows.length === 0 ? undefined : selectRows(block, rows, true)
}

function dropOldest<T>(map: Map<T, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return
    map.delete(key)
  }
}
