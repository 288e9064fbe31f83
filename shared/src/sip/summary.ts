import { readUri, UriParts } from './address.ts'
import { AT, CR, ENDS, LF, skipBlanks, trimEnd, USER, ZERO } from './chars.ts'
import { FOLDED, readHeaders } from './headers.ts'
import { methodNumberAt } from './methods.ts'
import type { SipSummary } from './summary-fields.ts'
import { FOUR_LF, FOUR_SP, nextOf, wordAt, wordOf } from './word.ts'
import { WorkText } from './work-text.ts'

export { SipSummary } from './summary-fields.ts'

const VERSION_BYTES = 7
const SIP_URI = wordOf('sip:')
const SIP_ = wordOf('sip/')
const _2_0 = wordOf('/2.0')

/** Memory of one scan, which the next one uses again. */
const work = new WorkText()
const uri = new UriParts()

/**
 * Summarise one SIP message in one pass over its headers; the body is not read.
 *
 * Takes compact header names, any case, folded lines (a range then holds the line break; see `unfold`),
 * and LF as well as CRLF. The first of a repeated header counts.
 *
 * @param bytes holds the message from `start` up to `end`; copied, unless a LF and the rest of `MARGIN_BYTES` follow
 * @returns false if the start line is neither a request line nor a status line; `out` then holds what the headers say
 * @see RFC 3261 sections 7, 7.3.1, 7.3.3, 20 and 25.1
 */
export function summarizeSip(bytes: Uint8Array, start: number, end: number, out: SipSummary): boolean {
  work.open(bytes, start, end)
  let isSip = summarizeWork(out, false)
  if (out.bodyAt === FOLDED) {
    work.copy(bytes, start, end)
    work.joinFolded(work.at)
    isSip = summarizeWork(out, true)
  }
  if (work.at !== start) out.shift(start - work.at)
  return isSip
}

function summarizeWork(out: SipSummary, isJoined: boolean): boolean {
  out.reset()
  const { bytes: text, view, end } = work
  let { at } = work
  while (at < end && (text[at] === CR || text[at] === LF)) at++
  const lf = nextOf(FOUR_LF, view, at, end)
  const isSip = readStartLine(text, view, at, lf, out)
  out.bodyAt = readHeaders(text, view, lf, end, isJoined, out)
  if (out.bodyAt >= end) {
    out.bodyAt = end
    out.hasSdp = false
  }
  if (out.methodAt >= 0) out.method = methodNumberAt(text, out.methodAt, out.methodEnd)
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
function readStartLine(text: Uint8Array, view: DataView, from: number, lf: number, out: SipSummary): boolean {
  const end = trimEnd(text, from, lf)
  if (isSipVersion(view, from)) return readStatusLine(text, from + VERSION_BYTES, end, out)
  const uriEnd = end - VERSION_BYTES - 1
  const methodEnd = nextOf(FOUR_SP, view, from, lf)
  const uriAt = (methodEnd + 1) | 0
  if (methodEnd === from || uriAt >= uriEnd || nextOf(FOUR_SP, view, uriAt, lf) !== uriEnd) return false
  if (!isSipVersion(view, uriEnd + 1)) return false
  out.methodAt = from
  out.methodEnd = methodEnd
  let userEnd = (uriAt + 4) | 0
  if (wordAt(view, uriAt) === SIP_URI) {
    while (((ENDS[text[userEnd] ?? 0] ?? 0) & USER) === 0) userEnd = (userEnd + 1) | 0
  }
  if (text[userEnd] === AT) {
    out.ruriUserAt = (uriAt + 4) | 0
    out.ruriUserEnd = userEnd
  } else {
    uri.reset()
    readUri(text, view, uriAt, true, uri)
    out.ruriUserAt = uri.userAt
    out.ruriUserEnd = uri.userEnd
  }
  return true
}

/** `SIP/2.0 200 OK`, whose reason may be missing. */
function readStatusLine(text: Uint8Array, versionEnd: number, end: number, out: SipSummary): boolean {
  const code = skipBlanks(text, versionEnd)
  if (code === versionEnd || code + 3 > end) return false
  let status = 0
  for (let i = code; i < code + 3; i++) {
    const digit = (text[i] ?? 0) - ZERO
    if (digit < 0 || digit > 9) return false
    status = status * 10 + digit
  }
  const reason = skipBlanks(text, code + 3)
  if (status < 100 || (reason === code + 3 && end > reason)) return false
  out.statusCode = status
  if (end > reason) {
    out.reasonAt = reason
    out.reasonEnd = end
  }
  return true
}

/** RFC 3261 section 7.1: in any case of letters. */
function isSipVersion(view: DataView, at: number): boolean {
  return wordAt(view, at) === SIP_ && wordAt(view, at + 3) === _2_0
}
