import { INPUT, loadInput, MAX_INPUT_BYTES } from '../bytes/input.ts'
import { readUri, UriParts } from './address.ts'
import { AT, CR, ENDS, LF, skipBlanks, trimEnd, USER, ZERO } from './chars.ts'
import { joinFolded } from './folded.ts'
import { FOLDED, readHeaders } from './headers.ts'
import { methodNumberAt } from './methods.ts'
import type { SipSummary } from './summary-fields.ts'
import { FOUR_LF, FOUR_SP, nextOf, wordAt, wordOf } from './word.ts'

export { SipSummary } from './summary-fields.ts'

const VERSION_BYTES = 7
const SIP_URI = wordOf('sip:')
const SIP_ = wordOf('sip/')
const _2_0 = wordOf('/2.0')

/** Filled from one value and read at once. */
const uri = new UriParts()

/**
 * Summarise one SIP message in one pass over its headers; the body is not read.
 *
 * Takes compact header names, any case, folded lines (a range then holds the line break; see `unfold`),
 * and LF as well as CRLF. The first of a repeated header counts. Of a longer message, only the first
 * `MAX_INPUT_BYTES` are read.
 *
 * @param bytes holds the message from `start` up to `end`; it becomes the input, see `loadInput`
 * @returns false if the start line is neither a request line nor a status line; `out` then holds what the headers say
 * @see RFC 3261 sections 7, 7.3.1, 7.3.3, 20 and 25.1
 */
export function summarizeSip(bytes: Uint8Array, start: number, end: number, out: SipSummary): boolean {
  loadInput(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end))
  const isSip = summarizeInput(0, end - start, out)
  if (start > 0) out.shift(start)
  return isSip
}

/**
 * `summarizeSip` of a message that lies in the input already; the byte behind it and folded lines are changed there.
 *
 * @param to end of the message; if that is not in the input, the input's end is taken for it
 */
export function summarizeInput(start: number, to: number, out: SipSummary): boolean {
  const end = Math.min(to, MAX_INPUT_BYTES)
  // A line end behind it: loops over lines, tokens and quotes need no second bound.
  INPUT[end] = LF
  const isSip = readMessage(start, end, false, out)
  if (out.bodyAt !== FOLDED) return isSip
  joinFolded(start, end)
  return readMessage(start, end, true, out)
}

function readMessage(start: number, end: number, isJoined: boolean, out: SipSummary): boolean {
  out.reset()
  let at = start
  while (at < end && (INPUT[at] === CR || INPUT[at] === LF)) at++
  const lf = nextOf(FOUR_LF, at, end)
  const isSip = readStartLine(at, lf, out)
  out.bodyAt = readHeaders(lf, end, isJoined, out)
  if (out.bodyAt >= end) {
    out.bodyAt = end
    out.hasSdp = false
  }
  if (out.methodAt >= 0) out.method = methodNumberAt(INPUT, out.methodAt, out.methodEnd)
  return isSip
}

/** A header value without its line breaks: each fold becomes one space (RFC 3261 section 7.3.1). */
export function unfold(text: string): string {
  const lines = text.split(/\r?\n[ \t]+/)
  if (lines.length === 1) return text
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ')
}

/** Method SP Request-URI SP SIP-Version, or a status line. */
function readStartLine(from: number, lf: number, out: SipSummary): boolean {
  const end = trimEnd(from, lf)
  if (isSipVersion(from)) return readStatusLine(from + VERSION_BYTES, end, out)
  const uriEnd = end - VERSION_BYTES - 1
  const methodEnd = nextOf(FOUR_SP, from, lf)
  const uriAt = (methodEnd + 1) | 0
  if (methodEnd === from || uriAt >= uriEnd || nextOf(FOUR_SP, uriAt, lf) !== uriEnd) return false
  if (!isSipVersion(uriEnd + 1)) return false
  out.methodAt = from
  out.methodEnd = methodEnd
  let userEnd = (uriAt + 4) | 0
  if (wordAt(uriAt) === SIP_URI) {
    while (((ENDS[INPUT[userEnd] ?? 0] ?? 0) & USER) === 0) userEnd = (userEnd + 1) | 0
  }
  if (INPUT[userEnd] === AT) {
    out.ruriUserAt = (uriAt + 4) | 0
    out.ruriUserEnd = userEnd
  } else {
    uri.reset()
    readUri(uriAt, true, uri)
    out.ruriUserAt = uri.userAt
    out.ruriUserEnd = uri.userEnd
  }
  return true
}

/** `SIP/2.0 200 OK`, whose reason may be missing. */
function readStatusLine(versionEnd: number, end: number, out: SipSummary): boolean {
  const code = skipBlanks(versionEnd)
  if (code === versionEnd || code + 3 > end) return false
  let status = 0
  for (let i = code; i < code + 3; i++) {
    const digit = (INPUT[i] ?? 0) - ZERO
    if (digit < 0 || digit > 9) return false
    status = status * 10 + digit
  }
  const reason = skipBlanks(code + 3)
  if (status < 100 || (reason === code + 3 && end > reason)) return false
  out.statusCode = status
  if (end > reason) {
    out.reasonAt = reason
    out.reasonEnd = end
  }
  return true
}

/** RFC 3261 section 7.1: in any case of letters. */
function isSipVersion(at: number): boolean {
  return wordAt(at) === SIP_ && wordAt(at + 3) === _2_0
}
