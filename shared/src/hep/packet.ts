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
  /** Bytes behind the packet, left out. */
  | 'trailing-bytes'
  /** The last one counts. */
  | 'duplicate-chunk'
  /** HEPv3 without chunks. */
  | 'empty-frame'
  /** A chunk that has not the size of its type, left out. */
  | 'chunk-size-ignored'
  /** The family says one thing, the addresses another; or there are addresses of both. */
  | 'family-mismatch'
  /** A million microseconds or more, carried into the seconds. */
  | 'microseconds-overflow'
  | 'time-missing'
  /** HEPv2: no byte order gives a time near ours. Sanitised: a time that was replaced by none. */
  | 'time-implausible'
  /** HEPv1 and HEPv2: the header length is neither with nor without the time. */
  | 'header-length-odd'
  /** The payload is compressed, and was not inflated. */
  | 'compressed-payload'
  | 'no-payload'
  /** `EEP3` or `EEP1` instead of `HEP3`. */
  | 'other-magic'
  /** A size that an older revision of the specification had; the value was read. */
  | 'legacy-chunk-size'
  /** Chunk 0x0010 beside 0x000f, which counts. */
  | 'two-payloads'
  /** The agent id may be one of 16 bits in the wrong half, as sngrep sends it. */
  | 'agent-id-shifted'
  /** Sanitised: seconds since 1900, from which 70 years were taken. */
  | 'time-of-ntp-era'
  /** Chunk 0x0010 with a plain payload. */
  | 'not-compressed'
  /** The payload would inflate to more than the bound; left as it is. */
  | 'inflate-limit'
  /** The payload begins like gzip or zlib and does not inflate; left as it is. */
  | 'bad-compression'
  /** HEPv2 with its time in network order. */
  | 'big-endian-time'
  /** HEPv2 without the two bytes of padding behind the time. */
  | 'unpadded-time'
  /** HEPv1 and HEPv2: NULs behind the payload, left out. */
  | 'trailing-nuls'
  /** A text that is no UTF-8, shown with U+FFFD in place of what is wrong. */
  | 'not-utf8'
  /** The whole datagram was gzip. */
  | 'gzip-datagram'

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
  | {
      readonly ok: true
      readonly packet: HepPacket
      readonly warnings: readonly HepWarning[]
      /** The name that HEPv3 came by, if it is another. `encodeHep` writes `HEP3`. */
      readonly magic?: 'EEP3' | 'EEP1'
      /** With the warning `agent-id-shifted`: the id that was probably meant. The packet keeps what came. */
      readonly agentIdHint?: number
      /** What the second byte of HEPv1 and HEPv2 says. Senders put four different things there; nothing relies on it. */
      readonly declaredHeaderLength?: number
    }
  | { readonly ok: false; readonly reason: HepFault; readonly offset: number }
