import type { Random } from './random.ts'

/** Simulated time of one call; it only goes forward. */
export class Clock {
  readonly #random: Random
  #nowUs: number

  /** @param startUs whole microseconds since 1970 */
  constructor(startUs: number, random: Random) {
    this.#nowUs = startUs
    this.#random = random
  }

  get nowUs(): number {
    return this.#nowUs
  }

  /** Moves on by a random time between the two, in milliseconds. */
  advance(minMs: number, maxMs = minMs): void {
    this.#nowUs += this.#random.int(Math.round(minMs * 1000), Math.round(maxMs * 1000))
  }

  /** Moves on to this time; never back. */
  advanceTo(timeUs: number): void {
    if (timeUs > this.#nowUs) this.#nowUs = timeUs
  }
}
