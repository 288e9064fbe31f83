import { ipv4Number, parseIp } from '../net/ip.ts'
import { CHUNK } from './chunks.ts'
import { HepEncodeError } from './encode-error.ts'
import { EXTRA_CHUNKS } from './extra-chunks.ts'
import type { HepPacket, RawChunk } from './packet.ts'
import { CHUNK_HEADER_BYTES, HEADER_BYTES, MAX_PACKET_BYTES } from './scan.ts'

export { HepEncodeError } from './encode-error.ts'

const utf8 = new TextEncoder()
const EXTRAS = Array.from(EXTRA_CHUNKS, ([type, shape]) => ({ type, shape }))
/** `HEP3` */
const MAGIC = 0x48455033
const FAMILY_IPV4 = 2
const FAMILY_IPV6 = 10
/** Header, the chunks of a fixed size with IPv6 addresses, and the headers of key, correlation id, name and payload. */
const FIXED_BYTES = 144
/** Members that a packet always has: `version`, `ipProtocol`, `srcPort`, `dstPort`, `protocolType`, `agentId`. */
const REQUIRED_MEMBERS = 6
/** A UTF-16 unit is at most three bytes of UTF-8. */
const UTF8_BYTES = 3
/** Longer texts go to the engine's encoder, whose call costs as much as a loop over so many. */
const LOOP_CHARACTERS = 64
/** Packets are written one behind the other into memory of this size; asking the engine for each takes longer than to write it. */
const SLAB_BYTES = 1 << 15

let slab = new ArrayBuffer(SLAB_BYTES)
let slabBytes = new Uint8Array(slab)
let slabView = new DataView(slab)
let slabEnd = 0

/**
 * Encode a packet as HEPv3, in the chunk order that every known receiver accepts (payload last).
 *
 * @param packet its `version` is not used; `tsUs` absent means no time chunks
 * @returns 6 to 65,535 bytes that are never written again. Small packets share an `ArrayBuffer`, as Node's small
 *   Buffers do, so copy one (`slice`) to give its buffer away
 * @throws HepEncodeError if a number or address does not fit, or the packet is over 65,535 bytes; nothing is ever wrapped
 */
export function encodeHep(packet: HepPacket): Uint8Array {
  const { srcIp, dstIp, tsUs, authKey, correlationId, agentName, payload } = packet
  let room = FIXED_BYTES
  let members = REQUIRED_MEMBERS
  if (srcIp !== undefined) members++
  if (dstIp !== undefined) members++
  if (tsUs !== undefined) members++
  if (payload !== undefined) {
    members++
    room += payload.length
  }
  if (correlationId !== undefined) {
    members++
    room += UTF8_BYTES * correlationId.length
  }
  if (agentName !== undefined) {
    members++
    room += UTF8_BYTES * agentName.length
  }
  if (authKey !== undefined) {
    members++
    room += UTF8_BYTES * authKey.length
  }
  // The rare members are asked for only if there is anything else: asking takes longer than to write the packet.
  const hasMore = Object.keys(packet).length !== members
  if (hasMore) room += roomForExtras(packet)
  makeRoom(room)
  const out = slabBytes
  const view = slabView
  const start = slabEnd

  let at = start + HEADER_BYTES
  if (srcIp !== undefined || dstIp !== undefined) at = writeAddresses(out, view, at, srcIp, dstIp, packet.ipProtocol)
  else at = write8(view, at, CHUNK.ipProtocol, packet.ipProtocol)
  at = write16(view, at, CHUNK.sourcePort, packet.srcPort)
  at = write16(view, at, CHUNK.destinationPort, packet.dstPort)
  if (tsUs !== undefined) {
    const seconds = Math.floor(tsUs / 1_000_000)
    at = write32(view, at, CHUNK.timestampSeconds, seconds)
    at = write32(view, at, CHUNK.timestampMicroseconds, tsUs - seconds * 1_000_000)
  }
  at = write8(view, at, CHUNK.protocolType, packet.protocolType)
  at = write32(view, at, CHUNK.agentId, packet.agentId)
  if (authKey !== undefined) at = writeText(out, view, at, CHUNK.authKey, authKey)
  if (correlationId !== undefined) at = writeText(out, view, at, CHUNK.correlationId, correlationId)
  if (agentName !== undefined) at = writeText(out, view, at, CHUNK.agentName, agentName)
  if (hasMore) at = writeExtras(packet, out, view, at)
  if (payload !== undefined) {
    const type = hasMore && packet.payloadCompressed === true ? CHUNK.compressedPayload : CHUNK.payload
    at = writeBytes(out, view, at, type, payload)
  }
  const total = at - start
  if (total > MAX_PACKET_BYTES) throw tooLarge(`${total}`)
  view.setUint32(start, MAGIC)
  view.setUint16(start + 4, total)
  slabEnd = at
  return new Uint8Array(slab, start, total)
}

