import type { GapFrame } from '@hepscope/shared/frame/control.ts'
import type { RowPredicate } from '@hepscope/shared/filter/filter.ts'
import type { Continuity } from './continuity.ts'
import type { Ring } from './ring.ts'

/** Last event of a node that a viewer has seen. */
export interface StreamPosition {
  readonly epoch: number
  readonly seq: number
  /** Where it is absent, the epoch alone names the node: two nodes hardly start in the same millisecond. */
  readonly node?: string
}

/** Events behind the positions, and all of any epoch that none of them names: a node that is new, or started anew. */
export function isBehind(since: readonly StreamPosition[]): RowPredicate {
  return (block, row) => {
    const position = since.find(({ epoch, node }) => epoch === block.epoch && (node ?? block.node) === block.node)
    return position === undefined || block.seq(row) > position.seq
  }
}

/** What a viewer that comes back at some positions has missed for good: the ring no longer holds it. */
export function gapsBehind(since: readonly StreamPosition[], ring: Ring, continuity: Continuity): GapFrame[] {
  const oldest = oldestSeqs(ring)
  const nodes = continuity.positions
  return since.flatMap(({ epoch, seq, node: named }): GapFrame[] => {
    // An epoch that no node here has had is that of a node which started anew; without a name there must be only one.
    const node =
      named ??
      nodes.find(({ node }) => continuity.lastSeq(node, epoch) !== undefined)?.node ??
      (nodes.length === 1 && epoch > 0 ? nodes[0]?.node : undefined)
    const newest = nodes.find((position) => position.node === node)
    if (node === undefined || newest === undefined) return []
    const gaps: GapFrame[] = []
    const last = continuity.lastSeq(node, epoch)
    if (last !== undefined) gaps.push(...ringGap(node, epoch, seq + 1, (oldest.get(key(node, epoch)) ?? last + 1) - 1))
    if (newest.epoch !== epoch) {
      gaps.push({ type: 'gap', node, epoch, from: Math.max(seq, last ?? 0) + 1, cause: 'restart' })
      const first = oldest.get(key(node, newest.epoch)) ?? newest.seq + 1
      gaps.push(...ringGap(node, newest.epoch, 1, first - 1))
    }
    return gaps
  })
}

function ringGap(node: string, epoch: number, from: number, to: number): GapFrame[] {
  return to < from ? [] : [{ type: 'gap', node, epoch, from, to, count: to - from + 1, cause: 'ring' }]
}

/** First `seq` that the ring offers of each epoch. */
function oldestSeqs(ring: Ring): Map<string, number> {
  const found = new Map<string, number>()
  for (const { block, at } of ring.entries) {
    const skipped = Math.max(0, ring.start - at)
    const id = key(block.node, block.epoch)
    if (skipped < block.count && !found.has(id)) found.set(id, block.seq(skipped))
  }
  return found
}

function key(node: string, epoch: number): string {
  return `${epoch} ${node}`
}
