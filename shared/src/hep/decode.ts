import { formatIp } from '../net/ip.ts'
import { CHUNK, GENERIC_VENDOR } from './chunks.ts'
import type { Decoded, HepPacket, HepWarning, RawChunk } from './packet.ts'
import { HepFields, WARNING, WARNING_NAMES } from './fields.ts'
import { CHUNK_HEADER_BYTES, scanHep, type ScanOptions } from './scan.ts'

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

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
  return { ok: true, packet, warnings: warningNames(fields.warnings) }
}

/** Names of the bits that a scan left in `HepFields.warnings`. */
export function warningNames(bits: number): HepWarning[] {
  return WARNING_NAMES.filter((_, i) => (bits & (1 << i)) !== 0)
}

function packetOf(bytes: Uint8Array, fields: HepFields): HepPacket {
  const size = fields.addressBytes
  const extra = new ExtraChunks()
  for (let i = 0; i < fields.others.length; i += 2) {
    for (const chunk of readChunks(bytes.subarray(fields.others[i], fields.others[i + 1]))) extra.add(chunk)
  }
  if (extra.sizeIgnored) fields.warnings |= WARNING.chunkSizeIgnored
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
    ...(fields.authKeyAt >= 0 && { authKey: textOf(bytes, fields.authKeyAt, fields.authKeyEnd) }),
    ...(fields.payloadAt >= 0 && { payload: bytes.subarray(fields.payloadAt, fields.payloadEnd) }),
    ...(fields.payloadCompressed && { payloadCompressed: true }),
    ...(fields.correlationIdAt >= 0 && {
      correlationId: textOf(bytes, fields.correlationIdAt, fields.correlationIdEnd),
    }),
    ...(fields.agentNameAt >= 0 && { agentName: textOf(bytes, fields.agentNameAt, fields.agentNameEnd) }),
    ...extra.members,
    ...(extra.unknown.length > 0 && { chunks: extra.unknown }),
  }
}

function textOf(bytes: Uint8Array, at: number, end: number): string {
  return utf8.decode(bytes.subarray(at, end))
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

type NumberMember =
  'vlanId' | 'etherType' | 'tcpFlags' | 'ipTos' | 'mos' | 'rFactor' | 'jitter' | 'tagType' | 'eventType'
type TextMember = 'geoLocation' | 'transactionType' | 'payloadJsonKeys' | 'tagsValues' | 'groupId'
type MacMember = 'sourceMac' | 'destinationMac'

type ChunkShape =
  | { readonly kind: 'number'; readonly member: NumberMember | 'keepAliveSeconds'; readonly sizes: readonly number[] }
  | { readonly kind: 'text'; readonly member: TextMember }
  | { readonly kind: 'mac'; readonly member: MacMember }

/** Generic chunks beyond those of the hot path. Two sizes: the specification changed and both are on the wire. */
export const EXTRA_CHUNKS: ReadonlyMap<number, ChunkShape> = new Map<number, ChunkShape>([
  [CHUNK.keepAliveSeconds, { kind: 'number', member: 'keepAliveSeconds', sizes: [2] }],
  [CHUNK.vlanId, { kind: 'number', member: 'vlanId', sizes: [2, 1] }],
  [CHUNK.sourceMac, { kind: 'mac', member: 'sourceMac' }],
  [CHUNK.destinationMac, { kind: 'mac', member: 'destinationMac' }],
  [CHUNK.etherType, { kind: 'number', member: 'etherType', sizes: [2] }],
  [CHUNK.tcpFlags, { kind: 'number', member: 'tcpFlags', sizes: [1, 2] }],
  [CHUNK.ipTos, { kind: 'number', member: 'ipTos', sizes: [1, 2] }],
  [CHUNK.mos, { kind: 'number', member: 'mos', sizes: [2] }],
  [CHUNK.rFactor, { kind: 'number', member: 'rFactor', sizes: [2] }],
  [CHUNK.geoLocation, { kind: 'text', member: 'geoLocation' }],
  [CHUNK.jitter, { kind: 'number', member: 'jitter', sizes: [4] }],
  [CHUNK.transactionType, { kind: 'text', member: 'transactionType' }],
  [CHUNK.payloadJsonKeys, { kind: 'text', member: 'payloadJsonKeys' }],
  [CHUNK.tagsValues, { kind: 'text', member: 'tagsValues' }],
  [CHUNK.tagType, { kind: 'number', member: 'tagType', sizes: [2] }],
  [CHUNK.eventType, { kind: 'number', member: 'eventType', sizes: [2, 1] }],
  [CHUNK.groupId, { kind: 'text', member: 'groupId' }],
])

class ExtraChunks {
  readonly members: { -readonly [K in NumberMember | TextMember | MacMember | 'keepAliveSeconds']?: HepPacket[K] } = {}
  readonly unknown: RawChunk[] = []
  sizeIgnored = false

  add(chunk: RawChunk): void {
    const shape = chunk.vendor === GENERIC_VENDOR ? EXTRA_CHUNKS.get(chunk.type) : undefined
    if (shape === undefined) {
      this.unknown.push(chunk)
    } else if (shape.kind === 'text') {
      this.members[shape.member] = utf8.decode(chunk.bytes)
    } else if (shape.kind === 'mac') {
      if (chunk.bytes.length === 8 || chunk.bytes.length === 6) this.members[shape.member] = macText(chunk.bytes)
      if (chunk.bytes.length !== 8) this.sizeIgnored = true
    } else {
      if (shape.sizes.includes(chunk.bytes.length)) this.members[shape.member] = bigEndian(chunk.bytes)
      if (chunk.bytes.length !== shape.sizes[0]) this.sizeIgnored = true
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
