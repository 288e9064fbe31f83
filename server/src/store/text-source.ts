/** Bytes that texts are parts of. Both views are of the same memory; `words` may end before the last bytes. */
export interface TextSource {
  readonly bytes: Uint8Array
  readonly words: Uint32Array
}

/** Source of one text, which begins at 0. */
export function textSource(text: Uint8Array): TextSource {
  const bytes = new Uint8Array((text.length + 3) & ~3)
  bytes.set(text)
  return { bytes, words: new Uint32Array(bytes.buffer) }
}
