import type { Endpoint, Party, Proxy, SipTransport } from './party.ts'
import { randomPerson } from './people.ts'
import type { Random } from './random.ts'

// Addresses: 10/8 and the documentation ranges of RFC 5737 and RFC 3849, so that nobody real is shown.

/** Edge proxies, where calls enter and are mirrored. */
const EDGES: readonly Proxy[] = [
  edge(2001, 'edge-fra', 'fra.example.net', '192.0.2.10', '2001:db8:10::10', 'OpenSIPS (3.5.3 (x86_64/linux))'),
  edge(2002, 'edge-lon', 'lon.example.net', '192.0.2.20', '2001:db8:20::10', 'kamailio (5.8.4 (x86_64/linux))'),
  edge(2003, 'edge-nyc', 'nyc.example.net', '192.0.2.30', '2001:db8:30::10', 'OpenSIPS (3.4.9 (x86_64/linux))'),
  edge(2004, 'edge-syd', 'syd.example.net', '192.0.2.40', '2001:db8:40::10', 'kamailio (6.0.1 (x86_64/linux))'),
]

/** Proxies behind a session border controller, towards the carriers. */
const CORES: readonly Proxy[] = [
  edge(2005, 'core-fra', 'fra.example.net', '192.0.2.50', '2001:db8:50::10', 'OpenSIPS (3.5.3 (x86_64/linux))'),
  edge(2006, 'core-nyc', 'nyc.example.net', '192.0.2.60', '2001:db8:60::10', 'OpenSIPS (3.4.9 (x86_64/linux))'),
]

function edge(id: number, name: string, domain: string, ipv4: string, ipv6: string, software: string): Proxy {
  return { agent: { id, name }, domain, ipv4, ipv6, software }
}

interface Gateway {
  readonly domain: string
  readonly ipv4: string
  readonly ipv6: string
  readonly software: string
}

const TRUNKS: readonly Gateway[] = [
  { domain: 'carrier-a.example.com', ipv4: '198.51.100.20', ipv6: '2001:db8:a::20', software: 'Nimbus-SBC/9.3.1' },
  { domain: 'carrier-b.example.com', ipv4: '198.51.100.30', ipv6: '2001:db8:b::30', software: 'Oriel SBC 7.20.4' },
  { domain: 'carrier-c.example.org', ipv4: '198.51.100.41', ipv6: '2001:db8:c::41', software: 'TelGate/4.4.12' },
  { domain: 'carrier-d.example.org', ipv4: '203.0.113.77', ipv6: '2001:db8:d::77', software: 'MGW-2400 r18.2' },
]

const BORDER_CONTROLLERS: readonly Gateway[] = [
  { domain: 'sbc-fra.example.net', ipv4: '203.0.113.10', ipv6: '2001:db8:e::10', software: 'Bridgehead B2B/2.8.0' },
  { domain: 'sbc-nyc.example.net', ipv4: '203.0.113.11', ipv6: '2001:db8:e::11', software: 'Bridgehead B2B/2.8.0' },
]

interface PhoneModel {
  readonly software: string
  readonly codecs: readonly string[]
  readonly callIdStyle: Party['callIdStyle']
}

const PHONES: readonly PhoneModel[] = [
  { software: 'Yealink SIP-T46U 108.86.0.90', codecs: ['G722', 'PCMA', 'PCMU'], callIdStyle: 'host' },
  { software: 'Grandstream GXP2170 1.0.11.79', codecs: ['PCMU', 'PCMA', 'G722'], callIdStyle: 'host' },
  { software: 'PolyEdge-E350-UA/8.1.2', codecs: ['G722', 'PCMU', 'PCMA'], callIdStyle: 'uuid' },
  { software: 'snomD785/10.1.175.16', codecs: ['PCMA', 'PCMU'], callIdStyle: 'short' },
  { software: 'MicroSIP/3.21.6', codecs: ['PCMA', 'PCMU'], callIdStyle: 'uuid' },
  { software: 'Linphone/5.2.6 (belle-sip/5.3)', codecs: ['opus', 'PCMU', 'PCMA'], callIdStyle: 'short' },
  { software: 'baresip v3.18.0 (arm64/Linux)', codecs: ['opus', 'PCMA'], callIdStyle: 'uuid' },
  { software: 'Asterisk PBX 20.11.1', codecs: ['PCMA', 'PCMU'], callIdStyle: 'uuid' },
  { software: 'FPBX-17.0(21.7.0)', codecs: ['PCMU', 'PCMA'], callIdStyle: 'host' },
]

