import { INPUT, INPUT_VIEW } from '../bytes/input.ts'
import { readAddress, readBranch, readTag, UriParts } from './address.ts'
import {
  AT,
  BRACKET_OPEN,
  COLON,
  CR,
  DISPLAY_NAME,
  ENDS,
  GREATER,
  HOST,
  LESS,
  LF,
  PARAMETER,
  PARAMETER_VALUE,
  QUOTE,
  quoteEnd,
  SEMICOLON,
  SP,
  TAB,
  trimEnd,
  URI,
  USER,
  ZERO,
} from './chars.ts'
import type { SipSummary } from './summary-fields.ts'
import { FOUR_LF, HIGH_BITS, LOW_BITS, LOWER_CASE, wordAt, wordOf } from './word.ts'

/** Headers that are read, as bits: the first of a repeated one counts, unless it is empty. */
const HEADER = {
  via: 1,
  from: 2,
  to: 4,
  callId: 8,
  cseq: 16,
  contentType: 32,
  userAgent: 64,
  aLegId: 128,
} as const

const FROM = wordOf('from')
const CSEQ = wordOf('cseq')
const CALL = wordOf('call')
const L_ID = wordOf('l-id')
const CONT = wordOf('cont')
const ENT_ = wordOf('ent-')
const TYPE = wordOf('type')
const USER_AGENT_1 = wordOf('user')
const USER_AGENT_2 = wordOf('-age')
const USER_AGENT_3 = wordOf('gent')
const SERV = wordOf('serv')
const RVER = wordOf('rver')
const X_CI = wordOf('x-ci')
const _CID = wordOf('-cid')
const VIA = wordOf('via') & 0xffffff
const TO = wordOf('to') & 0xffff

/** Compact names by their letter (RFC 3261 section 7.3.3); 0 for letters that are none of these headers. */
const COMPACT = new Uint8Array(256)
for (const [letter, header] of [
  ['c', HEADER.contentType],
  ['f', HEADER.from],
  ['i', HEADER.callId],
  ['t', HEADER.to],
  ['v', HEADER.via],
] as const) {
  COMPACT[letter.charCodeAt(0)] = header
}

const SIP_ = wordOf('sip:')
const TAG_ = wordOf('tag=')
const BRAN = wordOf('bran')
const NCH_ = wordOf('nch=')
const APPL = wordOf('appl')
const ICAT = wordOf('icat')
const ION_ = wordOf('ion/')
const SDP = wordOf('sdp') & 0xffffff
const MULT = wordOf('mult')
const IPAR = wordOf('ipar')
const ART_ = wordOf('art/')

/** Filled from one value and read at once. */
const parts = new UriParts()

/** Result of `readHeaders` that met a folded line. */
export const FOLDED = -1

/**
 * Read the headers behind the line that ends at `from`.
 *
 * All in one function, with the usual form of each value read in place: the calls of a tidier version took as long as
 * the reading. Unusual forms go to `address.ts`.
 *
 * @param end of the input, where a LF stands
 * @param isJoined whether folded lines were joined before
 * @returns where the body begins; `FOLDED` if a line is folded, and then `out` is not complete
 */
