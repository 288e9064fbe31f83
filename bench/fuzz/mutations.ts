/** Random numbers by xorshift32: fast, and the same for the same seed. */
export class FuzzRandom {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1
  }

  /** A whole number from 0 up to, not including, `bound`. */
  below(bound: number): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x >>> 0
    return this.#state % bound
  }
}

/** Bytes that parsers stumble over: ends of ranges, line ends, separators, magics. */
const NASTY = [
  0x00, 0x01, 0x02, 0x05, 0x06, 0x07, 0x0a, 0x0d, 0x20, 0x22, 0x2c, 0x3a, 0x3b, 0x3c, 0x3e, 0x40, 0x7f, 0x80, 0xff,
]

/**
 * A packet that was mutated one to eight times: bits, bytes, lengths, cuts, repeats, and parts of other packets.
 *
 * @param out memory for the result
 * @returns a view into `out`
 */
export function mutate(corpus: readonly Uint8Array[], random: FuzzRandom, out: Uint8Array): Uint8Array {
  const original = corpus[random.below(corpus.length)] ?? new Uint8Array(0)
  out.set(original)
  let length = original.length
  for (let left = 1 + random.below(8); left > 0; left--) {
    if (length < 8) break
    const at = random.below(length)
    switch (random.below(8)) {
      case 0:
        out[at] = (out[at] ?? 0) ^ (1 << random.below(8))
        break
      case 1:
        out[at] = random.below(256)
        break
      case 2:
        out[at] = NASTY[random.below(NASTY.length)] ?? 0
        break
      case 3: {
        // A 16-bit length somewhere: around it, 0, or the largest.
        const value = [0, 5, 6, 7, 0xffff, length, length - at, random.below(0x10000)][random.below(8)] ?? 0
        out[at] = value >> 8
        out[at + 1] = value & 0xff
        break
      }
      case 4:
        length = at
        break
      case 5: {
        const size = Math.min(1 + random.below(64), length - at, out.length - length)
        out.copyWithin(at + size, at, length)
        length += size
        break
      }
      case 6: {
        const other = corpus[random.below(corpus.length)] ?? original
        const from = random.below(Math.max(1, other.length))
        const size = Math.min(other.length - from, out.length - at, 1 + random.below(200))
        out.set(other.subarray(from, from + size), at)
        length = Math.max(length, at + size)
        break
      }
      case 7: {
        // Keep the total length right, so that the chunks behind it are reached.
        out[4] = length >> 8
        out[5] = length & 0xff
        break
      }
    }
  }
  return out.subarray(0, length)
}
