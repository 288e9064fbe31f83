import { formatIp, parseIp } from '@hepscope/shared/net/ip.ts'
import { type HashKey, sipHash } from './sip-hash.ts'

/** No vowel, so that no pseudonym is a word; no digit, so that none looks like a number. */
const LETTERS = 'bcdfghjklmnpqrstvwxyz'
/** Pseudonyms that are remembered, so that each is computed once. */
const MAX_KNOWN = 50_000
/** Call-IDs and hosts that can be told from their pseudonyms. */
const MAX_ORIGINALS = 200_000
/** A hold is told by the first; the others are pseudonyms, and of nobody else. */
const PLAIN_ADDRESS = /^(?:0\.0\.0\.0|::|2[45]\d\.[\d.]+|100::.*)$/
const IPV4 = /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d]|\.\d)/g
const IPV6 = /(?<![\w:.])[\da-f]{0,4}:[\da-f:]*:[\da-f:.]*[\da-f:](?![\w])/gi
const HOST_NAME = /^(?=.*[a-z])[\w-]+(?:\.[\w-]+)+\.?$/i
/** How user parts begin that are numbers. */
const NUMBER = /^[+*#]?[\d*#().-]*\d[\d*#().-]*$/

/**
 * Pseudonyms for what tells who talks to whom. Equal values get equal pseudonyms, in everything that is masked with the
 * same key; without the key nobody can tell a value from its pseudonym.
 */
export class Masker {
  readonly #key: HashKey
  readonly #known = new Map<string, string>()
  readonly #originals = new Map<string, string>()

  constructor(key: HashKey) {
    this.#key = key
  }

  /** User part of a URI, with what may be attached to it: `u-…`, numbers `n-…`. */
  user(text: string): string {
    const base = /^[^;:]*/.exec(text)?.[0] ?? ''
    if (base === '') return text === '' ? '' : this.user(`_${text}`)
    return this.#pseudonym(`user ${base}`, (hash) => `${NUMBER.test(base) ? 'n' : 'u'}-${letters(hash, 7)}`)
  }

  /** Address or name of a host. IPv4 becomes one of 240.0.0.0/4, IPv6 one of 100::/64, both used by nobody. */
  host(text: string): string {
    const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
    if (bare === '') return text
    const bytes = parseIp(bare)
    if (bytes === undefined) {
      const name = this.#pseudonym(`host ${bare.toLowerCase()}`, (hash) => `h-${letters(hash, 7)}.invalid`)
      return this.#note(name, bare)
    }
    const address = formatIp(bytes, 0, bytes.length)
    if (PLAIN_ADDRESS.test(address)) return text
    const masked = this.#note(this.#pseudonym(`ip ${address}`, bytes.length === 4 ? ipv4Of : ipv6Of), address)
    return bare === text ? masked : `[${masked}]`
  }

  /** `ip:port`, `[ip]:port` or a host alone. */
  endpoint(text: string): string {
    return mapHost(text, (host) => this.host(host))
  }

  /** The other way, for a pseudonym that was given out here; what is none stays. */
  realEndpoint(text: string): string {
    return mapHost(text, (host) => {
      const [, inner] = /^\[(.*)\]$/.exec(host) ?? []
      return inner === undefined ? (this.#originals.get(host) ?? host) : `[${this.#originals.get(inner) ?? inner}]`
    })
  }

  /** A Call-ID, which may hold a number or an address; see `realCallId`. */
  callId(text: string): string {
    return text === '' ? '' : this.#note(this.word(text), text)
  }

  /** The Call-ID of a pseudonym that was given out here; what is none stays. */
  realCallId(text: string): string {
    return this.#originals.get(text) ?? text
  }

  /** Anything that must still be equal where it was equal. */
  word(text: string): string {
    return text === '' ? '' : this.#pseudonym(`word ${text}`, (hash) => `x-${letters(hash, 10)}`)
  }

  /** A user, or an address in its place. */
  party(text: string): string {
    return parseIp(text) === undefined ? this.user(text) : this.host(text)
  }

  /** A name of a part of the system: itself unless it is, or holds, an address or a host name. */
  name(text: string): string {
    return HOST_NAME.test(text) ? this.host(text) : this.text(text)
  }

  /** A text in which addresses may stand. */
  text(text: string): string {
    const swap = (found: string): string => (parseIp(found) === undefined ? found : this.host(found))
    return text.replace(IPV6, swap).replace(IPV4, swap)
  }

  /** Remember what a pseudonym stands for. */
  #note(masked: string, original: string): string {
    if (!this.#originals.has(masked)) {
      forgetOldest(this.#originals, MAX_ORIGINALS)
      this.#originals.set(masked, original)
    }
    return masked
  }

  #pseudonym(value: string, make: (hash: bigint) => string): string {
    const known = this.#known.get(value)
    if (known !== undefined) return known
    const made = make(sipHash(this.#key, value))
    forgetOldest(this.#known, MAX_KNOWN)
    this.#known.set(value, made)
    return made
  }
}

/** @param key 32 hexadecimal digits */
export function maskerOf(key: string): Masker {
  return new Masker([BigInt(`0x${key.slice(0, 16)}`), BigInt(`0x${key.slice(16)}`)])
}

function mapHost(text: string, map: (host: string) => string): string {
  const [, host = text, port = ''] = /^(\[[^\]]*\]|[^:]*)(:\d*)$/.exec(text) ?? []
  return map(host) + port
}

function forgetOldest(map: Map<string, string>, most: number): void {
  if (map.size < most) return
  const [oldest] = map.keys()
  if (oldest !== undefined) map.delete(oldest)
}

function letters(hash: bigint, count: number): string {
  let text = ''
  for (let rest = hash; text.length < count; rest /= 21n) text += LETTERS[Number(rest % 21n)] ?? ''
  return text
}

function ipv4Of(hash: bigint): string {
  const byte = (at: bigint, count: bigint): string => String((hash >> at) % count)
  return `${240n + ((hash >> 48n) % 15n)}.${byte(32n, 256n)}.${byte(16n, 256n)}.${byte(0n, 256n)}`
}

/** No group is zero, so that there is one way to write it. */
function ipv6Of(hash: bigint): string {
  const groups = [48n, 32n, 16n, 0n].map((at) => ((hash >> at) & 0xffffn) % 0xffffn)
  return `100::${groups.map((group) => (group + 1n).toString(16)).join(':')}`
}
