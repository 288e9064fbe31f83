import { formatIp } from '@hepscope/shared/net/ip.ts'
import type { Network } from '@hepscope/shared/net/network.ts'
import { allOf, caseOf, NEVER } from './logic-sql.ts'
import type { Parameters } from './parameters.ts'

/**
 * A condition that an address lies in a network.
 *
 * @param column SQL of the address as text: `''`, IPv4 dotted or IPv6 as in RFC 5952
 */
export function networkSql(parameters: Parameters, column: string, network: Network | undefined): string {
  if (network === undefined) return NEVER
  const { address, prefixBits } = network
  if (prefixBits === address.length * 8) {
    return `${column} = ${parameters.text(formatIp(address, 0, address.length))}`
  }
  return address.length === 4 ? network4(parameters, column, network) : network6(parameters, column, network)
}

/** The numbers before the prefix ends as text, and the bounds of the one that it ends in. */
function network4(parameters: Parameters, column: string, { address, prefixBits }: Network): string {
  const whole = prefixBits >> 3
  const start = `${[...address.subarray(0, whole)].join('.')}.`
  const isIpv4 = `(${column} <> '' AND NOT contains(${column}, ':'))`
  const conditions = whole === 0 ? [isIpv4] : [`starts_with(${column}, ${parameters.text(start)})`]
  const rest = prefixBits & 7
  if (rest !== 0) {
    const size = 1 << (8 - rest)
    const least = (address[whole] ?? 0) & ~(size - 1)
    const part = `TRY_CAST(split_part(${column}, '.', ${whole + 1}) AS UINTEGER)`
    conditions.push(`${part} BETWEEN ${least} AND ${least + size - 1}`)
  }
  return caseOf(isIpv4, allOf(conditions))
}

/** On the 32 hex digits of the address, four bits each: those that the prefix may begin with. */
function network6(parameters: Parameters, column: string, { address, prefixBits }: Network): string {
  const digits = Array.from(address, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const whole = prefixBits >> 2
  const rest = prefixBits & 3
  const start = digits.slice(0, whole)
  const size = 1 << (4 - rest)
  const least = parseInt(digits.charAt(whole), 16) & ~(size - 1)
  const starts = rest === 0 ? [start] : Array.from({ length: size }, (_, i) => `${start}${(least + i).toString(16)}`)
  const length = start.length + (rest === 0 ? 0 : 1)
  const groups = leadingGroups(address, prefixBits)
  const guard =
    groups.length === 0
      ? `contains(${column}, ':')`
      : `starts_with(${column}, ${parameters.text(`${groups.join(':')}:`)})`
  if (prefixBits === groups.length * 16) return guard
  const isInside = `substr(${hexDigits(column)}, 1, ${length}) IN (${parameters.texts(starts)})`
  return caseOf(guard, isInside)
}

/** Groups that the text of every address in the network begins with: those before the first that is 0 or not whole. */
function leadingGroups(address: Uint8Array, prefixBits: number): string[] {
  const groups: string[] = []
  for (let i = 0; 16 * (i + 1) <= prefixBits; i++) {
    const group = ((address[2 * i] ?? 0) << 8) | (address[2 * i + 1] ?? 0)
    if (group === 0) break
    groups.push(group.toString(16))
  }
  return groups
}

/** The 32 hex digits of an address in RFC 5952's form. */
function hexDigits(column: string): string {
  const head = groupDigits(`split_part(${column}, '::', 1)`)
  const tail = groupDigits(`split_part(${column}, '::', 2)`)
  return `(rpad(${head}, CAST(32 - length(${tail}) AS INTEGER), '0') || ${tail})`
}

/** Groups with zeros in front, then the last four digits of each without what stands between them. */
function groupDigits(groups: string): string {
  const padded = `regexp_replace(${groups}, '([0-9a-f]+)', '000\\1', 'g')`
  return `regexp_replace(${padded}, '0*([0-9a-f]{4})(:|$)', '\\1', 'g')`
}
