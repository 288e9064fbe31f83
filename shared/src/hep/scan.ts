import { INPUT, INPUT_VIEW, loadInput } from '../bytes/input.ts'
import { CHUNK } from './chunks.ts'
import { isGzip, isZlib } from './compression.ts'
import { extraFit, FIT } from './extra-chunks.ts'
import { type HepFields, WARNING } from './fields.ts'
import type { HepFault } from './packet.ts'
import { sanitizeTime } from './sanitize-time.ts'
import { FAMILIES_IPV6, scanLegacy } from './scan-legacy.ts'

/** Bytes before the first chunk: magic and total length. */
export const HEADER_BYTES = 6
/** Vendor id, type id and length of one chunk. */
export const CHUNK_HEADER_BYTES = 6
/** Most bytes of one packet, by its 16-bit total length. */
export const MAX_PACKET_BYTES = 0xffff
/** First byte of `HEP3`; its other names begin with an E. */
const LETTER_H = 0x48

/** True for the four bytes `HEP3`, or its other names `EEP3` and `EEP1`. */
export function isHep3Magic(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at]
  if ((first !== LETTER_H && first !== 0x45) || bytes[at + 1] !== 0x45 || bytes[at + 2] !== 0x50) return false
  return bytes[at + 3] === 0x33 || (first === 0x45 && bytes[at + 3] === 0x31)
}

export interface ScanOptions {
  /** Refuse what is otherwise accepted with a warning: bytes behind the packet, fixed-size chunks of another size. */
  readonly strict?: boolean
  /** Refuse HEPv3 by its other names, `EEP3` and `EEP1`. */
  readonly strictMagic?: boolean
  /** Mend times that lie more than ten years ago or more than a day ahead; see `sanitizeTime`. */
  readonly sanitizeTime?: boolean
}

/**
 * Find the parts of one HEP packet of any version.
 *
 * Lengths are strict, content is liberal: any length that does not add up refuses the whole packet.
 *
 * @param bytes one packet, e.g. one UDP datagram; it becomes the input, see `loadInput`
 * @param fields receives the result; meaningless after a fault, but for `faultAt`
 * @param nowUs clock for judging whether a HEPv2 time is plausible
 * @returns undefined, or the fault with its offset in `fields.faultAt`; never throws
 * @see HEP3 protocol specification rev 37, packet and chunk layout
 */
export function scanHep(
  bytes: Uint8Array,
  fields: HepFields,
  nowUs: number,
  options: ScanOptions = {},
): HepFault | undefined {
  loadInput(bytes)
  const fault = scanAny(bytes, fields, nowUs, options)
  if (options.sanitizeTime === true && fault === undefined) sanitizeTime(fields, nowUs)
  return fault
}

function scanAny(bytes: Uint8Array, fields: HepFields, nowUs: number, options: ScanOptions): HepFault | undefined {
  const first = bytes[0]
  if (isHep3Magic(bytes, 0) && (first === LETTER_H || options.strictMagic !== true)) {
    return scanHep3(bytes, fields, options.strict === true)
  }
  if (first === 1 || first === 2) return scanLegacy(bytes, first, fields, nowUs)
  fields.faultAt = 0
  // Three bytes of the magic are still too short to judge.
  return bytes.length < 4 ? 'too-short' : 'unknown-format'
}

