/** Vendor id of the chunks that the HEP3 specification defines. */
export const GENERIC_VENDOR = 0

/**
 * Generic chunk types (vendor 0).
 * @see HEP3 protocol specification rev 37, chunk type table
 */
export const CHUNK = {
  ipFamily: 0x0001,
  ipProtocol: 0x0002,
  ipv4Source: 0x0003,
  ipv4Destination: 0x0004,
  ipv6Source: 0x0005,
  ipv6Destination: 0x0006,
  sourcePort: 0x0007,
  destinationPort: 0x0008,
  timestampSeconds: 0x0009,
  timestampMicroseconds: 0x000a,
  protocolType: 0x000b,
  agentId: 0x000c,
  keepAliveSeconds: 0x000d,
  authKey: 0x000e,
  payload: 0x000f,
  compressedPayload: 0x0010,
  correlationId: 0x0011,
  vlanId: 0x0012,
  agentName: 0x0013,
  sourceMac: 0x0014,
  destinationMac: 0x0015,
  etherType: 0x0016,
  tcpFlags: 0x0017,
  ipTos: 0x0018,
  mos: 0x0020,
  rFactor: 0x0021,
  geoLocation: 0x0022,
  jitter: 0x0023,
  transactionType: 0x0024,
  payloadJsonKeys: 0x0025,
  tagsValues: 0x0026,
  tagType: 0x0027,
  eventType: 0x0028,
  groupId: 0x0029,
} as const

/** HEP protocol types (chunk 0x000b) that hepscope names. */
export const PROTOCOL_TYPE = {
  sip: 1,
  rtcpJson: 5,
  log: 100,
  openSipsNet: 89,
  openSipsControl: 96,
} as const

const PROTOCOL_TYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'SIP'],
  [2, 'XMPP'],
  [3, 'SDP'],
  [4, 'RTP'],
  [5, 'RTCP'],
  [6, 'MGCP'],
  [7, 'H.248'],
  [8, 'M2UA'],
  [9, 'M3UA'],
  [10, 'IAX'],
  [11, 'H.322'],
  [12, 'H.321'],
  [13, 'M2PA'],
  [20, 'WebRTC'],
  [32, 'QoS'],
  [34, 'RTP report'],
  [35, 'VQ report'],
  [38, 'Horaclifix'],
  [50, 'SIP JSON'],
  [53, 'DNS'],
  [54, 'ISUP'],
  [55, 'RTSP'],
  [56, 'Diameter'],
  [57, 'GSM MAP'],
  [58, 'Pion RTCP'],
  [60, 'CDR'],
  [61, 'Verto'],
  [87, 'OpenSIPS MI'],
  [88, 'OpenSIPS REST'],
  [89, 'OpenSIPS net'],
  [96, 'OpenSIPS control'],
  [99, 'Report'],
  [100, 'Log'],
  [101, 'Transaction'],
])

/** Name of a HEP protocol type for people, e.g. `SIP`, or `HEP 77` for one without a name. */
export function protocolTypeName(protocolType: number): string {
  return PROTOCOL_TYPE_NAMES.get(protocolType) ?? `HEP ${protocolType}`
}

export type Transport = 'udp' | 'tcp' | 'tls' | 'ws' | 'sctp' | 'unknown'

/** IP protocol numbers, with the two that senders misuse: 22 for TLS and 50 for WebSocket. */
export const IP_PROTOCOL = { tcp: 6, udp: 17, tls: 22, ws: 50, sctp: 132 } as const

/** Transport that a HEP IP protocol number (chunk 0x0002) stands for in practice. */
export function transportOf(ipProtocol: number): Transport {
  switch (ipProtocol) {
    case 6:
      return 'tcp'
    case 17:
      return 'udp'
    case 22:
      return 'tls'
    case 50:
      return 'ws'
    case 132:
      return 'sctp'
    default:
      return 'unknown'
  }
}
