import { formatIp } from '../net/ip.ts'
import { GENERIC_VENDOR } from './chunks.ts'
import { EXTRA_CHUNKS, type MacMember, type NumberMember, type TextMember } from './extra-chunks.ts'
import type { Decoded, HepPacket, HepWarning, RawChunk } from './packet.ts'
import { HepFields, WARNING, WARNING_NAMES } from './fields.ts'
import { CHUNK_HEADER_BYTES, scanHep, type ScanOptions } from './scan.ts'

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
const strictUtf8 = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })
/** What takes the place of bytes that are no UTF-8. */
const REPLACEMENT = '\ufffd'
/** Last byte of `EEP1`. */
const LETTER_1 = 0x31

/**
 * Decode one HEP packet of version 1, 2 or 3.
 *
 * @param bytes exactly one packet, e.g. one UDP datagram
 * @param nowUs clock for judging a HEPv2 time, microseconds since 1970
 * @returns the packet with views into `bytes`, or the first fault and its byte offset; never throws
 */
export function decodeHep(bytes: Uint8Array, nowUs = Date.now() * 1000, options: ScanOptions = {}): Decoded {
  const fields = new HepFields()
  const fault = scanHep(bytes, fields, nowUs, options)
  if (fault !== undefined) return { ok: false, reason: fault, offset: fields.faultAt }
  const packet = packetOf(bytes, fields)
  const { warnings } = fields
  return {
    ok: true,
    packet,
    warnings: warningNames(warnings),
    ...((warnings & WARNING.otherMagic) !== 0 && { magic: bytes[3] === LETTER_1 ? 'EEP1' : 'EEP3' }),
    ...((warnings & WARNING.agentIdShifted) !== 0 && { agentIdHint: packet.agentId >>> 16 }),
    ...(packet.version < 3 && { declaredHeaderLength: bytes[1] ?? 0 }),
  }
}

/** Names of the bits that a scan left in `HepFields.warnings`. */
export function warningNames(bits: number): HepWarning[] {
  return WARNING_NAMES.filter((_, i) => (bits & (1 << i)) !== 0)
}

function packetOf(bytes: Uint8Array, fields: HepFields): HepPacket {
  const size = fields.addressBytes
  const extra = new ExtraChunks()
  const textOf = (at: number, end: number): string => readText(bytes.subarray(at, end), fields)
  for (let i = 0; i < fields.others.length; i += 2) {
    for (const chunk of readChunks(bytes.subarray(fields.others[i], fields.others[i + 1]))) extra.add(chunk, fields)
  }
  return {
    version: fields.version,
    ipProtocol: fields.ipProtocol,
    ...(fields.srcIpAt >= 0 && { srcIp: formatIp(bytes, fields.srcIpAt, size) }),
    ...(fields.dstIpAt >= 0 && { dstIp: formatIp(bytes, fields.dstIpAt, size) }),
    srcPort: fields.srcPort,
    dstPort: fields.dstPort,
    ...(fields.tsUs > 0 && { tsUs: fields.tsUs }),
    protocolType: fields.protocolType,
    agentId: fields.agentId,
    ...(fields.authKeyAt >= 0 && { authKey: textOf(fields.authKeyAt, fields.authKeyEnd) }),
    ...(fields.payloadAt >= 0 && { payload: bytes.subarray(fields.payloadAt, fields.payloadEnd) }),
    ...(fields.payloadCompressed && { payloadCompressed: true }),
    ...(fields.correlationIdAt >= 0 && {
      correlationId: textOf(fields.correlationIdAt, fields.correlationIdEnd),
    }),
    ...(fields.agentNameAt >= 0 && { agentName: textOf(fields.agentNameAt, fields.agentNameEnd) }),
    ...extra.members,
    ...(extra.unknown.length > 0 && { chunks: extra.unknown }),
  }
}

function readText(bytes: Uint8Array, fields: HepFields): string {
  const text = utf8.decode(bytes)
  if (text.includes(REPLACEMENT) && !isUtf8(bytes)) fields.warnings |= WARNING.notUtf8
  return text
}

/** For a text with U+FFFD, which may have come as such. */
function isUtf8(bytes: Uint8Array): boolean {
  try {
    strictUtf8.decode(bytes)
    return true
  } catch {
    return false
  }
}

/**
 * Chunks that stand back to back, e.g. the `extra` text of a block row.
 *
 * @param bytes whole chunks; reading stops at the first that is not whole
 * @returns views into `bytes`
 */
export function readChunks(bytes: Uint8Array): RawChunk[] {
  const chunks: RawChunk[] = []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  while (at + CHUNK_HEADER_BYTES <= bytes.length) {
    const size = view.getUint16(at + 4)
    if (size < CHUNK_HEADER_BYTES || at + size > bytes.length) break
    chunks.push({
      vendor: view.getUint16(at),
      type: view.getUint16(at + 2),
      bytes: bytes.subarray(at + CHUNK_HEADER_BYTES, at + size),
    })
    at += size
  }
  return chunks
}

class ExtraChunks {
  readonly members: { -readonly [K in NumberMember | TextMember | MacMember]?: HepPacket[K] } = {}
  readonly unknown: RawChunk[] = []

  add(chunk: RawChunk, fields: HepFields): void {
    const shape = chunk.vendor === GENERIC_VENDOR ? EXTRA_CHUNKS.get(chunk.type) : undefined
    if (shape === undefined) {
      this.unknown.push(chunk)
    } else if (shape.kind === 'text') {
      this.members[shape.member] = readText(chunk.bytes, fields)
    } else if (shape.kind === 'mac') {
      if (shape.sizes.includes(chunk.bytes.length)) this.members[shape.member] = macText(chunk.bytes)
    } else if (shape.sizes.includes(chunk.bytes.length)) {
      this.members[shape.member] = bigEndian(chunk.bytes)
    }
  }
}

function bigEndian(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0)
}

/** The last six bytes: the 64-bit form of the specification is right-aligned. */
function macText(bytes: Uint8Array): string {
  return Array.from(bytes.subarray(bytes.length - 6), (byte) => byte.toString(16).padStart(2, '0')).join(':')
}
