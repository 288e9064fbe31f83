import { textSource } from './text-source.ts'

/**
 * 32-bit hash of a text, for finding it among many: equal texts have equal hashes.
 *
 * @param words of the memory that has the text's bytes from `at` on; see `TextSource`
 */
export function hashWords(words: Uint32Array, bytes: Uint8Array, at: number, length: number): number {
  const whole = length >> 2
  const from = at >> 2
  const shift = (at & 3) << 3
  let hash = length
  let low = words[from] ?? 0
  for (let k = 0; k < whole; k++) {
    const high = words[from + k + 1] ?? 0
    hash = mix(hash, shift === 0 ? low : (low >>> shift) | (high << (32 - shift)))
    low = high
  }
  for (let k = whole * 4; k < length; k++) hash = mix(hash, bytes[at + k] ?? 0)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** The same of a text in JavaScript. */
export function hashText(text: string): number {
  const bytes = new TextEncoder().encode(text)
  return hashWords(textSource(bytes).words, bytes, 0, bytes.length)
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x9e3779b1)
  return mixed ^ (mixed >>> 15)
}
