import { candidateAt, findMagic } from './resync.ts'
import { HEADER_BYTES, isHep3Magic, MAX_PACKET_BYTES } from './scan.ts'

export type DeframeFault = 'bad-magic' | 'bad-total'

/** Most bytes that a search for the next packet skips before it gives the stream up. */
export const MAX_SKIPPED_BYTES = 2 * MAX_PACKET_BYTES

export interface DeframeOptions {
  /**
   * True: after a bad header search for the next packet instead of ending the stream. A packet is taken only if its
   * chunks add up. Default false.
   */
  readonly scan?: boolean
}

/**
 * Cuts a byte stream (TCP, TLS) into HEPv3 packets, whatever its pieces look like.
 *
 * Holds at most one incomplete packet (65,535 bytes). After a fault the stream cannot be trusted any more:
 * `push` then ignores its input, and the owner closes the connection.
 */
export class HepDeframer {
  readonly #scan: boolean
  #partial = new Uint8Array(0)
  #partialLength = 0
  #fault: DeframeFault | undefined
  /** True from a bad header to the next packet; only in scan mode. */
  #isLost = false
  #lossCount = 0
  #skippedBytes = 0
  /** Of them, those since the last packet. */
  #skippedInRow = 0

  constructor({ scan = false }: DeframeOptions = {}) {
    this.#scan = scan
  }

  /** Bytes of a packet that has begun and is not yet whole. */
  get pendingBytes(): number {
    return this.#partialLength
  }

  /** Why the stream ended, if it did. */
  get fault(): DeframeFault | undefined {
    return this.#fault
  }

  /** How often a packet had to be searched for; 0 unless in scan mode. */
  get lossCount(): number {
    return this.#lossCount
  }

  /** Bytes of which no packet was made; 0 unless in scan mode. */
  get skippedBytes(): number {
    return this.#skippedBytes
  }

  /**
   * Take the next piece of the stream.
   *
   * @param piece any number of bytes
   * @param onPacket called for each whole packet, with a view that is valid only during the call
   * @returns the fault that ended the stream, or undefined
   */
  push(piece: Uint8Array, onPacket: (packet: Uint8Array) => void): DeframeFault | undefined {
    if (this.#fault !== undefined) return this.#fault
    let bytes = piece
    let at = 0
    if (this.#partialLength > 0 && !this.#isSearching()) at = this.#completePartial(piece, onPacket)
    if (this.#partialLength > 0 && this.#isSearching()) {
      bytes = this.#takePartialBefore(piece.subarray(at))
      at = 0
    }
    while (at < bytes.length && !this.#hasEnded()) {
      if (this.#isSearching()) {
        at = this.#search(bytes, at)
        if (this.#isSearching()) return this.#keepUnlessEnded(bytes.subarray(at))
      }
      const total = this.#totalOf(bytes, at, bytes.length)
      if (this.#isSearching()) continue
      if (total === undefined || total > bytes.length - at) return this.#keepUnlessEnded(bytes.subarray(at))
      onPacket(bytes.subarray(at, at + total))
      at += total
    }
    return this.#fault
  }

  #isSearching(): boolean {
    return this.#isLost
  }

  #hasEnded(): boolean {
    return this.#fault !== undefined
  }

  /** Fill up the kept packet from `piece`; returns how many bytes of it were used. */
  #completePartial(piece: Uint8Array, onPacket: (packet: Uint8Array) => void): number {
    let used = 0
    if (this.#partialLength < HEADER_BYTES) {
      used = Math.min(HEADER_BYTES - this.#partialLength, piece.length)
      this.#keep(piece.subarray(0, used))
    }
    const total = this.#totalOf(this.#partial, 0, this.#partialLength)
    if (total === undefined) return used
    const more = Math.min(total - this.#partialLength, piece.length - used)
    this.#keep(piece.subarray(used, used + more))
    used += more
    if (this.#partialLength === total) {
      this.#partialLength = 0
      onPacket(this.#partial.subarray(0, total))
    }
    return used
  }

  /** Total length of the packet at `at`; undefined when its header is not all there, or is bad. */
  #totalOf(bytes: Uint8Array, at: number, end: number): number | undefined {
    const available = end - at
    if (available >= 4 ? !isHep3Magic(bytes, at) : !MAGIC_STARTS.has(bytes[at] ?? 0)) {
      this.#lose('bad-magic')
      return undefined
    }
    if (available < HEADER_BYTES) return undefined
    const total = ((bytes[at + 4] ?? 0) << 8) | (bytes[at + 5] ?? 0)
    if (total < HEADER_BYTES) {
      this.#lose('bad-total')
      return undefined
    }
    return total
  }

  #lose(fault: DeframeFault): void {
    if (!this.#scan) {
      this.#fault = fault
      return
    }
    this.#isLost = true
    this.#lossCount++
    this.#skippedInRow = 0
  }

  /** Skip to the next packet. Returns where it begins, or if still lost, where it may begin when more has come. */
  #search(bytes: Uint8Array, from: number): number {
    let at = from
    for (;;) {
      const found = findMagic(bytes, at)
      this.#skip(found - at)
      at = found
      if (at === bytes.length || this.#hasEnded()) return at
      const candidate = candidateAt(bytes, at)
      if (candidate === 'packet') this.#isLost = false
      if (candidate !== 'none') return at
      this.#skip(1)
      at++
    }
  }

  #skip(length: number): void {
    this.#skippedBytes += length
    this.#skippedInRow += length
    if (this.#skippedInRow > MAX_SKIPPED_BYTES) this.#fault = 'bad-magic'
  }

  #takePartialBefore(rest: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(this.#partialLength + rest.length)
    bytes.set(this.#partial.subarray(0, this.#partialLength))
    bytes.set(rest, this.#partialLength)
    this.#partialLength = 0
    return bytes
  }

  #keepUnlessEnded(bytes: Uint8Array): DeframeFault | undefined {
    if (this.#fault === undefined) this.#keep(bytes)
    return this.#fault
  }

  #keep(bytes: Uint8Array): void {
    const needed = this.#partialLength + bytes.length
    if (needed > this.#partial.length) {
      const grown = new Uint8Array(Math.min(MAX_PACKET_BYTES, Math.max(needed, 2048, 2 * this.#partial.length)))
      grown.set(this.#partial.subarray(0, this.#partialLength))
      this.#partial = grown
    }
    this.#partial.set(bytes, this.#partialLength)
    this.#partialLength = needed
  }
}

/** `H` and `E`: a stream that starts otherwise is refused at its first byte. */
const MAGIC_STARTS: ReadonlySet<number> = new Set([0x48, 0x45])
