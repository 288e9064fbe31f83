import { formatIp } from '../net/ip.ts'

const IPV4_HEADER_BYTES = 20
const IPV6_HEADER_BYTES = 40

const HOP_BY_HOP = 0
const ROUTING = 43
const FRAGMENT = 44
const AUTHENTICATION = 51
const DESTINATION_OPTIONS = 60
const MOBILITY = 135
const HOST_IDENTITY = 139
const SHIM6 = 140

/** Where a fragment belongs in its datagram. */
export interface IpFragment {
  readonly id: number
  /** Offset in bytes, a multiple of 8. */
  readonly offset: number
  readonly hasMore: boolean
}

export interface IpPacket {
  readonly version: 4 | 6
  readonly srcIp: string
  readonly dstIp: string
  /** IANA protocol number of `payload`: 6 TCP, 17 UDP. */
  readonly protocol: number
  /** What follows the IP headers, without link padding; a view. */
  readonly payload: Uint8Array
  /** Present if `payload` is only a part of a datagram. */
  readonly fragment: IpFragment | undefined
}

export type IpResult =
  | { readonly ok: true; readonly packet: IpPacket }
  /** `cut-short`: the capture kept fewer bytes of the packet than it had. */
  | { readonly ok: false; readonly reason: 'not-ip' | 'bad-ip' | 'cut-short' }

/**
 * Decode one IPv4 or IPv6 packet, extension headers included.
 *
 * Checksums are not verified: a host that captures its own packets sees them before its network card fills them in.
 *
 * @param bytes begins with the IP header; bytes behind the packet are ignored
 * @see RFC 791, RFC 8200
 */
export function decodeIp(bytes: Uint8Array): IpResult {
  switch ((bytes[0] ?? 0) >> 4) {
    case 4:
      return decodeIpv4(bytes)
    case 6:
      return decodeIpv6(bytes)
    default:
      return fail('not-ip')
  }
}

function decodeIpv4(bytes: Uint8Array): IpResult {
  const headerBytes = ((bytes[0] ?? 0) & 0x0f) * 4
  if (headerBytes < IPV4_HEADER_BYTES) return fail('bad-ip')
  if (bytes.length < headerBytes) return fail('cut-short')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // A card that splits large packets itself gets them with length 0.
  const totalBytes = view.getUint16(2) || bytes.length
  if (totalBytes < headerBytes) return fail('bad-ip')
  if (totalBytes > bytes.length) return fail('cut-short')
  const flags = view.getUint16(6)
  const offset = (flags & 0x1fff) * 8
  const hasMore = (flags & 0x2000) !== 0
  return {
    ok: true,
    packet: {
      version: 4,
      srcIp: formatIp(bytes, 12, 4),
      dstIp: formatIp(bytes, 16, 4),
      protocol: view.getUint8(9),
      payload: bytes.subarray(headerBytes, totalBytes),
      fragment: offset > 0 || hasMore ? { id: view.getUint16(4), offset, hasMore } : undefined,
    },
  }
}

function decodeIpv6(bytes: Uint8Array): IpResult {
  if (bytes.length < IPV6_HEADER_BYTES) return fail('cut-short')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const payloadBytes = view.getUint16(4)
  // Length 0 is a jumbogram or, as above, a packet that the card will split.
  const end = payloadBytes === 0 ? bytes.length : IPV6_HEADER_BYTES + payloadBytes
  if (end > bytes.length) return fail('cut-short')
  const upper = skipExtensionHeaders(view.getUint8(6), bytes.subarray(IPV6_HEADER_BYTES, end))
  if (upper === undefined) return fail('bad-ip')
  const srcIp = formatIp(bytes, 8, 16)
  const dstIp = formatIp(bytes, 24, 16)
  return { ok: true, packet: { version: 6, srcIp, dstIp, ...upper } }
}

export interface UpperLayer {
  readonly protocol: number
  readonly payload: Uint8Array
  readonly fragment: IpFragment | undefined
}

/**
 * Walk IPv6 extension headers up to the transport header or a fragment.
 *
 * @param protocol number of the first header in `bytes`
 * @returns the protocol and bytes behind the last header, or undefined if a header runs past the end
 */
export function skipExtensionHeaders(protocol: number, bytes: Uint8Array): UpperLayer | undefined {
  let at = 0
  for (;;) {
    if (!isExtensionHeader(protocol)) return { protocol, payload: bytes.subarray(at), fragment: undefined }
    if (at + 8 > bytes.length) return undefined
    const next = bytes[at] ?? 0
    const units = bytes[at + 1] ?? 0
    if (protocol === FRAGMENT) {
      const fragment = readFragmentHeader(bytes, at)
      // One that is neither offset nor followed by more is a whole packet.
      if (fragment.offset > 0 || fragment.hasMore) return { protocol: next, payload: bytes.subarray(at + 8), fragment }
      at += 8
    } else {
      at += protocol === AUTHENTICATION ? (units + 2) * 4 : (units + 1) * 8
    }
    if (at > bytes.length) return undefined
    protocol = next
  }
}

function isExtensionHeader(protocol: number): boolean {
  switch (protocol) {
    case HOP_BY_HOP:
    case ROUTING:
    case FRAGMENT:
    case AUTHENTICATION:
    case DESTINATION_OPTIONS:
    case MOBILITY:
    case HOST_IDENTITY:
    case SHIM6:
      return true
    default:
      return false
  }
}

function readFragmentHeader(bytes: Uint8Array, at: number): IpFragment {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 8)
  const offsetAndFlag = view.getUint16(2)
  return { id: view.getUint32(4), offset: offsetAndFlag & 0xfff8, hasMore: (offsetAndFlag & 1) !== 0 }
}

function fail(reason: 'not-ip' | 'bad-ip' | 'cut-short'): IpResult {
  return { ok: false, reason }
}
