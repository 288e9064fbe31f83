import type { ScanOptions } from '@hepscope/shared/hep/scan.ts'
import { parseNetwork } from '@hepscope/shared/net/network.ts'
import { parseListenerUri } from '../config/address.ts'
import type { Config, ListenerConfig } from '../config/schema.ts'
import type { CheckedListener } from '../capture/listener-check.ts'
import type { ListenerStatus } from '../ingest/hep-listener.ts'
import type { ListenerOptions } from '../ingest/listener.ts'

/** What the listeners of a checked configuration are opened with. */
export function listenerOptions({ ingest }: Config): ListenerOptions[] {
  const limits = {
    socketReceiveBufferBytes: ingest.udp.socket_recv_buffer,
    maxConnections: ingest.tcp.max_connections,
    messageTimeoutMs: ingest.tcp.message_timeout_ms,
    maxMessageChunks: ingest.tcp.hep_max_msg_chunks,
    scan: ingest.tcp.scan,
  }
  return ingest.listeners.flatMap((entry: ListenerConfig) => {
    const uri = parseListenerUri(entry.uri)
    return uri === undefined ? [] : [{ ...limits, uri, ...demandsOf(entry) }]
  })
}

/** Open listeners with the key that the configuration gives each: they are in its order. */
export function checkedListeners({ ingest }: Config, open: readonly ListenerStatus[]): CheckedListener[] {
  return open.map(({ transport, host, port }, i) => {
    const entry = ingest.listeners[i]
    const authKey = entry !== undefined && 'auth_key' in entry ? entry.auth_key : undefined
    return { transport, host, port, ...(authKey !== undefined && { authKey }) }
  })
}

/** What packets are decoded with. */
export function scanOptions({ ingest: { decode } }: Config): ScanOptions {
  return { strict: decode.strict, strictMagic: decode.strict_magic, sanitizeTime: decode.sanitize_time }
}

function demandsOf(entry: ListenerConfig): Pick<ListenerOptions, 'gate' | 'tls'> {
  if (!('auth_key' in entry || 'networks' in entry || 'packets_per_sec' in entry || 'cert' in entry)) return {}
  const { auth_key: authKey, networks = [], packets_per_sec: packetsPerSec, cert, key, client_ca: clientCa } = entry
  const needsGate = authKey !== undefined || networks.length > 0 || packetsPerSec !== undefined
  return {
    ...(needsGate && {
      gate: {
        networks: networks.flatMap((text) => parseNetwork(text) ?? []),
        ...(authKey !== undefined && { authKey }),
        ...(packetsPerSec !== undefined && { packetsPerSec }),
      },
    }),
    ...(cert !== undefined &&
      key !== undefined && {
        tls: { cert, key, minVersion: entry.min_version ?? 'TLSv1.2', ...(clientCa !== undefined && { clientCa }) },
      }),
  }
}
