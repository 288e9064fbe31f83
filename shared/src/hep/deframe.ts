import { HEADER_BYTES, isHep3Magic, MAX_PACKET_BYTES } from './scan.ts'

export type DeframeFault = 'bad-magic' | 'bad-total'

/**
 * Cuts a byte stream (TCP, TLS) into HEPv3 packets, whatever its pieces look like.
 *
 * Holds at most one incomplete packet (65,535 bytes). After a fault the stream cannot be trusted any more:
 * `push` then ignores its input, and the owner closes the connection.
 */
export class HepDeframer {
  #partial = new Uint8Array(0)
  #partialLength = 0
  #fault: DeframeFault | undefined

  /** Bytes of a packet that has begun and is not yet whole. */
  get pendingBytes(): number {
    return this.#partialLength
  }

  /** Why the stream ended, if it did. */
  get fault(): DeframeFault | undefined {
    return this.#fault
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
    let at = this.#partialLength > 0 ? this.#completePartial(piece, onPacket) : 0
    while (!this.#isBroken() && at < piece.length) {
      const total = this.#totalOf(piece, at, piece.length)
      if (total === undefined || total > piece.length - at) {
        if (!this.#isBroken()) this.#keep(piece.subarray(at))
        break
      }
      onPacket(piece.subarray(at, at + total))
      at += total
    }
    return this.#fault
  }

  #isBroken(): boolean {
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
    if (total === undefined) return piece.length
    const more = Math.min(total - this.#partialLength, piece.length - used)
    this.#keep(piece.subarray(used, used + more))
    used += more
    if (this.#partialLength === total) {
      this.#partialLength = 0
      onPacket(this.#partial.subarray(0, total))
    }
    return used
  }

  /** Total length of the packet at `at`; undefined when its header is not all there, or after setting the fault. */
  #totalOf(bytes: Uint8Array, at: number, end: number): number | undefined {
    const available = end - at
    if (available >= 4 ? !isHep3Magic(bytes, at) : !MAGIC_STARTS.has(bytes[at] ?? 0)) {
      this.#fault = 'bad-magic'
      return undefined
    }
    if (available < HEADER_BYTES) return undefined
    const total = ((bytes[at + 4] ?? 0) << 8) | (bytes[at + 5] ?? 0)
    if (total < HEADER_BYTES) {
      this.#fault = 'bad-total'
      return undefined
    }
    return total
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