function scanHep3(bytes: Uint8Array, fields: HepFields, strict: boolean): HepFault | undefined {
  fields.reset(3)
  const length = bytes.length
  if (length < HEADER_BYTES) return fail(fields, 'too-short', length)
  const total = u16(4)
  if (total < HEADER_BYTES) return fail(fields, 'bad-total', 4)
  if (total > length) return fail(fields, 'truncated', length)
  if (total < length) {
    if (strict) return fail(fields, 'bad-total', 4)
    fields.warnings |= WARNING.trailingBytes
  }
  if (total === HEADER_BYTES) fields.warnings |= WARNING.emptyFrame
  if (bytes[0] !== LETTER_H) fields.warnings |= WARNING.otherMagic

  let at = HEADER_BYTES
  let seenLow = 0
  let seenExtra = 0
  let seconds = 0
  let microseconds = 0
  let family = 0
  while (at < total) {
    if (total - at < CHUNK_HEADER_BYTES) return fail(fields, 'chunk-truncated', at)
    const size = u16(at + 4)
    // A size under 6 would not move past its own header, so the loop might never end.
    if (size < CHUNK_HEADER_BYTES) return fail(fields, 'bad-chunk-length', at + 4)
    if (size > total - at) return fail(fields, 'chunk-overrun', at + 4)
    const end = at + size
    // Type ids are per vendor: vendor 3's 0x000b is not our protocol type.
    const type = u16(at) === 0 ? u16(at + 2) : 0
    const value = at + CHUNK_HEADER_BYTES
    if (type > 0 && type <= CHUNK.agentName && type !== CHUNK.keepAliveSeconds && type !== CHUNK.vlanId) {
      const bit = 1 << type
      if ((seenLow & bit) !== 0) fields.warnings |= WARNING.duplicateChunk
      seenLow |= bit
      const expected = FIXED_SIZES[type] ?? 0
      if (expected !== 0 && end - value !== expected) {
        if (strict) return fail(fields, 'bad-chunk-size', at + 4)
        fields.warnings |= WARNING.chunkSizeIgnored
        at = end
        continue
      }
      switch (type) {
        case CHUNK.ipFamily:
          family = INPUT[value] ?? 0
          break
        case CHUNK.ipProtocol:
          fields.ipProtocol = INPUT[value] ?? 0
          break
        case CHUNK.ipv4Source:
          setAddressBytes(fields, 4)
          fields.srcIpAt = value
          break
        case CHUNK.ipv4Destination:
          setAddressBytes(fields, 4)
          fields.dstIpAt = value
          break
        case CHUNK.ipv6Source:
          setAddressBytes(fields, 16)
          fields.srcIpAt = value
          break
        case CHUNK.ipv6Destination:
          setAddressBytes(fields, 16)
          fields.dstIpAt = value
          break
        case CHUNK.sourcePort:
          fields.srcPort = u16(value)
          break
        case CHUNK.destinationPort:
          fields.dstPort = u16(value)
          break
        case CHUNK.timestampSeconds:
          seconds = u32(value)
          break
        case CHUNK.timestampMicroseconds:
          microseconds = u32(value)
          break
        case CHUNK.protocolType:
          fields.protocolType = INPUT[value] ?? 0
          break
        case CHUNK.agentId:
          fields.agentId = u32(value)
          break
        case CHUNK.payload:
          if (fields.payloadCompressed) fields.warnings |= WARNING.twoPayloads
          fields.payloadAt = value
          fields.payloadEnd = end
          fields.payloadCompressed = false
          break
        case CHUNK.compressedPayload:
          // A plain payload in the same packet is the better one.
          if (fields.payloadAt < 0 || fields.payloadCompressed) {
            fields.payloadAt = value
            fields.payloadEnd = end
            fields.payloadCompressed = true
          } else {
            fields.warnings |= WARNING.twoPayloads
          }
          break
        case CHUNK.correlationId:
          fields.correlationIdAt = value
          fields.correlationIdEnd = end
          break
        case CHUNK.agentName:
          fields.agentNameAt = value
          fields.agentNameEnd = end
          break
        case CHUNK.authKey:
          fields.authKeyAt = value
          fields.authKeyEnd = end
          break
      }
    } else {
      const fit = extraFit(type, end - value)
      if (fit !== FIT.unknown) {
        const bit = 1 << (type - CHUNK.keepAliveSeconds)
        if ((seenExtra & bit) !== 0) fields.warnings |= WARNING.duplicateChunk
        seenExtra |= bit
        if (fit === FIT.legacy) fields.warnings |= WARNING.legacyChunkSize
        if (fit === FIT.wrong) {
          if (strict) return fail(fields, 'bad-chunk-size', at + 4)
          fields.warnings |= WARNING.chunkSizeIgnored
        }
      }
      fields.others.push(at, end)
    }
    at = end
  }

  if (microseconds >= 1_000_000) fields.warnings |= WARNING.microsecondsOverflow
  fields.tsUs = seconds * 1_000_000 + microseconds
  if (fields.tsUs === 0) fields.warnings |= WARNING.timeMissing
  if (fields.payloadAt < 0) fields.warnings |= WARNING.noPayload
  if (fields.payloadCompressed) judgeCompression(bytes, fields)
  if (fields.agentId > 0xffff && (fields.agentId & 0xffff) === 0) fields.warnings |= WARNING.agentIdShifted
  if (fields.addressBytes !== 0 && family !== 0 && family !== (fields.addressBytes === 4 ? FAMILY_IPV4 : FAMILY_IPV6)) {
    judgeFamily(total, fields, family)
  }
  return undefined
}

