import { parseIp } from '../net/ip.ts'
import { CHUNK, GENERIC_VENDOR } from './chunks.ts'
import { EXTRA_CHUNKS } from './decode.ts'
import { HepEncodeError } from './encode-error.ts'
import type { HepPacket, RawChunk } from './packet.ts'
import { CHUNK_HEADER_BYTES, HEADER_BYTES, MAX_PACKET_BYTES } from './scan.ts'

export { HepEncodeError } from './encode-error.ts'

const utf8 = new TextEncoder()
const EXTRAS = Array.from(EXTRA_CHUNKS, ([type, shape]) => ({ type, shape }))
/** `HEP3` */
const MAGIC = 0x48455033
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
  writer.begin()
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
  for (const { type, shape } of EXTRAS) {
    if (shape.kind === 'text') writer.text(type, packet[shape.member])
    else if (shape.kind === 'mac') writer.bytes(type, macBytes(packet[shape.member], shape.member))
    else writer.optionalNumber(type, packet[shape.member], shape.sizes[0] ?? 0)
  }
  for (const chunk of packet.chunks ?? []) writer.raw(chunk)
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

/** Writes chunk after chunk. A packet that is too large is measured to its end, but not written. */
class ChunkWriter {
  readonly #out = new Uint8Array(MAX_PACKET_BYTES)
  readonly #view = new DataView(this.#out.buffer)
  #end = HEADER_BYTES

  begin(): void {
    this.#end = HEADER_BYTES
  }

  number(type: number, value: number, size: number): void {
    if (!Number.isInteger(value) || value < 0 || value >= 256 ** size) {
      const id = type.toString(16).padStart(4, '0')
      throw new HepEncodeError('out-of-range', `chunk 0x${id}: ${value} does not fit ${size} byte(s)`)
    }
    const at = this.#open(GENERIC_VENDOR, type, size)
    if (at === undefined) return
    if (size === 4) this.#view.setUint32(at, value)
    else if (size === 2) this.#view.setUint16(at, value)
    else this.#view.setUint8(at, value)
  }

  optionalNumber(type: number, value: number | undefined, size: number): void {
    if (value !== undefined) this.number(type, value, size)
  }

  text(type: number, value: string | undefined): void {
    if (value === undefined) return
    if (!isAscii(value)) {
      this.bytes(type, utf8.encode(value))
      return
    }
    const at = this.#open(GENERIC_VENDOR, type, value.length)
    if (at === undefined) return
    for (let i = 0; i < value.length; i++) this.#out[at + i] = value.charCodeAt(i)
  }

  raw({ vendor, type, bytes }: RawChunk): void {
    for (const id of [vendor, type]) {
      if (!Number.isInteger(id) || id < 0 || id > 0xffff) {
        throw new HepEncodeError('out-of-range', `chunk ${vendor}/${type}: ${id} does not fit 2 bytes`)
      }
    }
    this.bytes(type, bytes, vendor)
  }

  bytes(type: number, bytes: Uint8Array | undefined, vendor = GENERIC_VENDOR): void {
    if (bytes === undefined) return
    const at = this.#open(vendor, type, bytes.length)
    if (at !== undefined) this.#out.set(bytes, at)
  }

  finish(): Uint8Array {
    const total = this.#end
    if (total > MAX_PACKET_BYTES) {
      throw new HepEncodeError('too-large', `packet of ${total} bytes; HEPv3 ends at ${MAX_PACKET_BYTES}`)
    }
    this.#view.setUint32(0, MAGIC)
    this.#view.setUint16(4, total)
    return this.#out.slice(0, total)
  }

  /** Write the header of a chunk; returns where its value goes, or undefined if it does not fit into a packet. */
  #open(vendor: number, type: number, length: number): number | undefined {
    const at = this.#end
    const valueAt = at + CHUNK_HEADER_BYTES
    this.#end = valueAt + length
    if (this.#end > MAX_PACKET_BYTES) return undefined
    const view = this.#view
    view.setUint16(at, vendor)
    view.setUint16(at + 2, type)
    view.setUint16(at + 4, CHUNK_HEADER_BYTES + length)
    return valueAt
  }
}

/** True for a text short enough that looking at it costs less than calling the encoder. */
function isAscii(text: string): boolean {
  if (text.length > 64) return false
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}

/** Memory of one packet, which the next one uses again. */
const writer = new ChunkWriter()
