import type { RingEntry, RingView } from './ring.ts'

/** Bytes of blocks that may come while a tail is held. */
const MAX_NEW_BYTES = 32 * 1024 * 1024

/** What the ring has at a moment, and all that comes until it is let go of: the ring may forget it meanwhile. */
export class RingTail implements RingView {
  readonly entries: RingEntry[]
  start: number
  readonly #maxBytes: number
  readonly #onFull: () => void
  #bytes: number

  /** @param onFull so much has come that from now on the oldest goes */
  constructor(ring: RingView, onFull: () => void = () => undefined, maxNewBytes = MAX_NEW_BYTES) {
    this.entries = [...ring.entries]
    this.start = ring.start
    this.#bytes = this.entries.reduce((sum, { block }) => sum + block.bytes.length, 0)
    this.#maxBytes = this.#bytes + maxNewBytes
    this.#onFull = onFull
  }

  add(entry: RingEntry): void {
    this.entries.push(entry)
    this.#bytes += entry.block.bytes.length
    if (this.#bytes <= this.#maxBytes) return
    this.#onFull()
    while (this.#bytes > this.#maxBytes) {
      const oldest = this.entries.shift()
      if (oldest === undefined) return
      this.#bytes -= oldest.block.bytes.length
    }
    this.start = Math.max(this.start, this.entries[0]?.at ?? this.start)
  }
}
