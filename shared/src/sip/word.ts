import { INPUT_VIEW } from '../bytes/input.ts'

/** Four bytes of the input as one number, ASCII letters in lower case; compared in one step. */
export type Word = number

/**
 * ASCII letters differ from their other case in this bit of each byte.
 *
 * Some bytes that are no letters become others, e.g. CR the minus sign. LF becomes `*`, which no name here holds:
 * no word matches across a line end.
 */
export const LOWER_CASE = 0x20202020

export function wordAt(at: number): Word {
  return INPUT_VIEW.getInt32(at, true) | LOWER_CASE
}

/** The word that `wordAt` gives for the first four characters of a text, with spaces behind it if there are less. */
export function wordOf(text: string): Word {
  return new DataView(new TextEncoder().encode(text.padEnd(4)).buffer).getInt32(0, true) | LOWER_CASE
}

export const LOW_BITS = 0x01010101
export const HIGH_BITS = 0x80808080
/** A byte in all four places of a word. */
export const FOUR_LF = 0x0a * LOW_BITS
export const FOUR_SP = 0x20 * LOW_BITS

/**
 * Offset of the next LF or SP before `end`, else `end`.
 *
 * Looks at eight bytes per turn, as two words: one by one, half of a summary's time would go into line ends.
 * In a word, subtracting 1 from each byte of `word ^ wanted` sets the high bit of those that were equal. Bytes above the
 * first of them may get it too, by the borrow, so only the lowest mark counts.
 *
 * @param wanted `FOUR_LF` or `FOUR_SP`
 */
export function nextOf(wanted: number, from: number, end: number): number {
  // Written out for both words, since a call in this loop costs as much as its turn.
  for (let at = from | 0; at < end; at = (at + 8) | 0) {
    const low = INPUT_VIEW.getInt32(at, true) ^ wanted
    const lowMarks = (low - LOW_BITS) & ~low & HIGH_BITS
    if (lowMarks !== 0) return Math.min(end, at + ((31 - Math.clz32(lowMarks & -lowMarks)) >> 3))
    const high = INPUT_VIEW.getInt32(at + 4, true) ^ wanted
    const highMarks = (high - LOW_BITS) & ~high & HIGH_BITS
    if (highMarks !== 0) return Math.min(end, at + 4 + ((31 - Math.clz32(highMarks & -highMarks)) >> 3))
  }
  return end
}
