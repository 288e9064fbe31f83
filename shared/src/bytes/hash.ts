const FNV_OFFSET = 0x811c9dc5 | 0
const FNV_PRIME = 0x01000193

/** FNV-1a of a range of bytes: a signed 32-bit number. */
export function hashBytes(bytes: Uint8Array, at: number, end: number): number {
  let hash = FNV_OFFSET
  for (let i = at; i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), FNV_PRIME)
  return hash
}

/** One more number into a hash. */
export function mix(hash: number, value: number): number {
  const mixed = Math.imul(hash ^ value, 0x9e3779b1)
  return mixed ^ (mixed >>> 15)
}

/** FNV-1a of the characters of a text: for ASCII that of its bytes. */
export function hashText(text: string): number {
  let hash = FNV_OFFSET
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME)
  return hash
}
