const HEX = '0123456789abcdef'
const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/**
 * A reproducible source of random values: the same seeds give the same values on every machine.
 * Not for secrets.
 * @see Small Fast Counting generator, 32 bits (sfc32), of the PractRand test suite
 */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  /** @param seeds whole numbers of up to 53 bits; each one counts, and so does their order */
  constructor(...seeds: readonly number[]) {
    let state = 0x9e3779b9
    const mix = (word: number): number => {
      state = Math.imul(state ^ word, 0x85ebca6b) + 0x6d2b79f5
      let mixed = state ^ (state >>> 15)
      mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
      return (mixed ^ (mixed >>> 16)) >>> 0
    }
    for (const seed of seeds) {
      mix(seed >>> 0)
      mix(Math.floor(seed / 2 ** 32) >>> 0)
    }
    this.#a = mix(1)
    this.#b = mix(2)
    this.#c = mix(3)
    for (let round = 0; round < 12; round++) this.uint32()
  }

  /** A whole number from 0 to 2^32 - 1. */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** A number from 0 up to, but not including, 1. */
  unit(): number {
    return this.uint32() / 2 ** 32
  }

  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.unit() * (max - min + 1))
  }

  /** True with a probability of `share`, from 0 (never) to 1 (always). */
  chance(share: number): boolean {
    return this.unit() < share
  }

  /**
   * One of the items.
   * @throws RangeError if there are none
   */
  pick<T>(items: readonly T[]): T {
    const item = items[this.int(0, items.length - 1)]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }

  /**
   * One of the items, each with a probability in proportion to its `weight`.
   * @throws RangeError if there are none
   */
  pickWeighted<T extends { readonly weight: number }>(items: readonly T[]): T {
    const total = items.reduce((sum, item) => sum + item.weight, 0)
    let left = this.unit() * total
    for (const item of items) {
      left -= item.weight
      if (left < 0) return item
    }
    return this.pick(items)
  }

  hex(digitCount: number): string {
    return this.#text(HEX, digitCount)
  }

  alphanumeric(length: number): string {
    return this.#text(ALPHANUMERIC, length)
  }

  digits(digitCount: number): string {
    return String(this.int(0, 10 ** digitCount - 1)).padStart(digitCount, '0')
  }

  #text(alphabet: string, length: number): string {
    let text = ''
    for (let i = 0; i < length; i++) text += alphabet.charAt(this.int(0, alphabet.length - 1))
    return text
  }
}
