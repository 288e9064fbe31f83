import type { Rejection } from '../ingest/ingest.ts'
import type { Logger } from '../log.ts'

const INTERVAL_MS = 10_000

/** Says why packets are rejected without flooding the log: the first of each reason at once, then a count. */
export class RejectLog {
  readonly #log: Logger
  readonly #heard = new Map<Rejection['reason'], { atMs: number; count: number }>()

  constructor(log: Logger) {
    this.#log = log
  }

  add(rejection: Rejection): void {
    const nowMs = Date.now()
    const heard = this.#heard.get(rejection.reason)
    if (heard !== undefined && nowMs - heard.atMs < INTERVAL_MS) {
      heard.count++
      return
    }
    this.#heard.set(rejection.reason, { atMs: nowMs, count: 0 })
    this.#log.warn(
      { ...rejection, sinceLastTime: (heard?.count ?? 0) + 1 },
      `not HEP: ${EXPLANATIONS[rejection.reason]}`,
    )
  }
}

const EXPLANATIONS: Readonly<Record<Rejection['reason'], string>> = {
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
  'peer-not-allowed': 'the address is not in the networks of this listener',
  'peer-rate': 'more packets than packets_per_sec of this listener allow',
  'auth-key': 'the auth key (chunk 0x000e) is missing or wrong',
  'bad-gzip': 'a gzip datagram that does not inflate to a packet',
  'too-large': 'more bytes than a HEP packet can have',
  'tls-handshake': 'the TLS handshake failed',
  'bad-replacement': 'a callback made a packet that HEP cannot represent',
  'too-many-connections': 'ingest.tcp.max_connections reached; the connection was refused',
}
