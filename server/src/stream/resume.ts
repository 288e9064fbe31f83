import type { EventBlock } from '@hepscope/shared/event/block.ts'
import type { GapFrame } from '@hepscope/shared/frame/control.ts'
import type { RowPredicate } from '@hepscope/shared/filter/row-predicate.ts'
import type { Continuity } from './continuity.ts'
import type { RingView } from './ring.ts'

/** Last event of a node that a viewer has seen. */
export interface StreamPosition {
  readonly epoch: number
  readonly seq: number
  /** Where it is absent, the epoch alone names the node: two nodes hardly start in the same millisecond. */
  readonly node?: string
}

/** Events behind the positions, all of later epochs of their nodes, and all of nodes that none of them names. */
export function isBehind(since: readonly StreamPosition[], continuity: Continuity): RowPredicate {
  const seen = new SeenSeqs(since, continuity)
  let block: EventBlock | undefined
  let last = 0
  return (other, row) => {
    if (other !== block) last = seen.last(other)
    block = other
    return block.seq(row) > last
  }
}

/** What a viewer that comes back at some positions has missed for good: the ring no longer holds it, or never did. */
export function gapsBehind(since: readonly StreamPosition[], ring: RingView, continuity: Continuity): GapFrame[] {
  const held = heldRanges(ring)
  const nodes = continuity.positions
  const oldestSeq = (node: string, epoch: number): number | undefined => held.get(key(node, epoch))?.ranges[0]?.from
  const outside = since.flatMap(({ epoch, seq, node: named }): GapFrame[] => {
    // An epoch that no node here has had is that of a node which started anew; without a name there must be only one.
    const node =
      named ??
      nodes.find(({ node }) => continuity.lastSeq(node, epoch) !== undefined)?.node ??
      (nodes.length === 1 && epoch > 0 ? nodes[0]?.node : undefined)
    const newest = nodes.find((position) => position.node === node)
    if (node === undefined || newest === undefined) return []
    const gaps: GapFrame[] = []
    const last = continuity.lastSeq(node, epoch)
    if (last !== undefined) gaps.push(...ringGap(node, epoch, seq + 1, (oldestSeq(node, epoch) ?? last + 1) - 1))
    if (newest.epoch !== epoch) {
      gaps.push({ type: 'gap', node, epoch, from: Math.max(seq, last ?? 0) + 1, cause: 'restart' })
      const first = oldestSeq(node, newest.epoch) ?? newest.seq + 1
      gaps.push(...ringGap(node, newest.epoch, 1, first - 1))
    }
    return gaps
  })
  const seen = new SeenSeqs(since, continuity)
  return [...outside, ...Array.from(held.values(), (epoch) => holesIn(epoch, seen.last(epoch))).flat()]
}

/** How far a viewer that names some positions has seen each epoch. */
class SeenSeqs {
  readonly #since: readonly StreamPosition[]
  readonly #continuity: Continuity

  constructor(since: readonly StreamPosition[], continuity: Continuity) {
    this.#since = since
    this.#continuity = continuity
  }

  /** Last `seq` of an epoch that it has seen: 0 for none, Infinity for one that ended before what it names. */
  last({ node, epoch }: { readonly node: string; readonly epoch: number }): number {
    let seen = 0
    for (const position of this.#since) {
      if (position.epoch === epoch && (position.node ?? node) === node) return position.seq
      // A node's events come in order, so who has seen a later epoch is done with this one.
      if (this.#isOf(node, position) && this.#continuity.isBefore(node, epoch, position.epoch)) seen = Infinity
    }
    return seen
  }

  #isOf(node: string, position: StreamPosition): boolean {
    if (position.node !== undefined) return position.node === node
    return this.#continuity.lastSeq(node, position.epoch) !== undefined
  }
}

function ringGap(node: string, epoch: number, from: number, to: number): GapFrame[] {
  return to < from ? [] : [{ type: 'gap', node, epoch, from, to, count: to - from + 1, cause: 'ring' }]
}

/** What the ring holds of one epoch, in order. */
interface HeldEpoch {
  readonly node: string
  readonly epoch: number
  readonly ranges: { readonly from: number; to: number }[]
}

/** Events that are missing between those that the ring holds: they never came. The viewer was away when that was told. */
function holesIn({ node, epoch, ranges }: HeldEpoch, behind: number): GapFrame[] {
  return ranges.flatMap((range, i): GapFrame[] => {
    const before = ranges[i - 1]
    const from = Math.max(before?.to ?? range.from - 1, behind) + 1
    const to = range.from - 1
    return to < from ? [] : [{ type: 'gap', node, epoch, from, to, count: to - from + 1, cause: 'upstream' }]
  })
}

function heldRanges(ring: RingView): Map<string, HeldEpoch> {
  const found = new Map<string, HeldEpoch>()
  for (const { block, at } of ring.entries) {
    const { node, epoch } = block
    const held = found.get(key(node, epoch)) ?? { node, epoch, ranges: [] }
    found.set(key(node, epoch), held)
    for (let row = Math.max(0, ring.start - at); row < block.count; row++) {
      const seq = block.seq(row)
      const last = held.ranges.at(-1)
      if (last?.to === seq - 1) last.to = seq
      else held.ranges.push({ from: seq, to: seq })
    }
  }
  return found
}

function key(node: string, epoch: number): string {
  return `${epoch} ${node}`
}
