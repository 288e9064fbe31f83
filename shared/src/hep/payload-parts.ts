/**
 * One part of what OpenSIPS traces: a name and its text. A SIP trace has the one part `payload`; a log line has
 * `Event` and `text`; and so on.
 */
export type PayloadPart = readonly [key: string, value: string | Uint8Array]

const utf8 = new TextEncoder()
const LF = 0x0a
const TAB = 0x09
const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN = 0x7b
const CLOSE = 0x7d
const LOWER_U = 0x75

/** Second byte of the two-byte escapes, by the byte that is escaped. */
const SHORT_ESCAPES: ReadonlyMap<number, number> = new Map([
  [QUOTE, QUOTE],
  [BACKSLASH, BACKSLASH],
  [0x08, 0x62],
  [0x0c, 0x66],
  [LF, 0x6e],
  [0x0d, 0x72],
  [TAB, 0x74],
])

/**
 * Payload as HOMER 5 gets it: the values joined by `delimiter`, the keys left out. One part is its bare text.
 * The delimiter is not escaped, so several parts cannot be told apart again for sure.
 */
export function homer5Payload(parts: readonly PayloadPart[], delimiter: string): Uint8Array {
  const separator = utf8.encode(delimiter)
  const pieces: Uint8Array[] = []
  for (const [, value] of parts) {
    if (pieces.length > 0) pieces.push(separator)
    pieces.push(bytesOf(value))
  }
  const joined = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    joined.set(piece, at)
    at += piece.length
  }
  return joined
}

/**
 * Payload as HOMER 6 gets it: a JSON object of all parts in their order, laid out as OpenSIPS does, byte for byte:
 * a member a line, behind a TAB, with a TAB between `"key":` and its value.
 *
 * A value is copied byte by byte, so what is not UTF-8 stays as it is. A NUL ends it, as in the peer.
 */
export function homer6Payload(parts: readonly PayloadPart[]): Uint8Array {
  const members = parts.map(([key, value]) => [uptoNul(utf8.encode(key)), uptoNul(bytesOf(value))] as const)
  if (members.length === 0) return Uint8Array.of(OPEN, LF, CLOSE)
  // The braces and a LF less one comma; and for each member TAB "" : TAB "" comma LF.
  let length = 2
  for (const [key, value] of members) length += escapedLength(key) + escapedLength(value) + 9
  const out = new Uint8Array(length)
  let at = writeBytes(out, 0, OPEN, LF)
  for (const [i, [key, value]] of members.entries()) {
    if (i > 0) at = writeBytes(out, at, COMMA, LF)
    at = writeString(out, writeBytes(out, at, TAB), key)
    at = writeString(out, writeBytes(out, at, COLON, TAB), value)
  }
  writeBytes(out, at, LF, CLOSE)
  return out
}

function bytesOf(value: string | Uint8Array): Uint8Array {
  return typeof value === 'string' ? utf8.encode(value) : value
}

function uptoNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0)
  return end < 0 ? bytes : bytes.subarray(0, end)
}

function escapedLength(bytes: Uint8Array): number {
  let length = bytes.length
  for (const byte of bytes)
    if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) length += SHORT_ESCAPES.has(byte) ? 1 : 5
  return length
}

function writeBytes(out: Uint8Array, at: number, ...bytes: number[]): number {
  out.set(bytes, at)
  return at + bytes.length
}

function writeString(out: Uint8Array, start: number, bytes: Uint8Array): number {
  let at = start
  out[at++] = QUOTE
  for (const byte of bytes) {
    if (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) {
      out[at++] = byte
      continue
    }
    out[at++] = BACKSLASH
    const short = SHORT_ESCAPES.get(byte)
    if (short === undefined) at = writeBytes(out, at, LOWER_U, 0x30, 0x30, hexDigit(byte >> 4), hexDigit(byte & 15))
    else out[at++] = short
  }
  out[at++] = QUOTE
  return at
}

function hexDigit(value: number): number {
  return value < 10 ? 0x30 + value : 0x57 + value
}
