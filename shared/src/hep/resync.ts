import { CHUNK_HEADER_BYTES, HEADER_BYTES, isHep3Magic } from './scan.ts'

/**
 * Most chunks of a packet that is found by searching. Each place that might be a packet is walked chunk by chunk, so
 * this bounds the work that a sender can cause by many such places.
 */
const MOST_CHUNKS = 256
/** First bytes of `HEP3`, `EEP3` and `EEP1`. */
const LETTER_H = 0x48
const LETTER_E = 0x45
const LETTER_P = 0x50

/** Whether a packet stands somewhere: all of it, perhaps all of it when more bytes come, or none. */
export type Candidate = 'packet' | 'unfinished' | 'none'

/**
 * Where a packet might begin in a stream that has lost its step: at the next magic, whole or cut by the end.
 *
 * @returns an offset, or `bytes.length`
 */
export function findMagic(bytes: Uint8Array, from: number): number {
  const end = bytes.length
  let at = from
  for (; at < end; at++) {
    const first = bytes[at]
    if (first !== LETTER_H && first !== LETTER_E) continue
    if (end - at >= 4 ? isHep3Magic(bytes, at) : isCutMagic(bytes, at)) break
  }
  return at
}

/** Fewer than four bytes, of which the first is known to fit. */
function isCutMagic(bytes: Uint8Array, at: number): boolean {
  return (
    (at + 1 >= bytes.length || bytes[at + 1] === LETTER_E) && (at + 2 >= bytes.length || bytes[at + 2] === LETTER_P)
  )
}

/**
 * Judge what stands at a magic. A message may hold the letters of the magic by chance or on purpose, so the lengths of
 * all chunks have to add up to the total, and the first chunk has to be one of the specification, as every sender's is.
 * A header without chunks proves nothing.
 */
export function candidateAt(bytes: Uint8Array, at: number): Candidate {
  const available = bytes.length - at
  if (available < HEADER_BYTES) return 'unfinished'
  const total = u16(bytes, at + 4)
  if (total < HEADER_BYTES + CHUNK_HEADER_BYTES) return 'none'
  const end = at + total
  let chunkAt = at + HEADER_BYTES
  // Vendor 0, and a type below 256.
  for (let i = 0; i < 3; i++) if ((bytes[chunkAt + i] ?? 0) !== 0) return 'none'
  for (let left = MOST_CHUNKS; left > 0; left--) {
    if (chunkAt + CHUNK_HEADER_BYTES > bytes.length) return 'unfinished'
    const size = u16(bytes, chunkAt + 4)
    if (size < CHUNK_HEADER_BYTES || size > end - chunkAt) return 'none'
    chunkAt += size
    if (chunkAt === end) return available >= total ? 'packet' : 'unfinished'
    if (end - chunkAt < CHUNK_HEADER_BYTES) return 'none'
  }
  return 'none'
}

function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}
