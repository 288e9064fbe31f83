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

const HEADER_BYTES = 6
/** Bytes that parsers stumble over: ends of ranges, line ends, separators, quotes, brackets, magics. */
const NASTY = new TextEncoder().encode('\0\x01\x02\x05\x06\x07\n\r\t "\\,:;<>@[]{}=/#%de09\x7f')
/** 16-bit numbers that lengths stumble over. */
const LENGTHS = [0, 5, 6, 7, 0x7fff, 0x8000, 0xffff] as const
const MOST_REPEATED = 64
const MOST_SPLICED = 200
const MOST_CHUNKS = 64

/**
 * A packet that was mutated one to eight times: bits, bytes, lengths, cuts, repeats, chunks moved, parts of others.
 *
 * @param out memory for the result
 * @returns a view into `out`
 */
export function mutate(corpus: readonly Uint8Array[], random: FuzzRandom, out: Uint8Array): Uint8Array {
  const original = corpus[random.below(corpus.length)] ?? new Uint8Array(0)
  out.set(original)
  let length = original.length
  for (let left = 1 + random.below(8); left > 0 && length >= 8; left--) {
    const at = random.below(length)
    switch (random.below(10)) {
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
        const kind = random.below(LENGTHS.length + 3)
        setU16(out, at, LENGTHS[kind] ?? [length, length - at, random.below(0x10000)][kind - LENGTHS.length] ?? 0)
        break
      }
      case 4:
        length = at
        break
      case 5: {
        const size = Math.min(1 + random.below(MOST_REPEATED), length - at, out.length - length)
        out.copyWithin(at + size, at, length)
        length += size
        break
      }
      case 6: {
        const other = corpus[random.below(corpus.length)] ?? original
        const from = random.below(Math.max(1, other.length))
        const size = Math.min(other.length - from, out.length - at, 1 + random.below(MOST_SPLICED))
        out.set(other.subarray(from, from + size), at)
        length = Math.max(length, at + size)
        break
      }
      case 7:
        // Chunks behind it are reached only with the total length right.
        setU16(out, 4, length)
        break
      default:
        length = mutateChunk(out, length, random)
    }
  }
  return out.subarray(0, length)
}

/** Change, remove or double one whole chunk of HEPv3, and keep the total right; returns the new length. */
function mutateChunk(out: Uint8Array, length: number, random: FuzzRandom): number {
  let at = HEADER_BYTES
  for (let left = random.below(MOST_CHUNKS); left > 0; left--) {
    const next = at + u16(out, at + 4)
    if (next <= at || next + HEADER_BYTES > length) break
    at = next
  }
  const size = u16(out, at + 4)
  if (size < HEADER_BYTES || at + size > length) return length
  let newLength = length
  switch (random.below(4)) {
    case 0:
      // Another type, or another vendor.
      if (random.below(8) === 0) setU16(out, at, random.below(9))
      else setU16(out, at + 2, random.below(0x2c))
      break
    case 1:
      out.copyWithin(at, at + size, length)
      newLength = length - size
      break
    case 2:
      if (length + size > out.length) return length
      out.copyWithin(at + size, at, length)
      newLength = length + size
      break
    default: {
      // One byte more or less at its end.
      const isLonger = random.below(2) === 0
      if (isLonger ? length + 1 > out.length : size === HEADER_BYTES) return length
      out.copyWithin(at + size + (isLonger ? 1 : -1), at + size, length)
      setU16(out, at + 4, isLonger ? size + 1 : size - 1)
      newLength = length + (isLonger ? 1 : -1)
    }
  }
  setU16(out, 4, newLength)
  return newLength
}

function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}

function setU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = (value >> 8) & 0xff
  bytes[at + 1] = value & 0xff
}
