import { parseIp } from './ip.ts'

/** An address or a CIDR network. */
export interface Network {
  /** 4 or 16 bytes. */
  readonly address: Uint8Array
  /** Leading bits that count. */
  readonly prefixBits: number
}

/** Read `10.0.0.0/8`, `2001:db8::/32` or a single address; undefined if it is none of them. */
export function parseNetwork(text: string): Network | undefined {
  const [addressText = '', prefixText, ...rest] = text.split('/')
  const address = parseIp(addressText.replace(/^\[(.*)\]$/, '$1'))
  if (address === undefined || rest.length > 0) return undefined
  const bits = address.length * 8
  if (prefixText === undefined) return { address, prefixBits: bits }
  if (!/^\d{1,3}$/.test(prefixText) || Number(prefixText) > bits) return undefined
  return { address, prefixBits: Number(prefixText) }
}

/**
 * True if an address lies in a network.
 *
 * @param bytes holds the address in its first `length` bytes
 * @param length 4 or 16; an address of the other family is never inside
 */
export function isInNetwork(network: Network, bytes: Uint8Array, length: number): boolean {
  const { address, prefixBits } = network
  if (address.length !== length) return false
  const whole = prefixBits >> 3
  for (let i = 0; i < whole; i++) if (address[i] !== bytes[i]) return false
  const rest = prefixBits & 7
  if (rest === 0) return true
  const mask = (0xff << (8 - rest)) & 0xff
  return ((address[whole] ?? 0) & mask) === ((bytes[whole] ?? 0) & mask)
}