const TRANSPORTS: readonly { readonly transport: SipTransport; readonly weight: number }[] = [
  { transport: 'udp', weight: 80 },
  { transport: 'tcp', weight: 11 },
  { transport: 'tls', weight: 9 },
]

const IPV6_SHARE = 0.12
const NAT_SHARE = 0.35
const TCP_TRUNK_SHARE = 0.1

/** Who takes part in one call, and by which addresses. */
export class AddressPlan {
  readonly edge: Proxy
  readonly #random: Random
  readonly #isIpv6: boolean
  readonly #isUdpOnly: boolean

  /** @param isUdpOnly leaves out TCP and TLS, for calls whose messages get lost */
  constructor(random: Random, isUdpOnly: boolean) {
    this.#random = random
    this.#isUdpOnly = isUdpOnly
    this.edge = random.pick(EDGES)
    this.#isIpv6 = random.chance(IPV6_SHARE)
  }

  /** A phone or small PBX of this call's edge. */
  phone(): Party {
    const random = this.#random
    const person = randomPerson(random)
    const model = random.pick(PHONES)
    const transport = this.#isUdpOnly ? 'udp' : random.pickWeighted(TRANSPORTS).transport
    const { contact, wire } = this.#phoneAddresses(transport)
    return {
      ...model,
      user: person.number,
      displayName: random.chance(0.75) ? person.name : undefined,
      domain: this.edge.domain,
      transport,
      wire,
      contact,
      media: { ip: contact.ip, port: random.int(5000, 16_000) * 2 },
    }
  }

  /** A carrier's gateway that takes calls for `number`, but not the one that `unlike` is. */
  trunk(number = this.#newNumber(), unlike?: Party): Party {
    const choice = TRUNKS.filter((trunk) => trunk.domain !== unlike?.domain)
    const isTcp = !this.#isUdpOnly && this.#random.chance(TCP_TRUNK_SHARE)
    return this.#gateway(this.#random.pick(choice), number, isTcp ? 'tcp' : 'udp')
  }

  /** A back-to-back user agent between two legs. */
  borderController(): Party {
    return this.#gateway(this.#random.pick(BORDER_CONTROLLERS), this.#newNumber(), 'udp')
  }

  /** The proxy between a border controller and the carriers. */
  core(): Proxy {
    return this.#random.pick(CORES)
  }

  /** Where the edge sends registrations. */
  registrar(): Party {
    const { domain, software } = this.edge
    const gateway = { domain, software, ipv4: this.#random.pick(['10.0.5.11', '10.0.5.12']), ipv6: '2001:db8:5::11' }
    return this.#gateway(gateway, 'registrar', 'udp')
  }

  #newNumber(): string {
    return randomPerson(this.#random).number
  }

  #phoneAddresses(transport: SipTransport): { contact: Endpoint; wire: Endpoint } {
    const random = this.#random
    const port = transport === 'udp' ? random.pick([5060, 5060, 5062, 5070]) : random.int(32_768, 60_999)
    if (this.#isIpv6) {
      const ip = `2001:db8:${random.int(0x100, 0xfff).toString(16)}::${random.int(2, 0xfff).toString(16)}`
      return { contact: { ip, port }, wire: { ip, port } }
    }
    const contact = { ip: `10.${random.int(20, 29)}.${random.int(0, 254)}.${random.int(2, 254)}`, port }
    if (!random.chance(NAT_SHARE)) return { contact, wire: contact }
    const publicNet = random.pick(['198.51.100', '203.0.113'])
    return { contact, wire: { ip: `${publicNet}.${random.int(100, 250)}`, port: random.int(1025, 65_000) } }
  }

  #gateway(gateway: Gateway, number: string, transport: SipTransport): Party {
    const ip = this.#isIpv6 ? gateway.ipv6 : gateway.ipv4
    return {
      user: number,
      displayName: undefined,
      domain: gateway.domain,
      transport,
      wire: { ip, port: 5060 },
      contact: { ip, port: 5060 },
      media: { ip, port: this.#random.int(8000, 24_000) * 2 },
      software: gateway.software,
      codecs: ['PCMA', 'PCMU'],
      callIdStyle: 'uuid',
    }
  }
}
