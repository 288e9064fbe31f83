import type { EventBlock } from '@hepscope/shared/event/block.ts'

/** A block in the ring. `at` counts events since the ring began and orders everything in it. */
export interface RingEntry {
  readonly block: EventBlock
  /** Position of the block's first event. */
  readonly at: number
}

/** Blocks to look through. */
export interface RingView {
  /** Oldest first. */
  readonly entries: readonly RingEntry[]
  /** Position of the oldest event that is still offered. */
  readonly start: number
}

/** The last blocks, bounded by events and by bytes; the oldest go first. */
export class Ring implements RingView {
  readonly #maxEvents: number
  readonly #maxBytes: number
  readonly #entries: RingEntry[] = []
  #bytes = 0
  #end = 0

  constructor(maxEvents: number, maxBytes: number) {
    this.#maxEvents = maxEvents
    this.#maxBytes = maxBytes
  }

  /** Position behind the newest event. */
  get end(): number {
    return this.#end
  }

  /** Position of the oldest event that is still offered. */
  get start(): number {
    return Math.max(this.#entries[0]?.at ?? this.#end, this.#end - this.#maxEvents)
  }

  get bytes(): number {
    return this.#bytes
  }

  get entries(): readonly RingEntry[] {
    return this.#entries
  }

  append(block: EventBlock): RingEntry {
    const entry = { block, at: this.#end }
    this.#entries.push(entry)
    this.#end += block.count
    this.#bytes += block.bytes.length
    let evicted = 0
    for (const oldest of this.#entries) {
      const isOutside = oldest.at + oldest.block.count <= this.#end - this.#maxEvents
      if (oldest === entry || (!isOutside && this.#bytes <= this.#maxBytes)) break
      this.#bytes -= oldest.block.bytes.length
      evicted++
    }
    if (evicted > 0) this.#entries.splice(0, evicted)
    return entry
  }
}

/** The oldest `seq` that is offered of an epoch; undefined if there is none. */
export function oldestSeq({ entries, start }: RingView, node: string, epoch: number): number | undefined {
  for (const { block, at } of entries) {
    const row = Math.max(0, start - at)
    if (block.node === node && block.epoch === epoch && row < block.count) return block.seq(row)
  }
  return undefined
}
