import duckdb from '@duckdb/node-bindings'
import type { TextSource } from './text-source.ts'

/** DuckDB's `string_t`: 16 bytes; a text of up to 12 is inside, of a longer one the first 4 and its address. */
const STRING_WORDS = 4
const INLINE_BYTES = 12
/** Up to so many bytes a loop is faster than a call. */
const SHORT_BYTES = 160
const TWO_POW_32 = 0x100000000
const NO_ENTRY = new ArrayBuffer(STRING_WORDS * 4)

/** Rows of a vector of DuckDB. */
export const VECTOR_ROWS = duckdb.vector_size()

/**
 * Collects texts for a VARCHAR or BLOB vector and hands them over in one copy: a call for each text costs about 250 ns.
 * Reused.
 */
export class TextVector {
  readonly #entries = new Uint32Array(VECTOR_ROWS * STRING_WORDS)
  /** The long texts, each from a multiple of four on. */
  #words = new Uint32Array(1 << 18)
  #bytes = new Uint8Array(this.#words.buffer)
  #length = 0

  /** Set the text of row `i`; each row once, from 0 on. */
  set(i: number, source: TextSource, at: number, length: number): void {
    const entries = this.#entries
    const entry = i * STRING_WORDS
    const { words } = source
    const from = at >> 2
    const shift = (at & 3) << 3
    entries[entry] = length
    if (length <= INLINE_BYTES) {
      if (from + 4 > words.length) {
        this.#setLast(entry, source, at, length)
        return
      }
      // DuckDB compares all twelve bytes: those behind the text must be zero.
      entries[entry + 1] = wordAt(words, from, shift) & maskOf(length)
      entries[entry + 2] = wordAt(words, from + 1, shift) & maskOf(length - 4)
      entries[entry + 3] = wordAt(words, from + 2, shift) & maskOf(length - 8)
      return
    }
    const to = this.#length
    const wordCount = (length + 3) >> 2
    if (to + wordCount > this.#words.length) this.#grow(to + wordCount)
    const target = this.#words
    // The last word of the source may be cut off.
    if (length > SHORT_BYTES || from + wordCount >= words.length)
      this.#bytes.set(source.bytes.subarray(at, at + length), to * 4)
    else if (shift === 0) for (let k = 0; k < wordCount; k++) target[to + k] = words[from + k] ?? 0
    else {
      let low = words[from] ?? 0
      for (let k = 0; k < wordCount; k++) {
        const high = words[from + k + 1] ?? 0
        target[to + k] = (low >>> shift) | (high << (32 - shift))
        low = high
      }
    }
    // DuckDB takes the texts as one, and only if that is UTF-8: no half characters may stand between them.
    const last = to + wordCount - 1
    target[last] = (target[last] ?? 0) & maskOf(length - 4 * (wordCount - 1))
    this.#length = to + wordCount
    entries[entry + 1] = target[to] ?? 0
    entries[entry + 2] = to * 4
  }

  /** Set a short text whose last word may be cut off. */
  #setLast(entry: number, { bytes }: TextSource, at: number, length: number): void {
    for (let word = 0; word < 3; word++) {
      let value = 0
      for (let k = 4 * word; k < Math.min(length, 4 * word + 4); k++) value |= (bytes[at + k] ?? 0) << ((k & 3) << 3)
      this.#entries[entry + 1 + word] = value
    }
  }

  /**
   * Put the first `count` texts into a vector, which owns them from then on, and begin anew.
   *
   * @throws if a text for a VARCHAR vector is not UTF-8; the vector holds none of them then
   */
  moveTo(vector: duckdb.Vector, count: number): void {
    try {
      if (this.#length > 0) this.#place(vector, count)
    } finally {
      this.#length = 0
    }
    duckdb.copy_data_to_vector(vector, 0, this.#entries.buffer, 0, count * STRING_WORDS * 4)
  }

  /**
   * Give the vector all bytes of the long texts, as one, and turn their offsets into addresses.
   *
   * @throws if they are not UTF-8 and the vector is of texts: DuckDB takes nothing then, and says so nowhere
   */
  #place(vector: duckdb.Vector, count: number): void {
    // What an earlier use has left in the vector must not look like an answer.
    duckdb.copy_data_to_vector(vector, 0, NO_ENTRY, 0, NO_ENTRY.byteLength)
    // Up to 12 bytes would lie inside the vector and have no address; there are more, or none.
    duckdb.vector_assign_string_element_len(vector, 0, this.#bytes.subarray(0, this.#length * 4))
    const first = duckdb.vector_get_data(vector, STRING_WORDS * 4)
    const view = new DataView(first.buffer, first.byteOffset, first.length)
    if (view.getUint32(0, true) !== this.#length * 4)
      throw new Error('DuckDB did not take the texts: not all are UTF-8')
    const low = view.getUint32(8, true)
    const high = view.getUint32(12, true)
    const entries = this.#entries
    for (let entry = 0; entry < count * STRING_WORDS; entry += STRING_WORDS) {
      if ((entries[entry] ?? 0) <= INLINE_BYTES) continue
      const address = low + (entries[entry + 2] ?? 0)
      entries[entry + 2] = address
      entries[entry + 3] = address < TWO_POW_32 ? high : high + 1
    }
  }

  #grow(wordCount: number): void {
    const grown = new Uint32Array(2 * wordCount)
    grown.set(this.#words.subarray(0, this.#length))
    this.#words = grown
    this.#bytes = new Uint8Array(grown.buffer)
  }
}

/** Four bytes from byte `4 * at + shift / 8` on. */
function wordAt(words: Uint32Array, at: number, shift: number): number {
  const low = words[at] ?? 0
  return shift === 0 ? low : (low >>> shift) | ((words[at + 1] ?? 0) << (32 - shift))
}

/** Mask of the first `length` bytes of a word. */
function maskOf(length: number): number {
  return length >= 4 ? -1 : length <= 0 ? 0 : (1 << (length << 3)) - 1
}
