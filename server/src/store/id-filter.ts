import { hashBytes } from '@hepscope/shared/bytes/hash.ts'

const WORDS_PER_BLOCK = 8
/** Bytes of one block of a filter. */
export const ID_BLOCK_BYTES = WORDS_PER_BLOCK * 4
/** With so many a lookup opens one file in eight hundred for nothing. */
const BITS_PER_ID = 16
/** One odd number a word, as in the split block filters of Parquet. */
const SALTS = [0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31]
const TWO_POW_32 = 0x100000000

/** Number of an id in filters. It is in stored files: it must stay as it is. @param id in UTF-8, as DuckDB compares it */
export function hashId(id: Uint8Array): number {
  let hash = hashBytes(id, 0, id.length)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** A Bloom filter that has some ids, two bytes for each, and next to no other. @param hashes of the ids, each once */
export function idFilter(hashes: readonly number[]): Uint32Array<ArrayBuffer> {
  const blockCount = Math.max(1, Math.ceil((hashes.length * BITS_PER_ID) / (ID_BLOCK_BYTES * 8)))
  const words = new Uint32Array(blockCount * WORDS_PER_BLOCK)
  for (const hash of hashes) {
    const at = blockAt(hash, words)
    for (let i = 0; i < WORDS_PER_BLOCK; i++) words[at + i] = (words[at + i] ?? 0) | bitOf(hash, i)
  }
  return words
}

/** False only if an id with this hash is not in the filter. */
export function mayHaveId(filter: Uint32Array, hash: number): boolean {
  const at = blockAt(hash, filter)
  for (let i = 0; i < WORDS_PER_BLOCK; i++) if (((filter[at + i] ?? 0) & bitOf(hash, i)) === 0) return false
  return true
}

function blockAt(hash: number, { length }: Uint32Array): number {
  return Math.floor((hash * (length / WORDS_PER_BLOCK)) / TWO_POW_32) * WORDS_PER_BLOCK
}

/** The bit of a hash in one of the words of its block. */
function bitOf(hash: number, word: number): number {
  return 1 << (Math.imul(hash, SALTS[word] ?? 0) >>> 27)
}
