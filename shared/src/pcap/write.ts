import { parseIp } from '../net/ip.ts'
import { LINK_TYPE } from './capture.ts'
import type { Flow } from './flow.ts'

/** One message and where it went. */
export interface PcapMessage extends Flow {
  /** Whole microseconds since 1970. */
  readonly tsUs: number
  /** IANA number. 6 is written as TCP, everything else as UDP: of TLS and WebSocket only the inside is known. */
  readonly ipProtocol: number
  readonly bytes: Uint8Array
}

export interface PcapOptions {
  /** `ethernet` has made-up hardware addresses. Default `raw-ip`. */
  readonly link?: 'raw-ip' | 'ethernet'
  /** Unit of the times in the file; they are exact to the microsecond in both. Default `microseconds`. */
  readonly times?: 'microseconds' | 'nanoseconds'
}

const MAGIC = { microseconds: 0xa1b2c3d4, nanoseconds: 0xa1b23c4d } as const
const FILE_HEADER_BYTES = 24
const RECORD_HEADER_BYTES = 16
const ETHERNET_BYTES = 14
const SNAP_BYTES = 262_144
const UDP = 17
const TCP = 6
const UDP_HEADER_BYTES = 8
const TCP_HEADER_BYTES = 20
const PUSH_AND_ACK = 0x18
/** Lengths of IP and UDP have 16 bits. */
const MAX_LENGTH = 0xffff

const NOTHING = new Uint8Array(0)

/**
 * Writes a classic pcap file, message by message in order of time.
 *
 * Packets are made anew, with right lengths and checksums. Those of TCP follow each other without a hole, so that a
 * reader puts messages together that are larger than a segment; there is no handshake.
 *
 * @see https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html
 */
export class PcapWriter {
  /** Messages that no packet can carry: without addresses, or larger than a datagram. */
  skippedCount = 0
  readonly #isEthernet: boolean
  readonly #times: 'microseconds' | 'nanoseconds'
  /** Next sequence number of each direction of each TCP connection. */
  readonly #sequences = new Map<string, number>()

  constructor({ link = 'raw-ip', times = 'microseconds' }: PcapOptions = {}) {
    this.#isEthernet = link === 'ethernet'
    this.#times = times
  }

