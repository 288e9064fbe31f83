import { LINK_TYPE } from './capture.ts'

const ETHER_TYPE_IPV4 = 0x0800
const ETHER_TYPE_IPV6 = 0x86dd
/** 802.1Q, 802.1ad (QinQ), and the number that older switches use for the outer tag. */
const ETHER_TYPES_VLAN: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100])

/** IPv4, and IPv6 as NetBSD, FreeBSD, macOS and Linux number it. */
const BSD_FAMILIES_IP: ReadonlySet<number> = new Set([2, 24, 28, 30, 10])

export type LinkResult =
  { readonly ok: true; readonly at: number } | { readonly ok: false; readonly reason: 'link-type' | 'not-ip' }

/**
 * Find the IP packet in a captured frame.
 *
 * @returns offset of the IP header in `frame`; `link-type` if the link type is unknown, `not-ip` for ARP and the like
 *   and for frames cut inside their link header
 */
export function findIp(linkType: number, frame: Uint8Array): LinkResult {
  switch (linkType) {
    case LINK_TYPE.ethernet:
      return behindEtherType(frame, 12)
    case LINK_TYPE.linuxSll:
      return behindEtherType(frame, 14)
    case LINK_TYPE.linuxSll2:
      // The protocol comes first, 18 bytes of other fields stand between it and the packet.
      return behindEtherType(frame, 0, 20)
    case LINK_TYPE.bsdNull:
    case LINK_TYPE.bsdLoop: {
      // Loop is big-endian; null has the order of the machine that captured.
      const [a = 0, b = 0, c = 0, d = 0] = frame
      const isIp = b === 0 && c === 0 && (a === 0 || d === 0) && BSD_FAMILIES_IP.has(a + d)
      return isIp ? { ok: true, at: 4 } : NOT_IP
    }
    case LINK_TYPE.rawIp:
    case LINK_TYPE.raw12:
    case LINK_TYPE.raw14:
    case LINK_TYPE.rawIpv4:
    case LINK_TYPE.rawIpv6:
      return { ok: true, at: 0 }
    default:
      return { ok: false, reason: 'link-type' }
  }
}

const NOT_IP: LinkResult = { ok: false, reason: 'not-ip' }

function behindEtherType(frame: Uint8Array, typeAt: number, nextAt = typeAt + 2): LinkResult {
  let etherType = u16(frame, typeAt)
  let at = nextAt
  while (ETHER_TYPES_VLAN.has(etherType) && at + 4 <= frame.length) {
    etherType = u16(frame, at + 2)
    at += 4
  }
  return etherType === ETHER_TYPE_IPV4 || etherType === ETHER_TYPE_IPV6 ? { ok: true, at } : NOT_IP
}

function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}
