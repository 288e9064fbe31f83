const CR = 0x0d
const LF = 0x0a
const SPACE = 0x20

/** Longest start line believed in; RFC 3261 sets no bound, real ones stay under 1 KiB. */
const MAX_START_LINE_BYTES = 8192
/** Longest method believed in. */
const MAX_METHOD_BYTES = 32

/**
 * Whether bytes begin with a SIP request or status line: `METHOD URI SIP/x.y` or `SIP/x.y NNN[ reason]`, ended by LF or
 * CRLF.
 *
 * @param bytes searched from `at` up to `end`; the caller skips empty lines before
 * @param isWhole true if nothing will follow, so that the end of the bytes ends the line too
 * @returns `unfinished` if the line is not all there and so far could be one
 * @see RFC 3261 section 7.1 and 7.2
 */
export function sipStartLine(
  bytes: Uint8Array,
  at: number,
  end: number,
  isWhole: boolean,
): 'sip' | 'not-sip' | 'unfinished' {
  const lf = bytes.subarray(at, Math.min(end, at + MAX_START_LINE_BYTES)).indexOf(LF)
  if (lf < 0) {
    if (end - at >= MAX_START_LINE_BYTES) return 'not-sip'
    if (!isWhole) return couldBeStart(bytes, at, end) ? 'unfinished' : 'not-sip'
  }
  let lineEnd = lf < 0 ? end : at + lf
  if (lineEnd > at && bytes[lineEnd - 1] === CR) lineEnd--
  return isStatusLine(bytes, at, lineEnd) || isRequestLine(bytes, at, lineEnd) ? 'sip' : 'not-sip'
}

/** A first word of token characters, or the start of `SIP/2.0`. */
function couldBeStart(bytes: Uint8Array, at: number, end: number): boolean {
  const wordEnd = methodEnd(bytes, at, end)
  if (wordEnd - at > MAX_METHOD_BYTES) return false
  if (wordEnd === end) return true
  if (bytes[wordEnd] === SPACE) return wordEnd > at
  return wordEnd - at === 3 && startsWithVersion(bytes, at, end)
}

function isStatusLine(bytes: Uint8Array, at: number, end: number): boolean {
  const codeAt = at + 8
  if (end < codeAt + 3 || !isVersion(bytes, at) || bytes[codeAt - 1] !== SPACE) return false
  for (let i = codeAt; i < codeAt + 3; i++) if (!isDigit(bytes[i] ?? 0)) return false
  return end === codeAt + 3 || bytes[codeAt + 3] === SPACE
}

function isRequestLine(bytes: Uint8Array, at: number, end: number): boolean {
  const wordEnd = methodEnd(bytes, at, end)
  if (wordEnd === at || wordEnd - at > MAX_METHOD_BYTES || bytes[wordEnd] !== SPACE) return false
  const versionAt = end - 7
  const uriAt = wordEnd + 1
  if (versionAt - 1 <= uriAt || bytes[versionAt - 1] !== SPACE || !isVersion(bytes, versionAt)) return false
  const space = bytes.indexOf(SPACE, uriAt)
  return space === versionAt - 1
}

/** `SIP/` digit `.` digit, upper or lower case. */
function isVersion(bytes: Uint8Array, at: number): boolean {
  return startsWithVersion(bytes, at, at + 7)
}

/** True if the bytes up to `end` are a beginning of a version, or begin with a whole one. */
function startsWithVersion(bytes: Uint8Array, at: number, end: number): boolean {
  for (let i = 0; i < Math.min(7, end - at); i++) {
    const byte = bytes[at + i] ?? 0
    const isExpected = i === 4 || i === 6 ? isDigit(byte) : byte === UPPER_CASE[i] || byte === LOWER_CASE[i]
    if (!isExpected) return false
  }
  return true
}

const UPPER_CASE = new TextEncoder().encode('SIP/0.0')
const LOWER_CASE = new TextEncoder().encode('sip/0.0')

function methodEnd(bytes: Uint8Array, at: number, end: number): number {
  const limit = Math.min(end, at + MAX_METHOD_BYTES + 1)
  let i = at
  while (i < limit && isTokenByte(bytes[i] ?? 0)) i++
  return i
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

/** RFC 3261 section 25.1: token. */
function isTokenByte(byte: number): boolean {
  return TOKEN[byte] === 1
}

const TOKEN = tokenTable()

function tokenTable(): Uint8Array {
  const table = new Uint8Array(256)
  const characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.!%*_+`'~"
  for (const character of characters) table[character.charCodeAt(0)] = 1
  return table
}
