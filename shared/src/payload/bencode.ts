/** A bencoded value; byte strings are read as UTF-8. */
export type Bencoded = string | number | readonly Bencoded[] | BencodedDictionary
export type BencodedDictionary = ReadonlyMap<string, Bencoded>

const MAX_DEPTH = 16
const MAX_DIGITS = 15
const CODE = {
  zero: 0x30,
  nine: 0x39,
  colon: 0x3a,
  minus: 0x2d,
  dictionary: 0x64,
  end: 0x65,
  integer: 0x69,
  list: 0x6c,
}

const utf8 = new TextDecoder()

/**
 * Decode one bencoded value, the format of rtpengine's control protocol.
 *
 * @param bytes begins with the value; what follows is not looked at
 * @returns undefined if it is cut off, not bencode, or nested over 16 deep; never throws
 * @see BEP 3, "bencoding"
 */
export function parseBencode(bytes: Uint8Array): Bencoded | undefined {
  return new Reader(bytes).value(0)
}

class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  value(depth: number): Bencoded | undefined {
    const first = this.#bytes[this.#at]
    if (first === CODE.integer) {
      this.#at++
      return this.#integer(CODE.end)
    }
    if (first === CODE.list || first === CODE.dictionary) {
      this.#at++
      if (depth >= MAX_DEPTH) return undefined
      return first === CODE.list ? this.#list(depth + 1) : this.#dictionary(depth + 1)
    }
    return this.#text()
  }

  #list(depth: number): Bencoded[] | undefined {
    const list: Bencoded[] = []
    while (this.#bytes[this.#at] !== CODE.end) {
      const value = this.value(depth)
      if (value === undefined) return undefined
      list.push(value)
    }
    this.#at++
    return list
  }

  #dictionary(depth: number): BencodedDictionary | undefined {
    const dictionary = new Map<string, Bencoded>()
    while (this.#bytes[this.#at] !== CODE.end) {
      const name = this.#text()
      const value = name === undefined ? undefined : this.value(depth)
      if (name === undefined || value === undefined) return undefined
      dictionary.set(name, value)
    }
    this.#at++
    return dictionary
  }

  #text(): string | undefined {
    const length = this.#integer(CODE.colon)
    if (length === undefined || length < 0 || length > this.#bytes.length - this.#at) return undefined
    this.#at += length
    return utf8.decode(this.#bytes.subarray(this.#at - length, this.#at))
  }

  /** Digits up to `end`, which is passed over. */
  #integer(end: number): number | undefined {
    const isNegative = this.#bytes[this.#at] === CODE.minus
    if (isNegative) this.#at++
    const from = this.#at
    let number = 0
    for (;;) {
      const byte = this.#bytes[this.#at]
      if (byte === undefined || this.#at - from > MAX_DIGITS) return undefined
      this.#at++
      if (byte === end && this.#at - from > 1) return isNegative ? -number : number
      if (byte < CODE.zero || byte > CODE.nine) return undefined
      number = number * 10 + byte - CODE.zero
    }
  }
}
