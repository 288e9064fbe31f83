import { methodNumberAt } from './methods.ts'

/**
 * What hepscope shows of a SIP message without parsing all of it, as offsets into the scanned bytes.
 * One instance is reused for every message. A range is absent when `at === -1`.
 */
export class SipSummary {
  /** Number in `METHODS`: the CSeq method, or the request line's where there is no CSeq. */
  method = 0
  /** Bytes of that method's name. */
  methodAt = -1
  methodEnd = -1
  /** 0 for a request. */
  statusCode = 0
  reasonAt = -1
  reasonEnd = -1
  callIdAt = -1
  callIdEnd = -1
  /** Whole CSeq value, e.g. `1 INVITE`. */
  cseqAt = -1
  cseqEnd = -1
  cseqNumber = 0
  ruriUserAt = -1
  ruriUserEnd = -1
  fromUserAt = -1
  fromUserEnd = -1
  fromHostAt = -1
  fromHostEnd = -1
  fromTagAt = -1
  fromTagEnd = -1
  toUserAt = -1
  toUserEnd = -1
  toHostAt = -1
  toHostEnd = -1
  toTagAt = -1
  toTagEnd = -1
  /** Branch of the topmost Via. */
  branchAt = -1
  branchEnd = -1
  userAgentAt = -1
  userAgentEnd = -1
  /** X-CID, the header by which back-to-back user agents name the other leg. */
  aLegIdAt = -1
  aLegIdEnd = -1
  hasSdp = false
  /** First byte behind the empty line, or the end. */
  bodyAt = 0

  reset(): void {
    this.method = 0
    this.methodAt = this.methodEnd = -1
    this.statusCode = 0
    this.reasonAt = this.reasonEnd = -1
    this.callIdAt = this.callIdEnd = -1
    this.cseqAt = this.cseqEnd = -1
    this.cseqNumber = 0
    this.ruriUserAt = this.ruriUserEnd = -1
    this.fromUserAt = this.fromUserEnd = -1
    this.fromHostAt = this.fromHostEnd = -1
    this.fromTagAt = this.fromTagEnd = -1
    this.toUserAt = this.toUserEnd = -1
    this.toHostAt = this.toHostEnd = -1
    this.toTagAt = this.toTagEnd = -1
    this.branchAt = this.branchEnd = -1
    this.userAgentAt = this.userAgentEnd = -1
    this.aLegIdAt = this.aLegIdEnd = -1
    this.hasSdp = false
    this.bodyAt = 0
  }
}

const CR = 0x0d
const LF = 0x0a
const SP = 0x20
const TAB = 0x09
const COLON = 0x3a
const SEMICOLON = 0x3b
const LESS = 0x3c
const GREATER = 0x3e
const QUOTE = 0x22
const AT = 0x40
const COMMA = 0x2c

/**
 * Summarise one SIP message in one pass over its headers; the body is not read.
 *
 * Takes compact header names, any case, folded lines (a range then holds the line break; see `unfold`),
 * and LF as well as CRLF. The first of a repeated header counts.
 *
 * @param bytes holds the message from `start` up to `end`
 * @returns false if the start line is neither a request line nor a status line; `out` then holds what the headers say
 * @see RFC 3261 sections 7, 7.3.1, 7.3.3, 20 and 25.1
 */
export function summarizeSip(bytes: Uint8Array, start: number, end: number, out: SipSummary): boolean {
  out.reset()
  let at = start
  while (at < end && (bytes[at] === CR || bytes[at] === LF)) at++
  const lineEnd = nextLf(bytes, at, end)
  const isSip = readStartLine(bytes, at, trimEnd(bytes, at, lineEnd), out)
  at = lineEnd + 1

  while (at < end) {
    const first = bytes[at] ?? 0
    if (first === LF || (first === CR && bytes[at + 1] === LF)) {
      at += first === LF ? 1 : 2
      break
    }
    let next = at
    while (next < end && bytes[next] !== LF) next++
    switch (first | 0x20) {
      case 0x63: // Call-ID, CSeq, Content-Type or c
      case 0x66: // From or f
      case 0x69: // i
      case 0x73: // Server
      case 0x74: // To or t
      case 0x75: // User-Agent
      case 0x76: // Via or v
      case 0x78: // X-CID
        while (next + 1 < end && (bytes[next + 1] === SP || bytes[next + 1] === TAB))
          next = nextLf(bytes, next + 1, end)
        readHeader(bytes, at, next, first | 0x20, out)
    }
    at = next + 1
  }
  out.bodyAt = at < end ? at : end
  if (out.bodyAt === end) out.hasSdp = false
  return isSip
}

