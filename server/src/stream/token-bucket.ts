/** Allows `ratePerSec` events a second, and as many at once; refills continuously. */
export class TokenBucket {
  readonly #ratePerSec: number
  #tokens: number
  #atMs: number

  /** @param ratePerSec 0 means without limit */
  constructor(ratePerSec: number, nowMs: number) {
    this.#ratePerSec = ratePerSec
    this.#tokens = ratePerSec
    this.#atMs = nowMs
  }

  /** Take up to `wanted` tokens; returns how many there were. */
  take(wanted: number, nowMs: number): number {
    if (this.#ratePerSec === 0) return wanted
    const elapsedMs = Math.max(0, nowMs - this.#atMs)
    this.#tokens = Math.min(this.#ratePerSec, this.#tokens + (elapsedMs * this.#ratePerSec) / 1000)
    this.#atMs = nowMs
    const taken = Math.min(wanted, Math.floor(this.#tokens))
    this.#tokens -= taken
    return taken
  }
}
