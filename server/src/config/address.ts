/** `host:port`, IPv6 in brackets. */
export interface HostPort {
  /** Without brackets. */
  readonly host: string
  readonly port: number
}

/** A HEP listener by OpenSIPS' socket syntax, e.g. `hep_udp:0.0.0.0:9060`. */
export interface ListenerUri extends HostPort {
  readonly transport: 'udp' | 'tcp'
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

/** Read `hep_udp:host[:port]` or `hep_tcp:host[:port]`. */
export function parseListenerUri(text: string): ListenerUri | undefined {
  const scheme = /^hep_(udp|tcp):(?:\/\/)?(.+)$/.exec(text.trim())
  if (scheme === null) return undefined
  const transport = scheme[1] === 'tcp' ? 'tcp' : 'udp'
  const rest = scheme[2] ?? ''
  const address = parseHostPort(rest) ?? parseHostPort(`${rest}:${DEFAULT_HEP_PORT}`)
  return address === undefined ? undefined : { transport, ...address }
}

/** Text form for people and URLs. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
