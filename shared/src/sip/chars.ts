import { INPUT } from '../bytes/input.ts'

export const TAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SP = 0x20
export const QUOTE = 0x22
export const ZERO = 0x30
export const COLON = 0x3a
export const SEMICOLON = 0x3b
export const LESS = 0x3c
export const EQUALS = 0x3d
export const GREATER = 0x3e
export const AT = 0x40
export const BRACKET_OPEN = 0x5b
export const BACKSLASH = 0x5c
export const BRACKET_CLOSE = 0x5d

/** Parts of a header value, as bits of `ENDS`. */
export const DISPLAY_NAME = 1
export const SCHEME = 2
export const USER = 4
export const HOST = 8
export const URI = 16
export const PARAMETER = 32
export const PARAMETER_VALUE = 64

/**
 * Which parts a byte ends, by the byte; LF ends them all. A part is passed over by a loop of its own,
 * `while ((ENDS[INPUT[at]] & HOST) === 0) at++`, written where it is needed: as a call it would take twice as long.
 */
export const ENDS = new Uint8Array(256)
for (const [part, chars] of [
  [DISPLAY_NAME, '\n";<'],
  [SCHEME, '\n\r\t :;<>@'],
  [USER, '\n\r\t :;>@'],
  [HOST, '\n\r\t ",:;<>?@'],
  [URI, '\n\r\t >'],
  [PARAMETER, '\n",;'],
  [PARAMETER_VALUE, '\n\r\t ,;>'],
] as const) {
  for (const char of chars) ENDS[char.charCodeAt(0)] = (ENDS[char.charCodeAt(0)] ?? 0) | part
}

/** First offset at or behind `from` that is neither space nor tab. */
export function skipBlanks(from: number): number {
  let at = from | 0
  while (INPUT[at] === SP || INPUT[at] === TAB) at = (at + 1) | 0
  return at
}

/** End of a range without the blanks and the CR at its end. */
export function trimEnd(at: number, from: number): number {
  let end = from | 0
  while (end > at && (INPUT[end - 1] === SP || INPUT[end - 1] === TAB || INPUT[end - 1] === CR)) end = (end - 1) | 0
  return end
}

/** Offset behind the closing quote, or of the LF if there is none before it. */
export function quoteEnd(at: number): number {
  let i = (at + 1) | 0
  while (INPUT[i] !== QUOTE && INPUT[i] !== LF) i = (i + (INPUT[i] === BACKSLASH && INPUT[i + 1] !== LF ? 2 : 1)) | 0
  return INPUT[i] === QUOTE ? i + 1 : i
}