/** A header value without its line breaks: each fold becomes one space (RFC 3261 section 7.3.1). */
export function unfold(text: string): string {
  return text.replace(/[ \t]*\r?\n[ \t]+/g, ' ')
}

function readStartLine(bytes: Uint8Array, at: number, end: number, out: SipSummary): boolean {
  if (startsWithSipVersion(bytes, at, end)) return readStatusLine(bytes, at, end, out)
  // Method SP Request-URI SP SIP-Version
  let methodEnd = at
  while (methodEnd < end && bytes[methodEnd] !== SP) methodEnd++
  let uriEnd = methodEnd + 1
  while (uriEnd < end && bytes[uriEnd] !== SP) uriEnd++
  if (methodEnd === at || uriEnd <= methodEnd + 1 || !startsWithSipVersion(bytes, uriEnd + 1, end)) return false
  out.method = methodNumberAt(bytes, at, methodEnd)
  out.methodAt = at
  out.methodEnd = methodEnd
  readUri(bytes, methodEnd + 1, uriEnd)
  out.ruriUserAt = uri.userAt
  out.ruriUserEnd = uri.userEnd
  return true
}

function readStatusLine(bytes: Uint8Array, at: number, end: number, out: SipSummary): boolean {
  let code = at + 7
  while (code < end && bytes[code] === SP) code++
  const hundreds = digit(bytes[code])
  const tens = digit(bytes[code + 1])
  const ones = digit(bytes[code + 2])
  if (code + 3 > end || hundreds < 1 || tens < 0 || ones < 0) return false
  if (code + 3 < end && bytes[code + 3] !== SP) return false
  out.statusCode = hundreds * 100 + tens * 10 + ones
  if (code + 4 < end) {
    out.reasonAt = code + 4
    out.reasonEnd = end
  }
  return true
}

/** `SIP/` and what follows it; case as RFC 3261 section 7.1 allows. */
function startsWithSipVersion(bytes: Uint8Array, at: number, end: number): boolean {
  return (
    end - at >= 7 &&
    ((bytes[at] ?? 0) | 0x20) === 0x73 &&
    ((bytes[at + 1] ?? 0) | 0x20) === 0x69 &&
    ((bytes[at + 2] ?? 0) | 0x20) === 0x70 &&
    bytes[at + 3] === 0x2f
  )
}

/** One header whose first letter, in lower case, is one of those that matter. `end` is that of its last line. */
function readHeader(bytes: Uint8Array, at: number, end: number, letter: number, out: SipSummary): void {
  let nameEnd = at + 1
  while (nameEnd < end && isNameByte(bytes[nameEnd] ?? 0)) nameEnd++
  let colon = nameEnd
  while (colon < end && (bytes[colon] === SP || bytes[colon] === TAB)) colon++
  if (bytes[colon] !== COLON) return
  let value = colon + 1
  while (value < end && isLws(bytes[value] ?? 0)) value++
  const valueEnd = trimEnd(bytes, value, end)
  const length = nameEnd - at
  switch (letter) {
    case 0x76:
      if (out.branchAt < 0 && (length === 1 || isName(bytes, at, VIA, length))) readBranch(bytes, value, valueEnd, out)
      break
    case 0x66:
      if (out.fromHostAt < 0 && (length === 1 || isName(bytes, at, FROM, length))) readFrom(bytes, value, valueEnd, out)
      break
    case 0x74:
      if (out.toHostAt < 0 && (length === 1 || isName(bytes, at, TO, length))) readTo(bytes, value, valueEnd, out)
      break
    case 0x69:
      if (length === 1 && out.callIdAt < 0) setCallId(value, valueEnd, out)
      break
    case 0x63:
      if (length === 1 || isName(bytes, at, CONTENT_TYPE, length)) out.hasSdp = isSdpType(bytes, value, valueEnd)
      else if (isName(bytes, at, CSEQ, length)) {
        if (out.cseqAt < 0) readCseq(bytes, value, valueEnd, out)
      } else if (isName(bytes, at, CALL_ID, length) && out.callIdAt < 0) setCallId(value, valueEnd, out)
      break
    case 0x75:
    case 0x73:
      if (out.userAgentAt < 0 && (isName(bytes, at, USER_AGENT, length) || isName(bytes, at, SERVER, length))) {
        out.userAgentAt = value
        out.userAgentEnd = valueEnd
      }
      break
    case 0x78:
      if (out.aLegIdAt < 0 && isName(bytes, at, X_CID, length) && valueEnd > value) {
        out.aLegIdAt = value
        out.aLegIdEnd = valueEnd
      }
  }
}

