import { parseIp } from '../net/ip.ts'
import { CHUNK, GENERIC_VENDOR } from './chunks.ts'
import { EXTRA_CHUNKS } from './decode.ts'
import { HepEncodeError } from './encode-error.ts'
import type { HepPacket } from './packet.ts'
import { CHUNK_HEADER_BYTES, HEADER_BYTES, MAX_PACKET_BYTES } from './scan.ts'

export { HepEncodeError } from './encode-error.ts'

const utf8 = new TextEncoder()
const FAMILY_IPV4 = 2
const FAMILY_IPV6 = 10

/**
 * Encode a packet as HEPv3, in the chunk order that every known receiver accepts (payload last).
 *
 * @param packet its `version` is not used; `tsUs` absent means no time chunks
 * @returns a new array of 6 to 65,535 bytes
 * @throws HepEncodeError if a number or address does not fit, or the packet is over 65,535 bytes; nothing is ever wrapped
 */
export function encodeHep(packet: HepPacket): Uint8Array {
  const writer = new ChunkWriter()
  const src = addressOf(packet.srcIp, 'srcIp')
  const dst = addressOf(packet.dstIp, 'dstIp')
  const isIpv6 = (src ?? dst)?.length === 16
  if (src !== undefined && dst !== undefined && src.length !== dst.length) {
    throw new HepEncodeError('bad-address', `srcIp ${packet.srcIp} and dstIp ${packet.dstIp} are of two families`)
  }
  if (src !== undefined || dst !== undefined) writer.number(CHUNK.ipFamily, isIpv6 ? FAMILY_IPV6 : FAMILY_IPV4, 1)
  writer.number(CHUNK.ipProtocol, packet.ipProtocol, 1)
  writer.bytes(isIpv6 ? CHUNK.ipv6Source : CHUNK.ipv4Source, src)
  writer.bytes(isIpv6 ? CHUNK.ipv6Destination : CHUNK.ipv4Destination, dst)
  writer.number(CHUNK.sourcePort, packet.srcPort, 2)
  writer.number(CHUNK.destinationPort, packet.dstPort, 2)
  if (packet.tsUs !== undefined) {
    writer.number(CHUNK.timestampSeconds, Math.floor(packet.tsUs / 1_000_000), 4)
    writer.number(CHUNK.timestampMicroseconds, packet.tsUs % 1_000_000, 4)
  }
  writer.number(CHUNK.protocolType, packet.protocolType, 1)
  writer.number(CHUNK.agentId, packet.agentId, 4)
  writer.text(CHUNK.authKey, packet.authKey)
  writer.text(CHUNK.correlationId, packet.correlationId)
  writer.text(CHUNK.agentName, packet.agentName)
  for (const [type, shape] of EXTRA_CHUNKS) {
    if (shape.kind === 'text') writer.text(type, packet[shape.member])
    else if (shape.kind === 'mac') writer.bytes(type, macBytes(packet[shape.member], shape.member))
    else writer.optionalNumber(type, packet[shape.member], shape.sizes[0] ?? 0)
  }
  for (const chunk of packet.chunks ?? []) writer.bytes(chunk.type, chunk.bytes, chunk.vendor)
  writer.bytes(packet.payloadCompressed === true ? CHUNK.compressedPayload : CHUNK.payload, packet.payload)
  return writer.finish()
}

function addressOf(text: string | undefined, member: string): Uint8Array | undefined {
  if (text === undefined) return undefined
  const bytes = parseIp(text)
  if (bytes === undefined) throw new HepEncodeError('bad-address', `${member} "${text}" is not an IP address`)
  return bytes
}

function macBytes(text: string | undefined, member: string): Uint8Array | undefined {
  if (text === undefined) return undefined
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text)) {
    throw new HepEncodeError('bad-address', `${member} "${text}" is not a MAC address`)
  }
  return Uint8Array.from([0, 0, ...text.split(':').map((part) => parseInt(part, 16))])
}

interface PendingChunk {
  readonly vendor: number
  readonly type: number
  readonly bytes: Uint8Array
}

class ChunkWriter {
  readonly #chunks: PendingChunk[] = []
  #total = HEADER_BYTES

  number(type: number, value: number, size: number): void {
    if (!Number.isInteger(value) || value < 0 || value >= 256 ** size) {
      const id = type.toString(16).padStart(4, '0')
      throw new HepEncodeError('out-of-range', `chunk 0x${id}: ${value} does not fit ${size} byte(s)`)
    }
    const bytes = new Uint8Array(size)
    for (let i = 0; i < size; i++) bytes[size - 1 - i] = Math.floor(value / 256 ** i) & 0xff
    this.bytes(type, bytes)
  }

  optionalNumber(type: number, value: number | undefined, size: number): void {
    if (value !== undefined) this.number(type, value, size)
  }

  text(type: number, value: string | undefined): void {
    if (value !== undefined) this.bytes(type, utf8.encode(value))
  }

  bytes(type: number, bytes: Uint8Array | undefined, vendor = GENERIC_VENDOR): void {
    if (bytes === undefined) return
    this.#total += CHUNK_HEADER_BYTES + bytes.length
    this.#chunks.push({ vendor, type, bytes })
  }

  finish(): Uint8Array {
    if (this.#total > MAX_PACKET_BYTES) {
      throw new HepEncodeError('too-large', `packet of ${this.#total} bytes; HEPv3 ends at ${MAX_PACKET_BYTES}`)
    }
    const out = new Uint8Array(this.#total)
    const view = new DataView(out.buffer)
    out.set([0x48, 0x45, 0x50, 0x33])
    view.setUint16(4, this.#total)
    let at = HEADER_BYTES
    for (const { vendor, type, bytes } of this.#chunks) {
      view.setUint16(at, vendor)
      view.setUint16(at + 2, type)
      view.setUint16(at + 4, CHUNK_HEADER_BYTES + bytes.length)
      out.set(bytes, at + CHUNK_HEADER_BYTES)
      at += CHUNK_HEADER_BYTES + bytes.length
    }
    return out
  }
}
