export type SipTransport = 'udp' | 'tcp' | 'tls'

/** An address and a port; IPv6 without brackets. */
export interface Endpoint {
  readonly ip: string
  readonly port: number
}

/** A user agent, a trunk or a server that speaks SIP in a simulated call. */
export interface Party {
  /** User part of its address of record. */
  readonly user: string
  readonly displayName: string | undefined
  readonly domain: string
  readonly transport: SipTransport
  /** Where its packets come from, as the proxy sees it. */
  readonly wire: Endpoint
  /** What it believes its address to be: differs from `wire` behind a NAT. */
  readonly contact: Endpoint
  /** Where it wants RTP; RTCP goes one port above. */
  readonly media: Endpoint
  readonly software: string
  /** Names of the codecs it offers, best first. */
  readonly codecs: readonly string[]
  /** Forms a Call-ID in the manner of this software. */
  readonly callIdStyle: 'uuid' | 'host' | 'short'
}

/** Who mirrors messages: the HEP capture agent id and name. */
export interface CaptureAgent {
  readonly id: number
  readonly name: string
}

/** A proxy on the way, whose tracer mirrors what it receives and what it sends. */
export interface Proxy {
  readonly agent: CaptureAgent
  readonly domain: string
  readonly ipv4: string
  readonly ipv6: string
  readonly software: string
}

/** `192.0.2.1:5060`, `[2001:db8::1]:5060`. */
export function hostPort({ ip, port }: Endpoint): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
}

/** The proxy's own address towards a party: of the party's IP family and for its transport. */
export function proxyEndpoint(proxy: Proxy, party: Party): Endpoint {
  const ip = party.wire.ip.includes(':') ? proxy.ipv6 : proxy.ipv4
  return { ip, port: party.transport === 'tls' ? 5061 : 5060 }
}

/** Contact URI of a party. */
export function contactUri(party: Party): string {
  const suffix = party.transport === 'udp' ? '' : `;transport=${party.transport}`
  return `sip:${party.user}@${hostPort(party.contact)}${suffix}`
}

/** Address of record of a party. */
export function recordUri(party: Party): string {
  return `sip:${party.user}@${party.domain}`
}
