/** Seconds that are kept. */
export const BUCKET_COUNT = 120

/** Counts by second for the last two minutes. */
export class SecondBuckets {
  readonly #counts = new Float64Array(BUCKET_COUNT)
  /** Second that the newest bucket stands for. */
  #last = 0

  /** @param second of the server's clock, since 1970; one that is too old is not counted */
  add(second: number, count = 1): void {
    this.#advance(second)
    if (second <= this.#last - BUCKET_COUNT) return
    const at = second % BUCKET_COUNT
    this.#counts[at] = (this.#counts[at] ?? 0) + count
  }

  /** Mean per second over the `seconds` whole seconds before `second`. */
  ratePerSec(second: number, seconds: number): number {
    this.#advance(second)
    let sum = 0
    for (let i = 1; i <= seconds; i++) sum += this.#at(second - i)
    return sum / seconds
  }

  /** The whole seconds before `second`, oldest first: `BUCKET_COUNT - 1` of them. */
  before(second: number): number[] {
    this.#advance(second)
    return Array.from({ length: BUCKET_COUNT - 1 }, (_, i) => this.#at(second - BUCKET_COUNT + 1 + i))
  }

  clear(): void {
    this.#counts.fill(0)
    this.#last = 0
  }

  #at(second: number): number {
    return second > this.#last || second <= this.#last - BUCKET_COUNT ? 0 : (this.#counts[second % BUCKET_COUNT] ?? 0)
  }

  #advance(second: number): void {
    if (second <= this.#last) return
    if (second - this.#last >= BUCKET_COUNT) this.#counts.fill(0)
    else for (let s = this.#last + 1; s <= second; s++) this.#counts[s % BUCKET_COUNT] = 0
    this.#last = second
  }
}