/** A relay that has inflated the payload may send it on under the same chunk. */
function judgeCompression(bytes: Uint8Array, fields: HepFields): void {
  const { payloadAt, payloadEnd } = fields
  fields.payloadCompressed = payloadEnd - payloadAt >= 2 && (isGzip(bytes, payloadAt) || isZlib(bytes, payloadAt))
  fields.warnings |= fields.payloadCompressed ? WARNING.compressedPayload : WARNING.notCompressed
}

/**
 * Of a family chunk that does not fit the addresses. They are the truth, unless there are some of both families: then
 * the chunk tells which are meant.
 */
function judgeFamily(total: number, fields: HepFields, family: number): void {
  const isIpv6 = FAMILIES_IPV6.includes(family)
  if (isIpv6 && fields.addressBytes === 16) return
  const hasBoth = (fields.warnings & WARNING.familyMismatch) !== 0
  fields.warnings |= WARNING.familyMismatch
  if (hasBoth && (isIpv6 || family === FAMILY_IPV4)) takeAddresses(total, fields, isIpv6 ? 16 : 4)
}

function takeAddresses(total: number, fields: HepFields, size: 4 | 16): void {
  const source = size === 4 ? CHUNK.ipv4Source : CHUNK.ipv6Source
  let srcIpAt = -1
  let dstIpAt = -1
  for (let at = HEADER_BYTES; at < total; at += u16(at + 4)) {
    if (u16(at) !== 0 || u16(at + 4) !== CHUNK_HEADER_BYTES + size) continue
    const type = u16(at + 2)
    if (type === source) srcIpAt = at + CHUNK_HEADER_BYTES
    else if (type === source + 1) dstIpAt = at + CHUNK_HEADER_BYTES
  }
  if (srcIpAt < 0 && dstIpAt < 0) return
  fields.addressBytes = size
  fields.srcIpAt = srcIpAt
  fields.dstIpAt = dstIpAt
}

const FAMILY_IPV4 = 2
const FAMILY_IPV6 = 10

/** Value sizes of the generic chunks that the scan reads itself; 0 means any. */
const FIXED_SIZES = Uint8Array.of(0, 1, 1, 4, 4, 16, 16, 2, 2, 4, 4, 1, 4, 2, 0, 0, 0, 0, 0, 0)

function setAddressBytes(fields: HepFields, size: 4 | 16): void {
  if (fields.addressBytes === size) return
  // Addresses of the other family seen before are not a pair with this one.
  if (fields.addressBytes !== 0) fields.warnings |= WARNING.familyMismatch
  fields.addressBytes = size
  fields.srcIpAt = fields.dstIpAt = -1
}

function fail(fields: HepFields, reason: HepFault, offset: number): HepFault {
  fields.faultAt = offset
  return reason
}

function u16(at: number): number {
  return INPUT_VIEW.getUint16(at)
}

function u32(at: number): number {
  return INPUT_VIEW.getUint32(at)
}
