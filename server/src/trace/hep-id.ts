import { isIP } from 'node:net'

/** A named destination, as OpenSIPS' `hep_id` writes it. */
export interface HepDestination {
  readonly name: string
  /** Host name or address, IPv6 without brackets. */
  readonly host: string
  readonly port: number
  readonly transport: 'udp' | 'tcp' | 'tls'
  readonly version: 1 | 2 | 3
}

export type ParsedHepId =
  | { readonly ok: true; readonly destination: HepDestination; readonly warning?: string }
  /** `at` is an offset into the text, in UTF-16 units. */
  | { readonly ok: false; readonly at: number; readonly message: string }

const DEFAULT_PORT = 9060
const TRANSPORTS = ['udp', 'tcp', 'tls'] as const

/** A part of the text between two semicolons, without the blanks around it. */
interface Piece {
  readonly text: string
  readonly at: number
}

/**
 * Read `[name] host[:port]; transport=udp|tcp|tls; version=1|2|3`.
 *
 * Defaults: port 9060, transport tcp, version 3. Versions 1 and 2 go over UDP alone: another transport, the default
 * too, is changed with a warning. The last of a repeated parameter counts.
 * Two inputs that OpenSIPS takes are refused here: a port over 65535, and an empty name.
 * One that it does not take is read: an IPv6 address in brackets.
 *
 * @see OpenSIPS proto_hep, parameter hep_id
 */
export function parseHepId(text: string): ParsedHepId {
  const named = /^\s*\[\s*([^\]\s]+)[^\]]*\]/.exec(text)
  if (named === null) return fail(0, `"${text}" must begin with a name in brackets: [name] host:port`)
  const name = named[1] ?? ''
  const [first, ...parameters] = pieces(text, named[0].length)
  if (first === undefined || first.text === '' || first.text.includes('=')) {
    return fail(first?.at ?? text.length, `[${name}]: the host is missing; it comes before the parameters`)
  }
  const address = parseAddress(first.text)
  if (typeof address === 'string') return fail(first.at, `[${name}]: ${address}`)
  // One semicolon may end the whole.
  if (parameters.at(-1)?.text === '') parameters.pop()
  let transport: HepDestination['transport'] = 'tcp'
  let version: HepDestination['version'] = 3
  for (const { text: parameter, at } of parameters) {
    const [key = '', value = '', ...more] = parameter.split('=').map((part) => part.trim())
    if (more.length > 0 || value === '') return fail(at, `[${name}]: "${parameter}" is not key=value`)
    if (key === 'transport') {
      const known = TRANSPORTS.find((candidate) => candidate === value.toLowerCase())
      if (known === undefined) return fail(at, `[${name}]: transport "${value}" is not udp, tcp or tls`)
      transport = known
    } else if (key === 'version') {
      if (!/^0*[123]$/.test(value)) return fail(at, `[${name}]: version "${value}" is not 1, 2 or 3`)
      version = Number(value) as HepDestination['version']
    } else {
      return fail(at, `[${name}]: no parameter "${key}"; there are transport and version`)
    }
  }
  if (version === 3 || transport === 'udp') return { ok: true, destination: { name, ...address, transport, version } }
  const warning = `[${name}]: HEP version ${version} goes over UDP alone, not ${transport}; UDP is used`
  return { ok: true, destination: { name, ...address, transport: 'udp', version }, warning }
}

/** Text form of a destination, as {@link parseHepId} reads it. */
export function formatHepId({ name, host, port, transport, version }: HepDestination): string {
  return `[${name}] ${host.includes(':') ? `[${host}]` : host}:${port}; transport=${transport}; version=${version}`
}

function pieces(text: string, from: number): Piece[] {
  const found: Piece[] = []
  let at = from
  for (const part of text.slice(from).split(';')) {
    found.push({ text: part.trim(), at: at + part.length - part.trimStart().length })
    at += part.length + 1
  }
  return found
}

function parseAddress(text: string): { host: string; port: number } | string {
  const parts = /^(?:\[([^\]]*)\]|([^:[\]\s]+))(?::(.*))?$/s.exec(text)
  if (parts === null) return `"${text}" is not host[:port]`
  const [, ipv6, name, portText] = parts
  if (ipv6 !== undefined && isIP(ipv6) !== 6) return `"${ipv6}" is not an IPv6 address`
  const host = ipv6 ?? name ?? ''
  if (portText === undefined) return { host, port: DEFAULT_PORT }
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : 0
  return port >= 1 && port <= 0xffff ? { host, port } : `port "${portText}" is not within 1 to 65535`
}

function fail(at: number, message: string): ParsedHepId {
  return { ok: false, at, message }
}
