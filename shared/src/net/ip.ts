const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39

/**
 * Text form of an address.
 *
 * @param bytes holds the address in network order
 * @param at offset of its first byte
 * @param length 4 for IPv4, 16 for IPv6; the caller has checked that they are there
 * @returns dotted decimal, or the canonical IPv6 text of RFC 5952
 */
export function formatIp(bytes: Uint8Array, at: number, length: number): string {
  if (length === 4) return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`
  const groups: number[] = []
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[at + i] ?? 0) << 8) | (bytes[at + i + 1] ?? 0))
  const zeros = longestZeroRun(groups)
  const text = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':')
  if (zeros.count < 2) return text(0, 8)
  return `${text(0, zeros.at)}::${text(zeros.at + zeros.count, 8)}`
}

function longestZeroRun(groups: readonly number[]): { at: number; count: number } {
  let best = { at: 0, count: 0 }
  for (let at = 0; at < groups.length; at++) {
    let count = 0
    while (groups[at + count] === 0) count++
    if (count > best.count) best = { at, count }
    at += count
  }
  return best
}

/**
 * Bytes of an address.
 *
 * @param text IPv4 dotted decimal or any RFC 4291 form of IPv6 without brackets and zone
 * @returns 4 or 16 bytes, or undefined if it is neither
 */
export function parseIp(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
}

/**
 * The number that dotted decimal stands for.
 *
 * @returns 0 to 2^32 - 1, or -1 if it is no IPv4 address
 */
export function ipv4Number(text: string): number {
  let number = 0
  let part = 0
  let digits = 0
  let dots = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code >= ZERO && code <= NINE) {
      part = part * 10 + code - ZERO
      digits++
      if (digits > 3) return -1
    } else {
      if (code !== DOT || digits === 0 || part > 255) return -1
      number = (number << 8) | part
      part = 0
      digits = 0
      dots++
    }
  }
  return dots === 3 && digits > 0 && part <= 255 ? ((number << 8) | part) >>> 0 : -1
}

function parseIpv4(text: string): Uint8Array | undefined {
  const number = ipv4Number(text)
  return number < 0 ? undefined : Uint8Array.of(number >>> 24, number >>> 16, number >>> 8, number)
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  // Dotted decimal stands last, so not before a `::`.
  if (halves.length === 2 && halves[0]?.includes('.') === true) return undefined
  const head = parseGroups(halves[0] ?? '')
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? '') : []
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const bytes = new Uint8Array(16)
  const groups = [...head, ...Array<number>(missing).fill(0), ...tail]
  for (const [i, group] of groups.entries()) {
    bytes[2 * i] = group >> 8
    bytes[2 * i + 1] = group & 0xff
  }
  return bytes
}

function parseGroups(text: string): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [i, part] of parts.entries()) {
    if (part.includes('.') && i === parts.length - 1) {
      const v4 = parseIpv4(part)
      if (v4 === undefined) return undefined
      groups.push(((v4[0] ?? 0) << 8) | (v4[1] ?? 0), ((v4[2] ?? 0) << 8) | (v4[3] ?? 0))
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined
      groups.push(parseInt(part, 16))
    }
  }
  return groups
}
