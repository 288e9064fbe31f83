import { unzipSync } from 'node:zlib'
import type { InflateFault } from '@hepscope/shared/hep/compression.ts'

/** Inflate gzip or zlib, e.g. of chunk 0x0010, to at most `limit` bytes. Never throws. */
export function inflateBounded(bytes: Uint8Array, limit: number): Uint8Array | InflateFault {
  try {
    return unzipSync(bytes, { maxOutputLength: limit })
  } catch (error) {
    const isLimit = error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
    return isLimit ? 'inflate-limit' : 'bad-compression'
  }
}