export function readHeaders(from: number, end: number, isJoined: boolean, out: SipSummary): number {
  // For the engine, see `INPUT`.
  const text = INPUT
  const view = INPUT_VIEW
  const ends = ENDS
  const compact = COMPACT
  const bits = HEADER
  let seen = 0
  /** Header whose value goes on to the end of its line, and where the value begins. */
  let openHeader = 0
  let openAt = 0
  let at = from | 0
  for (;;) {
    // On to the next line, as `nextOf` does it.
    for (;;) {
      const low = view.getInt32(at, true) ^ FOUR_LF
      const lowMarks = (low - LOW_BITS) & ~low & HIGH_BITS
      if (lowMarks !== 0) {
        at = (at + ((31 - Math.clz32(lowMarks & -lowMarks)) >> 3)) | 0
        break
      }
      const high = view.getInt32(at + 4, true) ^ FOUR_LF
      const highMarks = (high - LOW_BITS) & ~high & HIGH_BITS
      if (highMarks !== 0) {
        at = (at + 4 + ((31 - Math.clz32(highMarks & -highMarks)) >> 3)) | 0
        break
      }
      at = (at + 8) | 0
    }
    if (openHeader !== 0) {
      const valueEnd = trimEnd(openAt, at)
      if (valueEnd > openAt) setWhole(out, openHeader, openAt, valueEnd)
      else seen &= ~openHeader
      openHeader = 0
    }
    at = (at + 1) | 0
    if (at >= end) return end
    const first = text[at] ?? 0
    if (first <= SP) {
      if (first === LF) return at + 1
      if (first === CR && text[at + 1] === LF) return at + 2
      if (!isJoined && (first === SP || first === TAB)) return FOLDED
    }

    // The header's name.
    const word = view.getInt32(at, true) | LOWER_CASE
    let header: number
    let length: number
    switch (word) {
      case FROM:
        header = bits.from
        length = 4
        break
      case CSEQ:
        header = bits.cseq
        length = 4
        break
      case CALL:
        if ((view.getInt32(at + 3, true) | LOWER_CASE) !== L_ID) continue
        header = bits.callId
        length = 7
        break
      case CONT:
        if ((view.getInt32(at + 4, true) | LOWER_CASE) !== ENT_ || (view.getInt32(at + 8, true) | LOWER_CASE) !== TYPE)
          continue
        header = bits.contentType
        length = 12
        break
      case USER_AGENT_1:
        if (
          (view.getInt32(at + 4, true) | LOWER_CASE) !== USER_AGENT_2 ||
          (view.getInt32(at + 6, true) | LOWER_CASE) !== USER_AGENT_3
        )
          continue
        header = bits.userAgent
        length = 10
        break
      case SERV:
        if ((view.getInt32(at + 2, true) | LOWER_CASE) !== RVER) continue
        header = bits.userAgent
        length = 6
        break
      case X_CI:
        if ((view.getInt32(at + 1, true) | LOWER_CASE) !== _CID) continue
        header = bits.aLegId
        length = 5
        break
      default:
        if ((word & 0xffffff) === VIA) {
          header = bits.via
          length = 3
        } else if ((word & 0xffff) === TO) {
          header = bits.to
          length = 2
        } else {
          header = compact[word & 0xff] ?? 0
          length = 1
        }
    }
    if (header === 0 || (seen & header) !== 0) continue
    at = (at + length) | 0
    while (text[at] === SP || text[at] === TAB) at = (at + 1) | 0
    if (text[at] !== COLON) continue
    seen |= header
    at = (at + 1) | 0
    while (text[at] === SP || text[at] === TAB) at = (at + 1) | 0

    // Its value. Reading stops at its line end or before.
    switch (header) {
      case bits.via: {
        while (((ends[text[at] ?? 0] ?? 0) & PARAMETER) === 0) at = (at + 1) | 0
        const branchAt = (at + 8) | 0
        let branchEnd = branchAt
        if (
          text[at] === SEMICOLON &&
          (view.getInt32(at + 1, true) | LOWER_CASE) === BRAN &&
          (view.getInt32(at + 4, true) | LOWER_CASE) === NCH_
        ) {
          while (((ends[text[branchEnd] ?? 0] ?? 0) & PARAMETER_VALUE) === 0) branchEnd = (branchEnd + 1) | 0
        }
        if (branchEnd > branchAt) {
          out.branchAt = branchAt
          out.branchEnd = at = branchEnd
        } else {
          parts.reset()
          at = readBranch(at, parts)
          out.branchAt = parts.valueAt
          out.branchEnd = parts.valueEnd
        }
        break
      }
      case bits.from:
      case bits.to: {
        parts.reset()
        const valueAt = at
        if (text[at] === QUOTE) at = quoteEnd(at)
        while (((ends[text[at] ?? 0] ?? 0) & DISPLAY_NAME) === 0) at = (at + 1) | 0
        const userAt = (at + 5) | 0
        let userEnd = userAt
        if (text[at] === LESS && (view.getInt32(at + 1, true) | LOWER_CASE) === SIP_) {
          while (((ends[text[userEnd] ?? 0] ?? 0) & USER) === 0) userEnd = (userEnd + 1) | 0
        }
        if (userEnd > userAt && text[userEnd] === AT && text[userEnd + 1] !== BRACKET_OPEN) {
          at = (userEnd + 1) | 0
          parts.userAt = userAt
          parts.userEnd = userEnd
          parts.hostAt = at
          while (((ends[text[at] ?? 0] ?? 0) & HOST) === 0) at = (at + 1) | 0
          parts.hostEnd = at
          while (((ends[text[at] ?? 0] ?? 0) & URI) === 0) at = (at + 1) | 0
          const tagAt = (at + 6) | 0
          let tagEnd = tagAt
          if (
            text[at] === GREATER &&
            text[at + 1] === SEMICOLON &&
            (view.getInt32(at + 2, true) | LOWER_CASE) === TAG_
          ) {
            while (((ends[text[tagEnd] ?? 0] ?? 0) & PARAMETER_VALUE) === 0) tagEnd = (tagEnd + 1) | 0
          }
          if (tagEnd > tagAt) {
            parts.valueAt = tagAt
            parts.valueEnd = at = tagEnd
          } else {
            at = readTag(at, parts)
          }
        } else {
          at = readAddress(valueAt, parts)
        }
        if (header === bits.from) setFrom(out)
        else setTo(out)
        break
      }
      case bits.cseq: {
        openHeader = bits.cseq
        openAt = at
        let number = 0
        let digit = (text[at] ?? 0) - ZERO
        while (digit >= 0 && digit <= 9) {
          number = number * 10 + digit
          at = (at + 1) | 0
          digit = (text[at] ?? 0) - ZERO
        }
        // RFC 3261 section 8.1.1.5: under 2^31. One that no column can hold is kept as text only.
        out.cseqNumber = number <= 0xffffffff ? number : 0
        while (text[at] === SP || text[at] === TAB) at = (at + 1) | 0
        const methodAt = at
        while (text[at] !== SP && text[at] !== TAB && text[at] !== CR && text[at] !== LF) at = (at + 1) | 0
        if (at > methodAt) {
          out.methodAt = methodAt
          out.methodEnd = at
        }
        break
      }
      case bits.contentType:
        out.hasSdp = isSdpType(at)
        break
      default:
        openHeader = header
        openAt = at
    }
  }
}

