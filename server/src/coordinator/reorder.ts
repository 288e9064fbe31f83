import type { EventBlock } from '@hepscope/shared/event/block.ts'

export interface ReorderOptions {
  /** How long a block waits for older ones of other nodes, ms; 0: not at all. */
  readonly windowMs: number
  /** Bounds of what waits; beyond, blocks go on early. */
  readonly maxBlocks?: number
  readonly maxBytes?: number
}

const MAX_BLOCKS = 1024
const MAX_BYTES = 64 * 1024 * 1024

interface Held {
  readonly block: EventBlock
  /** Place in the order, µs: never before a block of the same node that waits too. */
  readonly key: number
  readonly dueMs: number
}

/**
 * Puts the blocks of several nodes into the order of their times, as far as they arrive within a window of each other.
 *
 * A block is handed on when its time in the window is over, behind every waiting one that is older. Blocks of one node
 * keep their order whatever their times are. Nothing is dropped.
 */
export class ReorderWindow {
  /** Blocks that went on before their time because too much waited. */
  earlyCount = 0
  readonly #options: Required<ReorderOptions>
  readonly #release: (block: EventBlock) => void
  /** By rising key; equal ones as they came. */
  #held: Held[] = []
  #heldBytes = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: ReorderOptions, release: (block: EventBlock) => void) {
    this.#options = { maxBlocks: MAX_BLOCKS, maxBytes: MAX_BYTES, ...options }
    this.#release = release
  }

  get heldCount(): number {
    return this.#held.length
  }

  push(block: EventBlock): void {
    const { windowMs, maxBlocks, maxBytes } = this.#options
    if (windowMs === 0) {
      this.#release(block)
      return
    }
    let key = block.minTsUs
    // Only behind what still waits: one time from the far future must not displace a node for ever.
    for (const held of this.#held) if (held.block.node === block.node) key = Math.max(key, held.key)
    let at = this.#held.length
    while (at > 0 && (this.#held[at - 1]?.key ?? 0) > key) at--
    this.#held.splice(at, 0, { block, key, dueMs: performance.now() + windowMs })
    this.#heldBytes += block.bytes.length
    let excess = 0
    for (let bytes = this.#heldBytes, count = this.#held.length; count > maxBlocks || bytes > maxBytes; count--) {
      bytes -= this.#held[excess++]?.block.bytes.length ?? 0
    }
    this.earlyCount += excess
    this.#releaseFirst(excess)
    this.#timer ??= setTimeout(() => this.#releaseDue(), windowMs)
  }

  /** Hand on all that waits. */
  flush(): void {
    this.#releaseFirst(this.#held.length)
  }

  #releaseDue(): void {
    this.#timer = undefined
    // A timer may come up to a millisecond early.
    const nowMs = performance.now() + 1
    this.#releaseFirst(this.#held.findLastIndex(({ dueMs }) => dueMs <= nowMs) + 1)
    let nextMs = Infinity
    for (const { dueMs } of this.#held) nextMs = Math.min(nextMs, dueMs)
    if (nextMs < Infinity) this.#timer ??= setTimeout(() => this.#releaseDue(), Math.max(1, nextMs - performance.now()))
  }

  #releaseFirst(count: number): void {
    if (count === 0) return
    const released = this.#held.slice(0, count)
    this.#held = this.#held.slice(count)
    for (const { block } of released) this.#heldBytes -= block.bytes.length
    if (this.#held.length === 0) {
      clearTimeout(this.#timer)
      this.#timer = undefined
    }
    for (const { block } of released) this.#release(block)
  }
}
