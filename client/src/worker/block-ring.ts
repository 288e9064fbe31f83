import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { MAX_ROWS } from '@hepscope/shared/event/columns.ts'

export interface RingLimits {
  readonly events: number
  readonly bytes: number
}

/** An event in the ring: `block number * MAX_ROWS + row`. Grows with arrival and is never used again. */
export type EventRef = number

/** The latest blocks, oldest first, within bounds of events and bytes. */
export class BlockRing {
  readonly #limits: RingLimits
  #blocks: EventBlock[] = []
  /** Entries of `#blocks` that have left; cut off now and then. */
  #gone = 0
  #firstNumber = 0
  #events = 0
  #bytes = 0

  constructor(limits: RingLimits) {
    this.#limits = limits
  }

  get events(): number {
    return this.#events
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Lowest ref that is still here. */
  get firstRef(): EventRef {
    return this.#firstNumber * MAX_ROWS
  }

  /** Take a block in; older ones leave until the bounds hold, but this one never does. Returns the ref of its first row. */
  add(block: EventBlock): EventRef {
    this.#blocks.push(block)
    this.#events += block.count
    this.#bytes += block.bytes.byteLength
    while (
      this.#blocks.length - this.#gone > 1 &&
      (this.#events > this.#limits.events || this.#bytes > this.#limits.bytes)
    ) {
      this.#dropOldest()
    }
    return (this.#firstNumber + this.#blocks.length - this.#gone - 1) * MAX_ROWS
  }

  /** The block of a ref; undefined if it has left. */
  block(ref: EventRef): EventBlock | undefined {
    const number = Math.floor(ref / MAX_ROWS) - this.#firstNumber
    return number < 0 ? undefined : this.#blocks[this.#gone + number]
  }

  /** Every event, oldest first. */
  *refs(): IterableIterator<[EventBlock, number, EventRef]> {
    for (let i = this.#gone; i < this.#blocks.length; i++) {
      const block = this.#blocks[i]
      if (block === undefined) continue
      const base = (this.#firstNumber + i - this.#gone) * MAX_ROWS
      for (let row = 0; row < block.count; row++) yield [block, row, base + row]
    }
  }

  clear(): void {
    this.#firstNumber += this.#blocks.length - this.#gone
    this.#blocks = []
    this.#gone = this.#events = this.#bytes = 0
  }

  #dropOldest(): void {
    const oldest = this.#blocks[this.#gone]
    if (oldest === undefined) return
    this.#events -= oldest.count
    this.#bytes -= oldest.bytes.byteLength
    this.#firstNumber++
    this.#gone++
    if (this.#gone > 64 && this.#gone * 2 > this.#blocks.length) {
      this.#blocks = this.#blocks.slice(this.#gone)
      this.#gone = 0
    }
  }
}

/** Row of a ref in its block. */
export function rowOf(ref: EventRef): number {
  return ref % MAX_ROWS
}
