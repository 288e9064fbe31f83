import { methodNumberAt, OTHER_METHOD } from '../sip/methods.ts'
import { PROTOCOL_TYPE } from './chunks.ts'
import type { HepFault } from './packet.ts'
import { type HepFields, WARNING } from './fields.ts'

const YEAR_2000_SECONDS = 946_684_800
const DAY_SECONDS = 86_400
/** Seconds, microseconds and capture id of HEPv2, without the padding that C senders add. */
const TIME_BYTES = 10
const PADDING_BYTES = 2
const FAMILY_IPV4 = 2
/** IPv6 as Linux, Windows, Solaris, FreeBSD and macOS number it. */
export const FAMILIES_IPV6: readonly number[] = [10, 23, 26, 28, 30]

/**
 * Find the parts of a HEPv1 or HEPv2 datagram. Its payload is SIP by convention.
 *
 * The header length byte is not used for offsets: senders put four different things there.
 * Byte order and padding of the HEPv2 time are settled by plausibility.
 *
 * @returns undefined, or the fault with its offset in `fields.faultAt`
 */
export function scanLegacy(bytes: Uint8Array, version: 1 | 2, fields: HepFields, nowUs: number): HepFault | undefined {
  fields.reset(version)
  const fail = (reason: HepFault, offset: number): HepFault => {
    fields.faultAt = offset
    return reason
  }
  if (bytes.length < 8) return fail('too-short', bytes.length)
  const family = bytes[2] ?? 0
  const isIpv4 = family === FAMILY_IPV4
  if (!isIpv4 && !FAMILIES_IPV6.includes(family)) return fail('bad-family', 2)
  fields.addressBytes = isIpv4 ? 4 : 16
  const addressEnd = 8 + 2 * fields.addressBytes
  if (bytes.length < addressEnd + (version === 2 ? TIME_BYTES : 0)) return fail('too-short', bytes.length)

  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  fields.ipProtocol = bytes[3] ?? 0
  fields.srcPort = view.getUint16(4)
  fields.dstPort = view.getUint16(6)
  fields.srcIpAt = 8
  fields.dstIpAt = 8 + fields.addressBytes
  fields.protocolType = PROTOCOL_TYPE.sip
  const declared = bytes[1]
  if (declared !== addressEnd && declared !== addressEnd + TIME_BYTES + PADDING_BYTES) {
    fields.warnings |= WARNING.headerLengthOdd
  }

  let payloadAt = addressEnd
  if (version === 2) {
    readTime(view, addressEnd, fields, nowUs)
    const unpadded = addressEnd + TIME_BYTES
    const padded = unpadded + PADDING_BYTES
    payloadAt = isUnpadded(bytes, unpadded, padded) ? unpadded : padded
    if (payloadAt === unpadded) fields.warnings |= WARNING.unpaddedTime
  } else {
    fields.warnings |= WARNING.timeMissing
  }

  // OpenSIPS counts the addresses twice and sends as many NULs behind the payload.
  let end = bytes.length
  while (end > payloadAt && bytes[end - 1] === 0) end--
  if (end <= payloadAt) return fail('no-payload', Math.min(payloadAt, bytes.length))
  if (end < bytes.length) fields.warnings |= WARNING.trailingNuls
  fields.payloadAt = payloadAt
  fields.payloadEnd = end
  return undefined
}

function readTime(view: DataView, at: number, fields: HepFields, nowUs: number): void {
  const newest = nowUs / 1_000_000 + DAY_SECONDS
  for (const littleEndian of [true, false]) {
    const seconds = view.getUint32(at, littleEndian)
    const microseconds = view.getUint32(at + 4, littleEndian)
    if (seconds < YEAR_2000_SECONDS || seconds > newest || microseconds >= 1_000_000) continue
    fields.tsUs = seconds * 1_000_000 + microseconds
    fields.agentId = view.getUint16(at + 8, littleEndian)
    if (!littleEndian) fields.warnings |= WARNING.bigEndianTime
    return
  }
  fields.tsUs = view.getUint32(at, true) * 1_000_000 + view.getUint32(at + 4, true)
  fields.agentId = view.getUint16(at + 8, true)
  fields.warnings |= fields.tsUs === 0 ? WARNING.timeMissing : WARNING.timeImplausible
}

/**
 * Whether the payload begins without the two bytes of padding. A request line cut by two bytes still looks like one
 * (`VITE sip:…`), so a method that is known settles it.
 */
function isUnpadded(bytes: Uint8Array, unpadded: number, padded: number): boolean {
  if (startsWithMethod(bytes, padded)) return false
  return startsWithMethod(bytes, unpadded) || (!startsLikeSip(bytes, padded) && startsLikeSip(bytes, unpadded))
}

function startsWithMethod(bytes: Uint8Array, at: number): boolean {
  const end = bytes.indexOf(0x20, at)
  return end > at && methodNumberAt(bytes, at, end) !== OTHER_METHOD
}

/** `SIP/2.0 `, or a token of 1 to 32 characters and a space, after any CRLF. */
function startsLikeSip(bytes: Uint8Array, start: number): boolean {
  let at = start
  while (bytes[at] === 0x0d || bytes[at] === 0x0a) at++
  const first = at
  while (at - first <= 32 && isTokenByte(bytes[at] ?? 0)) at++
  // "SIP/2.0" holds a slash, which is not a token character.
  if (bytes[at] === 0x2f && at - first === 3) return bytes[first] === 0x53 && bytes[at + 4] === 0x20
  return at > first && at - first <= 32 && bytes[at] === 0x20
}

/** RFC 3261 section 25.1: token. */
function isTokenByte(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    "-.!%*_+`'~".includes(String.fromCharCode(byte))
  )
}
