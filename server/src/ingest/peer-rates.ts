/** Enough for 10,000 peers in one second; with more than that some may send more than their limit. */
const SLOTS = 1 << 15
/** Places where a peer may be. */
const PROBES = 16
/** Of a slot: two of the peer's key, one of its present second and count. */
const WORDS = 3
const FREE = 0
/** A thread writes the slot's key just now. */
const BUSY = -1
const MAX_SPINS = 10_000
const COUNT_BITS = 20
const COUNT_MASK = (1 << COUNT_BITS) - 1

/** Sixty-four bits of hash that stand for an address. */
export interface PeerKey {
  readonly low: number
  readonly high: number
}

/**
 * Packets of the present second by peer, counted by all threads of a listener together, so that a limit is the same
 * however many threads share the socket. A hash table of fixed size without locks.
 */
export class PeerRates {
  /** First word: what the hashes are salted with, so that nobody can choose addresses that share a slot. */
  readonly buffer: SharedArrayBuffer
  readonly #words: Int32Array

  /** @param buffer of another thread's rates; without it a table of its own */
  constructor(buffer?: SharedArrayBuffer) {
    this.buffer = buffer ?? new SharedArrayBuffer((1 + SLOTS * WORDS) * Int32Array.BYTES_PER_ELEMENT)
    this.#words = new Int32Array(this.buffer)
    if (buffer === undefined) this.#words[0] = Math.floor(Math.random() * 0xffffffff) | 0
  }

  keyOf(address: string): PeerKey {
    const salt = this.#words[0] ?? 0
    let low = salt ^ 0x811c9dc5
    let high = Math.imul(salt, 0x85ebca6b) ^ 0x9e3779b9
    for (let i = 0; i < address.length; i++) {
      const code = address.charCodeAt(i)
      low = Math.imul(low ^ code, 0x01000193)
      high = Math.imul((high << 5) ^ (high >>> 27) ^ code, 0xc2b2ae35)
    }
    low = Math.imul(low ^ (low >>> 16), 0x85ebca6b)
    low ^= low >>> 13
    return { low: low === FREE || low === BUSY ? 1 : low, high }
  }

  /**
   * Count one packet, unless the peer has reached its limit in this second.
   *
   * @param second whole seconds since 1970
   * @param limit at most a million
   * @returns whether it is within the limit
   */
  take(key: PeerKey, second: number, limit: number): boolean {
    const words = this.#words
    // The second wraps after more than an hour; a peer that was silent for just so long is judged by its old count.
    const stamp = second << COUNT_BITS
    const at = this.#slotOf(key, stamp) + 2
    for (;;) {
      const seen = Atomics.load(words, at)
      const count = (seen & ~COUNT_MASK) === stamp ? seen & COUNT_MASK : 0
      if (count >= limit) return false
      if (Atomics.compareExchange(words, at, seen, stamp | (count + 1)) === seen) return true
    }
  }

  /** The peer's slot. A new peer gets a free one, or that of a peer that sent nothing in this second. */
  #slotOf(key: PeerKey, stamp: number): number {
    let replaceable = this.#at(key, 0)
    for (let probe = 0; probe < PROBES; probe++) {
      const at = this.#at(key, probe)
      const low = this.#lowAt(at)
      if (low === key.low && this.#words[at + 1] === key.high) return at
      if (low === FREE) return this.#claim(at, low, key) ? at : this.#slotOf(key, stamp)
      if (((this.#words[at + 2] ?? 0) & ~COUNT_MASK) !== stamp) replaceable = at
    }
    this.#claim(replaceable, this.#lowAt(replaceable), key)
    return replaceable
  }

  #at({ low }: PeerKey, probe: number): number {
    return 1 + ((low + probe) & (SLOTS - 1)) * WORDS
  }

  #lowAt(at: number): number {
    let low = Atomics.load(this.#words, at)
    // A thread that ended while it wrote leaves the slot so.
    for (let spins = 0; low === BUSY && spins < MAX_SPINS; spins++) low = Atomics.load(this.#words, at)
    return low
  }

  #claim(at: number, seen: number, key: PeerKey): boolean {
    const words = this.#words
    if (seen === BUSY || Atomics.compareExchange(words, at, seen, BUSY) !== seen) return false
    words[at + 1] = key.high
    Atomics.store(words, at + 2, 0)
    Atomics.store(words, at, key.low)
    return true
  }
}
