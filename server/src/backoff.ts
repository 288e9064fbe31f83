/**
 * Pauses between attempts: each about twice as long as the one before, from `firstMs` to `mostMs`, and shortened by
 * a random part of up to a half, so that many clients do not come back to a server at the same moment.
 */
export class Backoff {
  readonly #firstMs: number
  readonly #mostMs: number
  readonly #random: () => number
  #attempt = 0

  /** @param random 0 up to 1, as `Math.random` */
  constructor(firstMs: number, mostMs: number, random: () => number = Math.random) {
    this.#firstMs = firstMs
    this.#mostMs = mostMs
    this.#random = random
  }

  /** Length of the next pause. */
  nextMs(): number {
    const fullMs = Math.min(this.#mostMs, this.#firstMs * 2 ** this.#attempt)
    if (fullMs < this.#mostMs) this.#attempt++
    return Math.round(fullMs * (1 - this.#random() / 2))
  }

  /** Begin with the shortest pause again. */
  reset(): void {
    this.#attempt = 0
  }
}
