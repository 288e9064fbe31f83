import { hashBytes } from './hash.ts'

const SLOTS = 1024

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** True if a string has exactly these bytes, one character each: never for text that is not ASCII. */
export function isSameBytes(text: string, bytes: Uint8Array, at: number, end: number): boolean {
  if (text.length !== end - at) return false
  for (let i = 0; i < text.length; i++) {
    const byte = bytes[at + i] ?? 0
    if (byte > 0x7f || text.charCodeAt(i) !== byte) return false
  }
  return true
}

/** Strings for texts that come again and again, such as hosts and reason phrases: each is made once and shared. */
export class TextCache {
  readonly #slots: string[] = Array.from({ length: SLOTS }, () => '')

  /** The text of a range of bytes; those that are not UTF-8 become U+FFFD. */
  text(bytes: Uint8Array, at: number, end: number): string {
    if (end <= at) return ''
    const slot = hashBytes(bytes, at, end) & (SLOTS - 1)
    const known = this.#slots[slot] ?? ''
    if (isSameBytes(known, bytes, at, end)) return known
    const text = utf8.decode(bytes.subarray(at, end))
    this.#slots[slot] = text
    return text
  }
}
