/**
 * Name-based UUID of an event (RFC 9562 version 8): the same for the same `(node, epoch, seq)` wherever it is made.
 *
 * From the left: 48 bits epoch in ms, version, 12 bits of a hash of the node's name, variant, 14 more bits of it,
 * 48 bits seq. So the UUIDs of one node sort by time of arrival.
 *
 * @param nodeHash of `hashNode`
 * @param words gets the four 32-bit words from the most to the least significant, at `at`
 */
export function writeEventUuid(words: Uint32Array, at: number, nodeHash: number, epoch: number, seq: number): void {
  words[at] = Math.floor(epoch / 0x10000)
  words[at + 1] = (((epoch % 0x10000) << 16) | 0x8000 | (nodeHash >>> 20)) >>> 0
  words[at + 2] = (0x80000000 | (((nodeHash >>> 6) & 0x3fff) << 16) | (Math.floor(seq / 0x100000000) & 0xffff)) >>> 0
  words[at + 3] = seq % 0x100000000
}

/** FNV-1a, 32 bits, of the UTF-8 bytes of a node's name. */
export function hashNode(name: string): number {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}

/** Text form of `writeEventUuid`. */
export function eventUuid(node: string, epoch: number, seq: number): string {
  const words = new Uint32Array(4)
  writeEventUuid(words, 0, hashNode(node), epoch, seq)
  const hex = Array.from(words, (word) => word.toString(16).padStart(8, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