  /** The header that the file begins with. */
  header(): Uint8Array {
    const view = new DataView(new ArrayBuffer(FILE_HEADER_BYTES))
    view.setUint32(0, MAGIC[this.#times])
    view.setUint16(4, 2)
    view.setUint16(6, 4)
    view.setUint32(16, SNAP_BYTES)
    view.setUint32(20, this.#isEthernet ? LINK_TYPE.ethernet : LINK_TYPE.rawIp)
    return new Uint8Array(view.buffer)
  }

  /** The record of a message, or the records of its segments; empty if it was skipped. */
  add(message: PcapMessage): Uint8Array {
    const src = parseIp(message.srcIp)
    const dst = parseIp(message.dstIp)
    if (src === undefined || src.length !== dst?.length) return this.#skip()
    const ends: Ends = { src, dst, srcPort: message.srcPort, dstPort: message.dstPort }
    const room = MAX_LENGTH - (src.length === 4 ? 20 : 0)
    if (message.ipProtocol === TCP) return this.#segments(message, ends, room - TCP_HEADER_BYTES)
    if (message.bytes.length > room - UDP_HEADER_BYTES) return this.#skip()
    return this.#record(message.tsUs, ipPacket(ends, UDP, udpDatagram(ends, message.bytes)))
  }

  #segments(message: PcapMessage, ends: Ends, most: number): Uint8Array {
    const { bytes, tsUs } = message
    const records: Uint8Array[] = []
    const there = `${message.srcIp} ${message.srcPort} ${message.dstIp} ${message.dstPort}`
    const back = `${message.dstIp} ${message.dstPort} ${message.srcIp} ${message.srcPort}`
    for (let at = 0; at < bytes.length; at += most) {
      const part = bytes.subarray(at, at + most)
      const sequence = this.#sequences.get(there) ?? 1
      const segment = tcpSegment(ends, sequence, this.#sequences.get(back) ?? 1, part)
      this.#sequences.set(there, (sequence + part.length) >>> 0)
      records.push(this.#record(tsUs, ipPacket(ends, TCP, segment)))
    }
    return joined(records)
  }

  #record(tsUs: number, packet: Uint8Array): Uint8Array {
    const link = this.#isEthernet ? ETHERNET_BYTES : 0
    const length = link + packet.length
    const bytes = new Uint8Array(RECORD_HEADER_BYTES + length)
    const view = new DataView(bytes.buffer)
    const fraction = tsUs % 1_000_000
    view.setUint32(0, Math.floor(tsUs / 1_000_000))
    view.setUint32(4, this.#times === 'nanoseconds' ? fraction * 1000 : fraction)
    view.setUint32(8, length)
    view.setUint32(12, length)
    if (this.#isEthernet) {
      // Locally administered addresses, which no card has.
      bytes.set([0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1], RECORD_HEADER_BYTES)
      view.setUint16(RECORD_HEADER_BYTES + 12, (packet[0] ?? 0) >> 4 === 4 ? 0x0800 : 0x86dd)
    }
    bytes.set(packet, RECORD_HEADER_BYTES + link)
    return bytes
  }

  #skip(): Uint8Array {
    this.skippedCount++
    return NOTHING
  }
}

/** A whole file; messages that no packet can carry are left out. */
export function writePcap(messages: Iterable<PcapMessage>, options: PcapOptions = {}): Uint8Array {
  const writer = new PcapWriter(options)
  return joined([writer.header(), ...Array.from(messages, (message) => writer.add(message))])
}

interface Ends {
  /** 4 or 16 bytes, as many as `dst`. */
  readonly src: Uint8Array
  readonly dst: Uint8Array
  readonly srcPort: number
  readonly dstPort: number
}

function ipPacket({ src, dst }: Ends, protocol: number, payload: Uint8Array): Uint8Array {
  const isIpv4 = src.length === 4
  const headerBytes = isIpv4 ? 20 : 40
  const bytes = new Uint8Array(headerBytes + payload.length)
  const view = new DataView(bytes.buffer)
  if (isIpv4) {
    view.setUint16(0, 0x4500)
    view.setUint16(2, bytes.length)
    view.setUint16(6, 0x4000)
    view.setUint8(8, 64)
    view.setUint8(9, protocol)
  } else {
    view.setUint8(0, 0x60)
    view.setUint16(4, payload.length)
    view.setUint8(6, protocol)
    view.setUint8(7, 64)
  }
  bytes.set(src, headerBytes - 2 * src.length)
  bytes.set(dst, headerBytes - dst.length)
  if (isIpv4) view.setUint16(10, checksum(wordSum(bytes.subarray(0, 20))))
  bytes.set(payload, headerBytes)
  return bytes
}

function udpDatagram(ends: Ends, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(UDP_HEADER_BYTES + payload.length)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, ends.srcPort)
  view.setUint16(2, ends.dstPort)
  view.setUint16(4, bytes.length)
  bytes.set(payload, UDP_HEADER_BYTES)
  // 0 would say that there is no checksum.
  view.setUint16(6, checksum(transportSum(ends, UDP, bytes)) || 0xffff)
  return bytes
}

function tcpSegment(ends: Ends, sequence: number, acknowledged: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(TCP_HEADER_BYTES + payload.length)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, ends.srcPort)
  view.setUint16(2, ends.dstPort)
  view.setUint32(4, sequence)
  view.setUint32(8, acknowledged)
  view.setUint8(12, (TCP_HEADER_BYTES / 4) << 4)
  view.setUint8(13, PUSH_AND_ACK)
  view.setUint16(14, 0xffff)
  bytes.set(payload, TCP_HEADER_BYTES)
  view.setUint16(16, checksum(transportSum(ends, TCP, bytes)))
  return bytes
}

/** Sum over the segment and its pseudo header. @see RFC 9293 section 3.1, RFC 8200 section 8.1 */
function transportSum({ src, dst }: Ends, protocol: number, segment: Uint8Array): number {
  return wordSum(src) + wordSum(dst) + protocol + segment.length + wordSum(segment)
}

/** Sum of 16-bit words; an odd last byte is the upper half of one. Exact for anything shorter than 2^37 bytes. */
function wordSum(bytes: Uint8Array): number {
  let sum = 0
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)
  return sum
}

/** @see RFC 1071 */
function checksum(sum: number): number {
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000)
  return ~sum & 0xffff
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
