import { unzipSync } from 'node:zlib'

/** Inflate a gzip or zlib payload of chunk 0x0010; undefined if it is neither or would pass `limit` bytes. */
export function inflateBounded(bytes: Uint8Array, limit: number): Uint8Array | undefined {
  try {
    return unzipSync(bytes, { maxOutputLength: limit })
  } catch {
    // Any failure means the same to the caller: keep the bytes as they came, flagged.
    return undefined
  }
}
