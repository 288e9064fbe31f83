import type { InflateFault } from '@hepscope/shared/hep/compression.ts'
import type { HepFault } from '@hepscope/shared/hep/packet.ts'
import type { GateRefusal } from './gate.ts'
import type { IngestTransport } from './packet-source.ts'

/** Why something that arrived did not become an event. Closed set: each is a metric label. */
export type RejectReason =
  | HepFault
  | GateRefusal
  /** A stream or message that is not HEPv3; version 1 and 2 go over UDP alone. */
  | 'bad-magic'
  /** A gzip datagram that is damaged, or whose content is larger than a packet can be. */
  | InflateFault
  /** A stream in which the next packet had to be searched for. */
  | 'out-of-step'
  | 'incomplete'
  | 'message-timeout'
  | 'too-many-reads'
  | 'too-many-connections'
  | 'too-large'
  | 'tls-handshake'
  /** A callback made a packet that HEP cannot represent. */
  | 'bad-replacement'

/** What was rejected last: enough for an operator to find the sender. */
export interface Rejection {
  readonly reason: RejectReason
  readonly transport: IngestTransport
  /** `address:port` of the sender. */
  readonly from: string
  /** Byte where decoding stopped. */
  readonly offset: number
  readonly length: number
  /** First bytes, in hex. */
  readonly head: string
}

/** Each reason, for people. */
export const REJECT_EXPLANATIONS: Readonly<Record<RejectReason, string>> = {
  'too-short': 'too short for a HEP header',
  'unknown-format': 'bytes that begin like no HEP version (is the sender set to HEP?)',
  'bad-total': 'total length in the header is impossible',
  truncated: 'packet ends before its total length (a datagram cut on the way?)',
  'bad-chunk-length': 'a chunk is shorter than its own header',
  'bad-chunk-size': 'a chunk has not the size of its type',
  'chunk-overrun': 'a chunk runs past the end of the packet',
  'chunk-truncated': 'stray bytes behind the last chunk',
  'bad-family': 'address family is neither IPv4 nor IPv6',
  'no-payload': 'HEPv1/v2 packet without payload',
  'bad-magic': 'not HEPv3, and only UDP takes another version; a stream is closed',
  incomplete: 'TCP connection ended inside a packet',
  'message-timeout': 'TCP packet stayed incomplete; the connection was closed',
  'too-many-reads': 'TCP packet came in more reads than hep_max_msg_chunks; the connection was closed',
  'peer-not-allowed': 'the address is not in the networks of this listener',
  'peer-rate': 'more packets than packets_per_sec of this listener allow',
  'auth-key': 'the auth key (chunk 0x000e) is missing or wrong',
  'bad-compression': 'a gzip datagram that is damaged',
  'inflate-limit': 'a gzip datagram that holds more than a HEP packet can have',
  'out-of-step': 'a stream with bytes that are no packet; the next packet is searched for',
  'too-large': 'more bytes than a HEP packet can have',
  'tls-handshake': 'the TLS handshake failed',
  'bad-replacement': 'a callback made a packet that HEP cannot represent',
  'too-many-connections': 'ingest.tcp.max_connections reached; the connection was refused',
}