const lower = (name: string): Uint8Array => new TextEncoder().encode(name)
const VIA = lower('via')
const FROM = lower('from')
const TO = lower('to')
const CONTENT_TYPE = lower('content-type')
const CSEQ = lower('cseq')
const CALL_ID = lower('call-id')
const USER_AGENT = lower('user-agent')
const SERVER = lower('server')
const X_CID = lower('x-cid')

function isName(bytes: Uint8Array, at: number, name: Uint8Array, length: number): boolean {
  if (name.length !== length) return false
  for (let i = 1; i < length; i++) if (((bytes[at + i] ?? 0) | 0x20) !== name[i]) return false
  return true
}

/** Letters, digits and `-`: all that the names above are made of. */
function isNameByte(byte: number): boolean {
  return byte > SP && byte !== COLON && byte < 0x7f
}

function setCallId(at: number, end: number, out: SipSummary): void {
  if (end <= at) return
  out.callIdAt = at
  out.callIdEnd = end
}

function readCseq(bytes: Uint8Array, at: number, end: number, out: SipSummary): void {
  out.cseqAt = at
  out.cseqEnd = end
  let number = 0
  let i = at
  for (; i < end; i++) {
    const value = digit(bytes[i])
    if (value < 0) break
    number = number * 10 + value
  }
  // RFC 3261 section 8.1.1.5: under 2^31. A larger one is kept as text only.
  out.cseqNumber = number <= 0xffffffff ? number : 0
  while (i < end && isLws(bytes[i] ?? 0)) i++
  let methodEnd = i
  while (methodEnd < end && !isLws(bytes[methodEnd] ?? 0)) methodEnd++
  if (methodEnd === i) return
  out.method = methodNumberAt(bytes, i, methodEnd)
  out.methodAt = i
  out.methodEnd = methodEnd
}

function readFrom(bytes: Uint8Array, at: number, end: number, out: SipSummary): void {
  readNameAddr(bytes, at, end)
  out.fromUserAt = uri.userAt
  out.fromUserEnd = uri.userEnd
  out.fromHostAt = uri.hostAt
  out.fromHostEnd = uri.hostEnd
  if (!findParameter(bytes, uri.paramsAt, end, TAG)) return
  out.fromTagAt = parameter.at
  out.fromTagEnd = parameter.end
}

function readTo(bytes: Uint8Array, at: number, end: number, out: SipSummary): void {
  readNameAddr(bytes, at, end)
  out.toUserAt = uri.userAt
  out.toUserEnd = uri.userEnd
  out.toHostAt = uri.hostAt
  out.toHostEnd = uri.hostEnd
  if (!findParameter(bytes, uri.paramsAt, end, TAG)) return
  out.toTagAt = parameter.at
  out.toTagEnd = parameter.end
}

function readBranch(bytes: Uint8Array, at: number, end: number, out: SipSummary): void {
  if (!findParameter(bytes, at, end, BRANCH)) return
  out.branchAt = parameter.at
  out.branchEnd = parameter.end
}

const TAG = lower('tag')
const BRANCH = lower('branch')
/** Results of `readUri` and `findParameter`, reused: these run for every message. */
const uri = { userAt: -1, userEnd: -1, hostAt: -1, hostEnd: -1, paramsAt: 0 }
const parameter = { at: 0, end: 0 }

/** Find `;name=value` before the first comma outside quotes; fills `parameter`. */
function findParameter(bytes: Uint8Array, from: number, end: number, name: Uint8Array): boolean {
  let at = from
  while (at < end) {
    const byte = bytes[at]
    if (byte === QUOTE) {
      at = quoteEnd(bytes, at, end)
      continue
    }
    if (byte === COMMA) return false
    at++
    if (byte !== SEMICOLON) continue
    while (at < end && isLws(bytes[at] ?? 0)) at++
    let i = 0
    while (i < name.length && ((bytes[at + i] ?? 0) | 0x20) === name[i]) i++
    if (i < name.length) continue
    let value = at + i
    while (value < end && isLws(bytes[value] ?? 0)) value++
    if (bytes[value] !== 0x3d) continue
    value++
    while (value < end && isLws(bytes[value] ?? 0)) value++
    let valueEnd = value
    while (valueEnd < end && !endsParameter(bytes[valueEnd] ?? 0)) valueEnd++
    if (valueEnd === value) return false
    parameter.at = value
    parameter.end = valueEnd
    return true
  }
  return false
}

