import { isIP } from 'node:net'

/** Where HEP packets are sent. */
export interface SenderTarget {
  readonly transport: 'udp' | 'tcp'
  /** Host name or IP address, IPv6 without brackets. */
  readonly host: string
  readonly port: number
}

export type ParsedTarget =
  { readonly ok: true; readonly target: SenderTarget } | { readonly ok: false; readonly reason: string }

const TARGET = /^(?:(udp|tcp):\/\/|hep_(udp|tcp):(?:\/\/)?)(?:\[([^\]]+)\]|([^:/[\]\s]+)):(\d{1,5})\/?$/i

/**
 * Read a target such as `udp://127.0.0.1:9060`, `tcp://[::1]:9060` or `hep_udp:collector:9060`.
 *
 * @returns the target, or a sentence for people that says what is wrong
 */
export function parseTarget(text: string): ParsedTarget {
  const parts = TARGET.exec(text)
  const host = parts?.[3] ?? parts?.[4]
  if (!parts || host === undefined) {
    return { ok: false, reason: `"${text}" is not udp://HOST:PORT or tcp://HOST:PORT (IPv6 in brackets)` }
  }
  if (parts[3] !== undefined && isIP(host) !== 6) return { ok: false, reason: `"${host}" is not an IPv6 address` }
  const port = Number(parts[5])
  if (port < 1 || port > 65535) return { ok: false, reason: `port ${port} of "${text}" is not within 1 to 65535` }
  const transport = (parts[1] ?? parts[2])?.toLowerCase() === 'tcp' ? 'tcp' : 'udp'
  return { ok: true, target: { transport, host, port } }
}

/** Text form of a target, as {@link parseTarget} reads it. */
export function formatTarget(target: SenderTarget): string {
  const host = target.host.includes(':') ? `[${target.host}]` : target.host
  return `${target.transport}://${host}:${target.port}`
}
