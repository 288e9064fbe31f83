/** Buckets of one histogram: four to each doubling, from a microsecond to more than 30 hours. */
const BUCKETS = 148
const PER_DOUBLING = 4

/** What a set of delays comes to. */
export interface DelayFigure {
  readonly count: number
  /** Arithmetic mean, microseconds; undefined without a delay. */
  readonly meanUs: number | undefined
  /** Microseconds that 95 of 100 did not exceed, at most a fifth too large; undefined without a delay. */
  readonly p95Us: number | undefined
}

/** A sum and a histogram of delays: as large for a million of them as for one. */
export class Delays {
  readonly #buckets = new Uint32Array(BUCKETS)
  #count = 0
  #sumUs = 0

  /** @param us microseconds, 0 or more */
  add(us: number): void {
    const at = us < 1 ? 0 : Math.min(BUCKETS - 1, Math.floor(Math.log2(us) * PER_DOUBLING))
    this.#buckets[at] = (this.#buckets[at] ?? 0) + 1
    this.#count++
    this.#sumUs += us
  }

  addAll(other: Delays): void {
    for (let i = 0; i < BUCKETS; i++) this.#buckets[i] = (this.#buckets[i] ?? 0) + (other.#buckets[i] ?? 0)
    this.#count += other.#count
    this.#sumUs += other.#sumUs
  }

  figure(): DelayFigure {
    if (this.#count === 0) return { count: 0, meanUs: undefined, p95Us: undefined }
    return { count: this.#count, meanUs: this.#sumUs / this.#count, p95Us: this.#quantile(0.95) }
  }

  #quantile(part: number): number {
    const wanted = Math.ceil(part * this.#count)
    let seen = 0
    let at = 0
    for (; at < BUCKETS - 1; at++) {
      seen += this.#buckets[at] ?? 0
      if (seen >= wanted) break
    }
    return 2 ** ((at + 1) / PER_DOUBLING)
  }
}
