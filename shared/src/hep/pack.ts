import { IP_PROTOCOL, PROTOCOL_TYPE } from './chunks.ts'
import { encodeHep } from './encode.ts'
import { encodeLegacyHep } from './encode-legacy.ts'
import type { HepPacket } from './packet.ts'

/** Where a traced message came from or went to. */
export interface Endpoint {
  /** IPv4 or IPv6 as text, without brackets. */
  readonly ip: string
  readonly port: number
}

/** Transport of a traced message. */
export type TracedTransport = keyof typeof IP_PROTOCOL

export interface PackOptions {
  readonly version?: 1 | 2 | 3
  /** Capture agent id: 16 bits in HEPv2, 32 in HEPv3. Default 1. */
  readonly agentId?: number
  /** Whole microseconds since 1970. Default now. */
  readonly tsUs?: number
  /** Default 1, SIP. */
  readonly protocolType?: number
  /** HEPv3 only: chunk 0x0011. */
  readonly correlationId?: string
  /**
   * True: write TLS as 22 and WebSocket as 50, which OpenSIPS and Kamailio read as such and which are other
   * protocols by their numbers. Default false: both are TCP, which every receiver understands.
   */
  readonly opensipsTransports?: boolean
}

/**
 * Number for the IP protocol of a HEP packet.
 *
 * @param opensipsTransports see {@link PackOptions}
 */
export function ipProtocolOf(transport: TracedTransport, opensipsTransports = false): number {
  const isFake = transport === 'tls' || transport === 'ws'
  return IP_PROTOCOL[isFake && !opensipsTransports ? 'tcp' : transport]
}

/**
 * One traced message as HEP bytes, ready for a datagram or a stream.
 *
 * @param proto transport of the message, or the IP protocol number to write, 0 to 255
 * @param payload the message; text is written as UTF-8
 * @throws HepEncodeError if the version cannot hold it, e.g. an address that is none; nothing is ever wrapped
 * @see OpenSIPS proto_hep, `pack_hep`
 */
export function packHep(
  from: Endpoint,
  to: Endpoint,
  proto: TracedTransport | number,
  payload: string | Uint8Array,
  options: PackOptions = {},
): Uint8Array {
  const { version = 3, agentId = 1, protocolType = PROTOCOL_TYPE.sip, correlationId } = options
  return encodeHepAs(
    {
      version,
      ipProtocol: typeof proto === 'number' ? proto : ipProtocolOf(proto, options.opensipsTransports),
      srcIp: from.ip,
      srcPort: from.port,
      dstIp: to.ip,
      dstPort: to.port,
      tsUs: options.tsUs ?? Date.now() * 1000,
      protocolType,
      agentId,
      ...(correlationId !== undefined && { correlationId }),
      payload: typeof payload === 'string' ? new TextEncoder().encode(payload) : payload,
    },
    version,
  )
}

/**
 * Encode a packet in any version, whatever its own `version` says.
 *
 * @throws HepEncodeError if that version cannot hold it
 */
export function encodeHepAs(packet: HepPacket, version: 1 | 2 | 3): Uint8Array {
  return version === 3 ? encodeHep(packet) : encodeLegacyHep(packet, version)
}