/** See to it that the slab has room for a packet of at most so many bytes. */
function makeRoom(bytes: number): void {
  if (slabEnd + bytes <= slab.byteLength) return
  // So much that some text or payload is too long by itself: no more is asked for than can be right.
  if (bytes > 4 * MAX_PACKET_BYTES) throw tooLarge(`about ${bytes}`)
  slab = new ArrayBuffer(Math.max(SLAB_BYTES, bytes))
  slabBytes = new Uint8Array(slab)
  slabView = new DataView(slab)
  slabEnd = 0
}

function roomForExtras(packet: HepPacket): number {
  let room = 0
  for (const { shape } of EXTRAS) {
    room += 16
    if (shape.kind === 'text') room += UTF8_BYTES * (packet[shape.member]?.length ?? 0)
  }
  for (const { bytes } of packet.chunks ?? []) room += CHUNK_HEADER_BYTES + bytes.length
  return room
}

function tooLarge(bytes: string): HepEncodeError {
  return new HepEncodeError('too-large', `packet of ${bytes} bytes; HEPv3 ends at ${MAX_PACKET_BYTES}`)
}

/** Family, IP protocol and addresses, of which one may be absent. */
function writeAddresses(
  out: Uint8Array,
  view: DataView,
  start: number,
  srcIp: string | undefined,
  dstIp: string | undefined,
  ipProtocol: number,
): number {
  const src = srcIp === undefined ? -1 : lastSrc.number(srcIp)
  const dst = dstIp === undefined ? -1 : lastDst.number(dstIp)
  const isIpv4 = (src >= 0 || srcIp === undefined) && (dst >= 0 || dstIp === undefined)
  let at = write8(view, start, CHUNK.ipFamily, isIpv4 ? FAMILY_IPV4 : FAMILY_IPV6)
  at = write8(view, at, CHUNK.ipProtocol, ipProtocol)
  if (isIpv4) {
    if (src >= 0) at = write32(view, at, CHUNK.ipv4Source, src)
    return dst >= 0 ? write32(view, at, CHUNK.ipv4Destination, dst) : at
  }
  if (srcIp !== undefined) at = writeBytes(out, view, at, CHUNK.ipv6Source, ipv6Bytes(srcIp, 'srcIp', dstIp))
  return dstIp === undefined ? at : writeBytes(out, view, at, CHUNK.ipv6Destination, ipv6Bytes(dstIp, 'dstIp', srcIp))
}

/** The number of an address, read only if the text is not that of the packet before: of a sender's packets, most are from or to itself. */
class RepeatedIpv4 {
  #text = ''
  #number = -1

  number(text: string): number {
    if (text !== this.#text) {
      this.#number = ipv4Number(text)
      this.#text = text
    }
    return this.#number
  }
}

const lastSrc = new RepeatedIpv4()
const lastDst = new RepeatedIpv4()

