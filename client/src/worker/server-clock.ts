import type { EventBlock } from '@hepscope/shared/event/block.ts'

/** What is sealed so long after its events has been captured by another clock, or long ago. */
const SAME_CLOCK_US = 5_000_000
/** Blocks that come so soon after a connection may be history. */
const HISTORY_MS = 1500

/** What time it is at the server, as far as its blocks tell. */
export class ServerClock {
  #offsetUs = 0
  #isMeasured = false
  #openedMs = 0
  #lastSealedUs = 0

  /** Microseconds to add to the page's clock. */
  get offsetUs(): number {
    return this.#offsetUs
  }

  /** Clock of the server when the last block was sealed; undefined if there was none. */
  get lastSealedUs(): number | undefined {
    return this.#lastSealedUs === 0 ? undefined : this.#lastSealedUs
  }

  noteOpen(nowMs: number): void {
    this.#openedMs = nowMs
    this.#isMeasured = false
  }

  noteBlock(block: EventBlock, nowMs: number): void {
    this.#lastSealedUs = Math.max(this.#lastSealedUs, block.sealedUs)
    const offsetUs = block.sealedUs - nowMs * 1000
    // A block cannot come before it was sealed, so the greatest difference is nearest to the truth.
    const isBetter = this.#isMeasured ? offsetUs > this.#offsetUs : nowMs - this.#openedMs > HISTORY_MS || offsetUs > 0
    if (!isBetter) return
    this.#offsetUs = offsetUs
    this.#isMeasured = true
  }

  /** The server's clock. */
  nowUs(nowMs: number): number {
    return nowMs * 1000 + this.#offsetUs
  }
}

/**
 * When an event was, on the server's clock.
 *
 * A capture that is replayed with its own times is hours or years behind; a call in it that runs is as old as its
 * first event is at the server.
 */
export function clockTimeUs(block: EventBlock, row: number): number {
  const tsUs = block.tsUs[row] ?? 0
  return Math.abs(block.sealedUs - tsUs) > SAME_CLOCK_US ? block.sealedUs : tsUs
}