function endsParameter(byte: number): boolean {
  return byte === SEMICOLON || byte === COMMA || isLws(byte) || byte === GREATER
}

/** name-addr or addr-spec: fills `uri`, with `paramsAt` where the header's own parameters begin. */
function readNameAddr(bytes: Uint8Array, at: number, end: number): void {
  let i = at
  while (i < end && bytes[i] !== LESS && bytes[i] !== SEMICOLON)
    i = bytes[i] === QUOTE ? quoteEnd(bytes, i, end) : i + 1
  if (bytes[i] === LESS && i < end) {
    let close = i + 1
    while (close < end && bytes[close] !== GREATER) close++
    readUri(bytes, i + 1, close)
    uri.paramsAt = close
  } else {
    // Without brackets the parameters belong to the header (RFC 3261 section 20).
    readUri(bytes, at, trimEnd(bytes, at, i))
    uri.paramsAt = i
  }
}

/** sip, sips and tel URIs in any case: user without password and parameters, host without port. */
function readUri(bytes: Uint8Array, at: number, end: number): void {
  uri.userAt = uri.userEnd = -1
  uri.hostAt = uri.hostEnd = -1
  let start = at
  while (start < end && bytes[start] !== COLON) start++
  if (start === end) return
  const isTel = start - at === 3 && ((bytes[at] ?? 0) | 0x20) === 0x74
  start++
  let userInfoEnd = start
  while (userInfoEnd < end && bytes[userInfoEnd] !== AT) userInfoEnd++
  const hasUser = userInfoEnd < end
  if (hasUser || isTel) {
    let userEnd = start
    const limit = hasUser ? userInfoEnd : end
    while (userEnd < limit && bytes[userEnd] !== SEMICOLON && bytes[userEnd] !== COLON) userEnd++
    uri.userAt = start
    uri.userEnd = userEnd
  }
  if (isTel && !hasUser) {
    // A tel URI has no host; an empty range says that the header was there.
    uri.hostAt = uri.hostEnd = end
    return
  }
  const host = hasUser ? userInfoEnd + 1 : start
  let hostEnd = host
  if (bytes[host] === 0x5b) {
    while (hostEnd < end && bytes[hostEnd] !== 0x5d) hostEnd++
    hostEnd = Math.min(end, hostEnd + 1)
  } else {
    while (hostEnd < end && !endsHost(bytes[hostEnd] ?? 0)) hostEnd++
  }
  uri.hostAt = host
  uri.hostEnd = hostEnd
}

function endsHost(byte: number): boolean {
  return byte === COLON || byte === SEMICOLON || byte === 0x3f || byte === GREATER || byte === SP
}

/** application/sdp, or a multipart body, which may hold one and in SIP nearly always does. */
function isSdpType(bytes: Uint8Array, at: number, end: number): boolean {
  return startsWithName(bytes, at, end, APPLICATION_SDP) || startsWithName(bytes, at, end, MULTIPART)
}

const APPLICATION_SDP = lower('application/sdp')
const MULTIPART = lower('multipart/')

function startsWithName(bytes: Uint8Array, at: number, end: number, name: Uint8Array): boolean {
  if (end - at < name.length) return false
  for (let i = 0; i < name.length; i++) if (((bytes[at + i] ?? 0) | 0x20) !== name[i]) return false
  return true
}

function quoteEnd(bytes: Uint8Array, at: number, end: number): number {
  let i = at + 1
  while (i < end && bytes[i] !== QUOTE) i += bytes[i] === 0x5c ? 2 : 1
  return i + 1
}

function nextLf(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && bytes[at] !== LF) at++
  return at
}

function trimEnd(bytes: Uint8Array, at: number, from: number): number {
  let end = from
  while (end > at && isLws(bytes[end - 1] ?? 0)) end--
  return end
}

function isLws(byte: number): boolean {
  return byte === SP || byte === TAB || byte === CR || byte === LF
}

function digit(byte: number | undefined): number {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : -1
}
