/** Most bytes that one inflated payload may have; 64 KiB times 4. */
export const INFLATE_LIMIT_BYTES = 4 * 0x10000

/** Why compressed bytes stay as they are. */
export type InflateFault =
  /** They would become more bytes than the limit. */
  | 'inflate-limit'
  /** They begin like gzip or zlib, and are damaged. */
  | 'bad-compression'

/** Inflates gzip or zlib to at most `limit` bytes. */
export type Inflate = (bytes: Uint8Array, limit: number) => Uint8Array | InflateFault

export function isGzip(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x1f && bytes[at + 1] === 0x8b
}

/**
 * True for deflate in a zlib frame: method 8, and a checksum over the first two bytes.
 * @see RFC 1950 section 2.2
 */
export function isZlib(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at] ?? 0
  const second = bytes[at + 1] ?? 0
  return (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0
}
