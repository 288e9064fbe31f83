/** A chunk kept as it came: unknown generic ones and those of every vendor. */
export interface RawChunk {
  readonly vendor: number
  readonly type: number
  readonly bytes: Uint8Array
}

/**
 * One HEP packet. Members that the packet did not carry are absent.
 * Byte members of a decoded packet are views into the input, not copies.
 */
export interface HepPacket {
  readonly version: 1 | 2 | 3
  /** IANA protocol number of the mirrored packet, with HEP's fakes: 22 TLS, 50 WebSocket. */
  readonly ipProtocol: number
  /** Text form, IPv4 dotted or IPv6 as in RFC 5952. */
  readonly srcIp?: string
  readonly dstIp?: string
  readonly srcPort: number
  readonly dstPort: number
  /** Whole microseconds since 1970; absent when the packet has no usable time. */
  readonly tsUs?: number
  readonly protocolType: number
  readonly agentId: number
  readonly keepAliveSeconds?: number
  readonly authKey?: string
  readonly payload?: Uint8Array
  /** True if `payload` came as chunk 0x0010 and could not be, or was not, inflated. */
  readonly payloadCompressed?: boolean
  readonly correlationId?: string
  readonly vlanId?: number
  readonly agentName?: string
  /** Six bytes, as 12 hex digits with colons. */
  readonly sourceMac?: string
  readonly destinationMac?: string
  readonly etherType?: number
  readonly tcpFlags?: number
  readonly ipTos?: number
  /** MOS times 100, as it is on the wire. */
  readonly mos?: number
  readonly rFactor?: number
  readonly geoLocation?: string
  readonly jitter?: number
  readonly transactionType?: string
  readonly payloadJsonKeys?: string
  readonly tagsValues?: string
  readonly tagType?: number
  readonly eventType?: number
  readonly groupId?: string
  /** In wire order. Never known generic chunks. */
  readonly chunks?: readonly RawChunk[]
}

/** What was odd in a packet that was accepted all the same. */
export type HepWarning =
  | 'trailing-bytes'
  | 'duplicate-chunk'
  | 'empty-frame'
  | 'chunk-size-ignored'
  | 'family-mismatch'
  | 'microseconds-overflow'
  | 'time-missing'
  | 'time-implausible'
  | 'header-length-odd'
  | 'compressed-payload'
  | 'no-payload'

/** Why bytes are not a HEP packet. Closed set: each is a metric label. */
export type HepFault =
  | 'too-short'
  | 'unknown-format'
  | 'bad-total'
  | 'truncated'
  | 'bad-chunk-length'
  | 'bad-chunk-size'
  | 'chunk-overrun'
  | 'chunk-truncated'
  | 'bad-family'
  | 'no-payload'

export type Decoded =
  | { readonly ok: true; readonly packet: HepPacket; readonly warnings: readonly HepWarning[] }
  | { readonly ok: false; readonly reason: HepFault; readonly offset: number }