/** @param other address of the same packet, which has to be of the same family */
function ipv6Bytes(text: string, member: string, other: string | undefined): Uint8Array {
  const bytes = parseIp(text)
  if (bytes === undefined) throw new HepEncodeError('bad-address', `${member} "${text}" is not an IP address`)
  if (bytes.length === 16) return bytes
  throw new HepEncodeError('bad-address', `${member} ${text} and ${other} are of two families, or one is no address`)
}

function writeExtras(packet: HepPacket, out: Uint8Array, view: DataView, start: number): number {
  let at = start
  for (const { type, shape } of EXTRAS) {
    const value = packet[shape.member]
    if (value === undefined) continue
    if (typeof value === 'number') {
      const size = shape.kind === 'number' ? shape.sizes[0] : 0
      at =
        size === 4
          ? write32(view, at, type, value)
          : size === 2
            ? write16(view, at, type, value)
            : write8(view, at, type, value)
    } else if (shape.kind === 'mac') {
      at = writeBytes(out, view, at, type, macBytes(value, shape.member))
    } else {
      at = writeText(out, view, at, type, value)
    }
  }
  for (const chunk of packet.chunks ?? []) at = writeChunk(out, view, at, chunk)
  return at
}

function macBytes(text: string, member: string): Uint8Array {
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text)) {
    throw new HepEncodeError('bad-address', `${member} "${text}" is not a MAC address`)
  }
  return Uint8Array.from([0, 0, ...text.split(':').map((part) => parseInt(part, 16))])
}

// Each writes a chunk's header along with its value: one call less than the engine compiles into the caller.

function write8(view: DataView, at: number, type: number, value: number): number {
  if ((value & 0xff) !== value) throw outOfRange(type, value, 1)
  view.setUint32(at, type)
  view.setUint16(at + 4, 7)
  view.setUint8(at + 6, value)
  return at + 7
}

function write16(view: DataView, at: number, type: number, value: number): number {
  if ((value & 0xffff) !== value) throw outOfRange(type, value, 2)
  view.setUint32(at, type)
  view.setUint32(at + 4, 0x80000 | value)
  return at + 8
}

function write32(view: DataView, at: number, type: number, value: number): number {
  if (value >>> 0 !== value) throw outOfRange(type, value, 4)
  view.setUint32(at, type)
  view.setUint16(at + 4, 10)
  view.setUint32(at + 6, value)
  return at + 10
}

function writeText(out: Uint8Array, view: DataView, at: number, type: number, value: string): number {
  const valueAt = at + CHUNK_HEADER_BYTES
  let length = 0
  if (value.length <= LOOP_CHARACTERS) {
    for (; length < value.length; length++) {
      const code = value.charCodeAt(length)
      if (code > 0x7f) break
      out[valueAt + length] = code
    }
  }
  if (length < value.length) length = utf8.encodeInto(value, out.subarray(valueAt)).written
  openChunk(view, at, type, length)
  return valueAt + length
}

function writeBytes(out: Uint8Array, view: DataView, at: number, type: number, bytes: Uint8Array): number {
  openChunk(view, at, type, bytes.length)
  out.set(bytes, at + CHUNK_HEADER_BYTES)
  return at + CHUNK_HEADER_BYTES + bytes.length
}

function writeChunk(out: Uint8Array, view: DataView, at: number, { vendor, type, bytes }: RawChunk): number {
  for (const id of [vendor, type]) {
    if ((id & 0xffff) !== id) {
      throw new HepEncodeError('out-of-range', `chunk ${vendor}/${type}: ${id} does not fit 2 bytes`)
    }
  }
  const end = writeBytes(out, view, at, type, bytes)
  view.setUint16(at, vendor)
  return end
}

/** Write the header of a generic chunk. */
function openChunk(view: DataView, at: number, type: number, length: number): void {
  view.setUint32(at, type)
  view.setUint16(at + 4, CHUNK_HEADER_BYTES + length)
}

function outOfRange(type: number, value: number, size: number): HepEncodeError {
  const id = type.toString(16).padStart(4, '0')
  return new HepEncodeError('out-of-range', `chunk 0x${id}: ${value} does not fit ${size} byte(s)`)
}
