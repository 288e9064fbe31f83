import { parseIp } from '../net/ip.ts'
import { PROTOCOL_TYPE } from './chunks.ts'
import { HepEncodeError } from './encode-error.ts'
import type { HepPacket } from './packet.ts'

const FAMILY_IPV4 = 2
const FAMILY_IPV6 = 10
const BASE_BYTES = 8
/** Seconds, microseconds, capture id and the padding of the C struct that all senders copy out. */
const TIME_BYTES = 12
/** Largest datagram over IPv4: there is no other transport for these versions. */
const MAX_DATAGRAM_BYTES = 65_507

/**
 * Encode a packet as HEPv1 or HEPv2, in the form that every receiver of them takes: header length without the
 * time, little-endian time, zero padding, nothing behind the payload.
 *
 * These versions have no place for correlation id, agent name, key and the other chunks of HEPv3: they are left
 * out, and so are time and agent id in HEPv1. What would change the message itself is refused.
 *
 * @param packet SIP with both addresses and a plain payload; HEPv2 needs `tsUs` and an agent id of 16 bits too
 * @returns a new array of at most 65,507 bytes: one UDP datagram
 * @throws HepEncodeError if these versions cannot hold the packet; nothing is ever wrapped
 */
export function encodeLegacyHep(packet: HepPacket, version: 1 | 2): Uint8Array {
  if (packet.protocolType !== PROTOCOL_TYPE.sip) {
    throw new HepEncodeError('not-sip', `HEPv${version} carries SIP alone, not protocol type ${packet.protocolType}`)
  }
  if (packet.payloadCompressed === true) {
    throw new HepEncodeError('compressed', `HEPv${version} has no compressed payload`)
  }
  const { payload } = packet
  if (payload === undefined || payload.length === 0) {
    throw new HepEncodeError('no-payload', `HEPv${version} needs a payload`)
  }
  const src = addressBytes(packet.srcIp, 'srcIp')
  const dst = addressBytes(packet.dstIp, 'dstIp')
  if (src.length !== dst.length) {
    throw new HepEncodeError('bad-address', `srcIp ${packet.srcIp} and dstIp ${packet.dstIp} are of two families`)
  }
  const headerBytes = BASE_BYTES + 2 * src.length
  const payloadAt = headerBytes + (version === 2 ? TIME_BYTES : 0)
  const total = payloadAt + payload.length
  if (total > MAX_DATAGRAM_BYTES) {
    throw new HepEncodeError('too-large', `datagram of ${total} bytes; UDP ends at ${MAX_DATAGRAM_BYTES}`)
  }
  const out = new Uint8Array(total)
  const view = new DataView(out.buffer)
  out.set([version, headerBytes, src.length === 4 ? FAMILY_IPV4 : FAMILY_IPV6])
  out[3] = inRange('ipProtocol', packet.ipProtocol, 0xff)
  view.setUint16(4, inRange('srcPort', packet.srcPort, 0xffff))
  view.setUint16(6, inRange('dstPort', packet.dstPort, 0xffff))
  out.set(src, BASE_BYTES)
  out.set(dst, BASE_BYTES + src.length)
  if (version === 2) writeTime(view, headerBytes, packet)
  out.set(payload, payloadAt)
  return out
}

function writeTime(view: DataView, at: number, { tsUs, agentId }: HepPacket): void {
  if (tsUs === undefined) throw new HepEncodeError('no-time', 'HEPv2 needs tsUs')
  const wholeUs = inRange('tsUs', tsUs, 0xffff_ffff * 1_000_000 + 999_999)
  view.setUint32(at, Math.floor(wholeUs / 1_000_000), true)
  view.setUint32(at + 4, wholeUs % 1_000_000, true)
  view.setUint16(at + 8, inRange('agentId', agentId, 0xffff), true)
}

function addressBytes(text: string | undefined, member: string): Uint8Array {
  if (text === undefined) throw new HepEncodeError('no-address', `${member} is absent`)
  const bytes = parseIp(text)
  if (bytes === undefined) throw new HepEncodeError('bad-address', `${member} "${text}" is not an IP address`)
  return bytes
}

function inRange(member: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= most) return value
  throw new HepEncodeError('out-of-range', `${member} ${value} is not within 0 to ${most}`)
}
