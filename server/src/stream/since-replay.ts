import type { EventBlock } from '@hepscope/shared/event/block.ts'
import type { ControlFrame } from '@hepscope/shared/frame/control.ts'
import { type Batch, Notice } from './batch.ts'
import type { PastPosition } from './past.ts'
import { publishedSeq, type Replay, type ReplayParts } from './replay.ts'
import { gapsBehind, isBehind, type StreamPosition } from './resume.ts'
import { oldestSeq } from './ring.ts'
import type { RingTail } from './ring-tail.ts'

/**
 * For a viewer that comes back behind an event of this server that the ring has forgotten: reads on from there, as fast
 * as the viewer takes it, until it meets the ring.
 *
 * Where the log has nothing more, what the ring held when it was asked is next: whatever was published before is in
 * the log, or nowhere.
 */
export class SinceReplay implements Replay {
  readonly #parts: ReplayParts
  /** The last event of this server that the viewer has, or was told to be lost. */
  #seen: PastPosition
  /** How far the log was read; another node's name in it is no event of this server. */
  #read: PastPosition
  /** How far the viewer has seen other nodes. */
  #others: readonly StreamPosition[]
  #isBusy = false
  #isClosed = false

  /** @param own the one of `since` that names an event of this server */
  constructor(parts: ReplayParts, since: readonly StreamPosition[], own: StreamPosition) {
    this.#parts = parts
    this.#seen = this.#read = { epoch: own.epoch, seq: own.seq }
    this.#others = since.filter((position) => position !== own && position.node !== parts.past.node)
  }

  more(): void {
    if (this.#isBusy || this.#isClosed) return
    this.#isBusy = true
    void this.#step()
  }

  close(): void {
    this.#isClosed = true
  }

  async #step(): Promise<void> {
    const { past, hold, release, deliver } = this.#parts
    const tail = hold()
    const blocks = await past.read('after', this.#read)
    release(tail)
    this.#isBusy = false
    if (this.#isClosed) return
    const found: (Batch | Notice)[] = []
    let isEnd = blocks.length === 0
    for (const block of blocks) {
      isEnd = this.#isHeld(block, tail)
      if (isEnd) break
      found.push(...this.#take(block))
    }
    if (isEnd) this.#isClosed = true
    deliver([...found, ...this.#takeHeld(tail, isEnd)], isEnd)
  }

  /** Whether the tail has what comes next, or knows better than the log whether it may be sent already. */
  #isHeld(block: EventBlock, tail: RingTail): boolean {
    const { node, epoch } = this.#parts.past
    if (block.node !== node || block.epoch !== epoch) return false
    const next = this.#seen.epoch === epoch ? this.#seen.seq + 1 : 1
    const first = Math.max(block.seq(0), next)
    return first > publishedSeq(this.#parts, epoch) || (oldestSeq(tail, node, epoch) ?? Infinity) <= first
  }

  #take(block: EventBlock): (Batch | Notice)[] {
    const { past, group, shown } = this.#parts
    const { node, epoch } = block
    if (node !== past.node) {
      this.#read = { epoch, seq: block.lastSeq }
      return []
    }
    const gaps: ControlFrame[] = []
    if (this.#seen.epoch !== epoch) {
      gaps.push({ type: 'gap', node, epoch: this.#seen.epoch, from: this.#seen.seq + 1, cause: 'restart' })
      this.#seen = { epoch, seq: 0 }
    }
    const last = this.#seen.seq
    const lost = block.seq(0) - last - 1
    if (lost > 0) {
      gaps.push({ type: 'gap', node, epoch, from: last + 1, to: last + lost, count: lost, cause: 'ring' })
    }
    const published = publishedSeq(this.#parts, epoch)
    this.#seen = this.#read = { epoch, seq: Math.min(block.lastSeq, published) }
    const batch = group.select(shown(block), (rows, row) => rows.seq(row) > last && rows.seq(row) <= published)
    return [...gaps.map((gap) => new Notice(gap)), ...(batch === undefined ? [] : [batch])]
  }

  /** What the viewer has not seen of the tail: of other nodes only, unless this is the end. */
  #takeHeld(tail: RingTail, isEnd: boolean): (Batch | Notice)[] {
    const { past, group, continuity } = this.#parts
    const isOther = ({ node }: { readonly node: string }): boolean => isEnd || node !== past.node
    if (!isEnd && !tail.entries.some(({ block }) => isOther(block))) return []
    const since = [{ ...this.#seen, node: past.node }, ...this.#others]
    const isNew = isBehind(since, continuity)
    const gaps = gapsBehind(since, tail, continuity).filter((gap) => isOther(gap))
    const batches = group.history(tail, Infinity, (block, row) => isOther(block) && isNew(block, row))
    this.#others = continuity.positions.filter((position) => isOther(position))
    return [...gaps.map((gap) => new Notice(gap)), ...batches]
  }
}
