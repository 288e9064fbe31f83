import { CR, LF, SP, TAB } from './chars.ts'
import { FOUR_LF, nextOf } from './word.ts'

/** Behind a text that is read: a LF, and as many more bytes as words may reach across it. */
export const MARGIN_BYTES = 16

/**
 * A SIP message to read in: memory that holds it, with a LF behind its end, so that loops over lines, tokens and quotes
 * need no second bound.
 */
export class WorkText {
  bytes: Uint8Array = new Uint8Array(0)
  view: DataView = new DataView(this.bytes.buffer)
  /** Where the message begins and ends in `bytes`. */
  at = 0
  end = 0
  #own = new Uint8Array(0)

  /** Read in `source` itself if that has a LF and the margin behind `end`, else in a copy. */
  open(source: Uint8Array, at: number, end: number): void {
    if (source[end] !== LF || end + MARGIN_BYTES > source.length) {
      this.copy(source, at, end)
      return
    }
    if (this.bytes !== source) this.#use(source)
    this.at = at
    this.end = end
  }

  /** Read in a copy, which may be changed. */
  copy(source: Uint8Array, at: number, end: number): void {
    const length = end - at
    if (this.#own.length < length + MARGIN_BYTES) this.#own = new Uint8Array(length + 2048)
    this.#own.set(source.subarray(at, end))
    this.#own[length] = LF
    if (this.bytes !== this.#own) this.#use(this.#own)
    this.at = 0
    this.end = length
  }

  /**
   * Join folded header lines by spaces instead of their line ends, which keeps all offsets. Only in a copy.
   *
   * @param at the start line, which is not joined
   * @see RFC 3261 section 7.3.1
   */
  joinFolded(at: number): void {
    const { bytes, view, end } = this
    let next = nextOf(FOUR_LF, view, at, end) + 1
    while (next < end && !isEmptyLine(bytes, next)) {
      const lf = nextOf(FOUR_LF, view, next, end)
      if (lf === end) return
      next = lf + 1
      if (bytes[next] !== SP && bytes[next] !== TAB) continue
      bytes[lf] = SP
      if (bytes[lf - 1] === CR) bytes[lf - 1] = SP
    }
  }

  #use(bytes: Uint8Array): void {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }
}

function isEmptyLine(text: Uint8Array, at: number): boolean {
  return text[at] === LF || (text[at] === CR && text[at + 1] === LF)
}
