import { textSource, type TextSource } from '../text-source.ts'
import { LIST_SEPARATOR } from './columns.ts'

/** Longer texts are cut: a row is to find a call by, and the messages have all of it. */
const MAX_TEXT = 256
/** Bytes of UTF-8 that a character of a string takes at most. */
const MAX_CHAR_BYTES = 3
const SEPARATOR = LIST_SEPARATOR.charCodeAt(0)

// SQL text has no NUL and no half of a pair; the other one stands between the entries of lists.
// eslint-disable-next-line no-control-regex
const UNFIT = /[\0\x1f\ud800-\udfff]/gu

const utf8 = new TextEncoder()

/** The bytes of one cell, a text or the entries of a list. Reused: `set` writes over what it held. */
export class CellText {
  #source: TextSource = textSource(new Uint8Array(4096))
  #length = 0

  get source(): TextSource {
    return this.#source
  }

  get length(): number {
    return this.#length
  }

  setText(text: string): void {
    this.#length = 0
    this.#add(text)
  }

  setList(entries: readonly (string | number)[]): void {
    this.#length = 0
    for (let i = 0; i < entries.length; i++) {
      if (i > 0) this.#source.bytes[this.#length++] = SEPARATOR
      const entry = entries[i] ?? ''
      this.#add(typeof entry === 'number' ? String(entry) : entry)
    }
  }

  #add(text: string): void {
    const end = Math.min(text.length, MAX_TEXT)
    // With the separator that may follow.
    const most = this.#length + end * MAX_CHAR_BYTES + 1
    if (most > this.#source.bytes.length) this.#grow(most)
    const { bytes } = this.#source
    const from = this.#length
    for (let i = 0; i < end; i++) {
      const code = text.charCodeAt(i)
      if (code === 0 || code === SEPARATOR || code > 0x7f) {
        const fit = text.slice(0, MAX_TEXT).replace(UNFIT, '\ufffd')
        this.#length = from + utf8.encodeInto(fit, bytes.subarray(from)).written
        return
      }
      bytes[from + i] = code
    }
    this.#length = from + end
  }

  #grow(length: number): void {
    const grown = textSource(new Uint8Array(2 * length))
    grown.bytes.set(this.#source.bytes.subarray(0, this.#length))
    this.#source = grown
  }
}