function setWhole(out: SipSummary, header: number, at: number, end: number): void {
  switch (header) {
    case HEADER.callId:
      out.callIdAt = at
      out.callIdEnd = end
      break
    case HEADER.cseq:
      out.cseqAt = at
      out.cseqEnd = end
      break
    case HEADER.userAgent:
      out.userAgentAt = at
      out.userAgentEnd = end
      break
    case HEADER.aLegId:
      out.aLegIdAt = at
      out.aLegIdEnd = end
  }
}

function setFrom(out: SipSummary): void {
  out.fromUserAt = parts.userAt
  out.fromUserEnd = parts.userEnd
  out.fromHostAt = parts.hostAt
  out.fromHostEnd = parts.hostEnd
  out.fromTagAt = parts.valueAt
  out.fromTagEnd = parts.valueEnd
}

function setTo(out: SipSummary): void {
  out.toUserAt = parts.userAt
  out.toUserEnd = parts.userEnd
  out.toHostAt = parts.hostAt
  out.toHostEnd = parts.hostEnd
  out.toTagAt = parts.valueAt
  out.toTagEnd = parts.valueEnd
}

/** application/sdp, or a multipart body, which may hold one and in SIP nearly always does. */
function isSdpType(at: number): boolean {
  const word = wordAt(at)
  if (word === MULT) return wordAt(at + 4) === IPAR && wordAt(at + 6) === ART_
  return word === APPL && wordAt(at + 4) === ICAT && wordAt(at + 8) === ION_ && (wordAt(at + 12) & 0xffffff) === SDP
}
