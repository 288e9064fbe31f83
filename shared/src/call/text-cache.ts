import type { EventBlock } from '../event/block.ts'
import type { TextColumn } from '../event/columns.ts'
import { hashBytes } from './hash.ts'

const SLOTS = 1024

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

  text(block: EventBlock, column: TextColumn, row: number): string {
    const i = row + column * block.rows
    const length = block.textLength[i] ?? 0
    if (length === 0) return ''
    const at = block.textAt[i] ?? 0
    const slot = hashBytes(block.arena, at, at + length) & (SLOTS - 1)
    const known = this.#slots[slot] ?? ''
    if (isSameBytes(known, block.arena, at, at + length)) return known
    const text = block.text(column, row)
    this.#slots[slot] = text
    return text
  }
}
