import type { Batch } from './batch.ts'
import type { PastPosition } from './past.ts'
import { publishedSeq, type Replay, type ReplayParts } from './replay.ts'
import { oldestSeq } from './ring.ts'
import type { RingTail } from './ring-tail.ts'

/** How far back, and for how long, is looked for events that pass a narrow filter. */
const MAX_BYTES = 64 * 1024 * 1024
const MAX_MS = 2000

/** For a viewer that asks for more past events than the ring has: reads back until there are enough. */
export class HistoryReplay implements Replay {
  readonly #parts: ReplayParts
  readonly #limit: number
  /** Newest first. */
  readonly #found: Batch[] = []
  #tail: RingTail | undefined
  #isClosed = false

  /** @param limit events that were asked for */
  constructor(parts: ReplayParts, limit: number) {
    this.#parts = parts
    this.#limit = limit
  }

  more(): void {
    if (this.#tail !== undefined || this.#isClosed) return
    // What is found must be followed without a hole by what the tail still has.
    const tail = (this.#tail = this.#parts.hold(() => this.#end()))
    void this.#collect(tail).then(() => this.#end())
  }

  close(): void {
    this.#isClosed = true
    if (this.#tail !== undefined) this.#parts.release(this.#tail)
  }

  async #collect(tail: RingTail): Promise<void> {
    const { past, group } = this.#parts
    const { node, epoch } = past
    let missing = this.#limit - group.history(tail, this.#limit).reduce((sum, { count }) => sum + count, 0)
    let from: PastPosition = { epoch, seq: oldestSeq(tail, node, epoch) ?? Infinity }
    const endMs = performance.now() + MAX_MS
    for (let bytes = 0; missing > 0 && bytes < MAX_BYTES && performance.now() < endMs;) {
      const blocks = await past.read('before', from)
      if (blocks.length === 0 || this.#isClosed) return
      for (const block of [...blocks].reverse()) {
        const limit = block.epoch === from.epoch ? from.seq - 1 : Infinity
        const last = Math.min(limit, publishedSeq(this.#parts, block.epoch))
        from = { epoch: block.epoch, seq: block.seq(0) }
        bytes += block.bytes.length
        if (block.node !== node || missing === 0) continue
        const batch = group.select(this.#parts.shown(block), (rows, row) => rows.seq(row) <= last, missing)
        if (batch === undefined) continue
        this.#found.push(batch)
        missing -= batch.count
      }
    }
  }

  #end(): void {
    if (this.#isClosed || this.#tail === undefined) return
    const { group, deliver } = this.#parts
    const held = group.history(this.#tail, Infinity)
    this.close()
    deliver([...this.#found.reverse(), ...held], true)
  }
}
