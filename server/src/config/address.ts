/** `host:port`, IPv6 in brackets. */
export interface HostPort {
  /** Without brackets. */
  readonly host: string
  readonly port: number
}

const LISTENER_TRANSPORTS = ['udp', 'tcp', 'tls', 'http'] as const

/** A HEP listener by OpenSIPS' socket syntax, e.g. `hep_udp:0.0.0.0:9060`; `hep_http` is ours: POST and WebSocket. */
export interface ListenerUri extends HostPort {
  readonly transport: (typeof LISTENER_TRANSPORTS)[number]
}

/** Port of a listener that names none (proto_hep's `hep_port`). */
export const DEFAULT_HEP_PORT = 5656

/** Read `host:port` or `[ipv6]:port`; port 0 asks the system for a free one. */
export function parseHostPort(text: string): HostPort | undefined {
  const parts = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text)
  const host = parts?.[1] ?? parts?.[2]
  const port = Number(parts?.[3])
  return host !== undefined && port <= 0xffff ? { host, port } : undefined
}

/** Read `hep_udp:host[:port]`, or `hep_tcp:`, `hep_tls:`, `hep_http:`. */
export function parseListenerUri(text: string): ListenerUri | undefined {
  const scheme = /^hep_([a-z]+):(?:\/\/)?(.+)$/.exec(text.trim())
  const transport = LISTENER_TRANSPORTS.find((known) => known === scheme?.[1])
  if (transport === undefined) return undefined
  const rest = scheme?.[2] ?? ''
  const address = parseHostPort(rest) ?? parseHostPort(`${rest}:${DEFAULT_HEP_PORT}`)
  return address === undefined ? undefined : { transport, ...address }
}

/** Text form for people and URLs. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
