/**
 * What one more sight of a message is: `first`; `retransmission`, the sender sent it again; or `copy`, a second
 * observer, or the same one twice, saw a sending that is counted already.
 */
export type Sight = 'first' | 'retransmission' | 'copy'

/**
 * Two sights by one observer that are closer than this are one sending: a capture on every interface sees a packet
 * more than once. Half of the shortest T1 that is set in practice; RFC 3261 has 500 ms.
 */
export const SAME_SENDING_US = 50_000

/** Most sights that are remembered: messages times observers. A repeat comes within 32 s, long before so many others. */
export const MAX_SIGHTS = 64

/** Two numbers for each message and observer: the fingerprint, and observer, count and latest time in one. */
const STRIDE = 2
/** 8 bits of count, 12 of observer, 32 of milliseconds since the first sight, plus 2^31. */
const COUNT = 0x100
const TIME = 0x100 * 0x1000
const TIME_ZERO = 0x8000_0000
const TIME_END = 0xffff_ffff

/**
 * Tells retransmissions from copies, for the messages of one Call-ID.
 *
 * The n-th sight by one observer is the n-th sending, whatever the clocks say; it is a retransmission only if no
 * other observer has seen as many. The answers add up to the same in any order of arrival.
 */
export class SightLog {
  readonly #sights: number[] = []
  #zeroUs = -1
  #next = 0

  /**
   * @param fingerprint same for all sendings of one message; see `RowReader.fingerprint`
   * @param observer below 4,096; see `Observers`
   */
  judge(fingerprint: number, observer: number, tsUs: number): Sight {
    if (this.#zeroUs < 0) this.#zeroUs = tsUs
    const ms = Math.max(0, Math.min(TIME_END, Math.round((tsUs - this.#zeroUs) / 1000) + TIME_ZERO))
    const sights = this.#sights
    let own = -1
    let most = 0
    for (let i = 0; i < sights.length; i += STRIDE) {
      if (sights[i] !== fingerprint) continue
      const packed = sights[i + 1] ?? 0
      const count = packed % COUNT
      if (count > most) most = count
      if (((packed % TIME) - count) / COUNT === observer) own = i
    }
    if (own < 0) {
      this.#remember(fingerprint, ms * TIME + observer * COUNT + 1)
      return most === 0 ? 'first' : 'copy'
    }
    const packed = sights[own + 1] ?? 0
    const lastMs = Math.floor(packed / TIME)
    if (Math.abs(ms - lastMs) * 1000 < SAME_SENDING_US) return 'copy'
    const count = packed % COUNT
    const isFull = count === COUNT - 1
    sights[own + 1] = Math.max(ms, lastMs) * TIME + (packed % TIME) + (isFull ? 0 : 1)
    return isFull || count === most ? 'retransmission' : 'copy'
  }

  #remember(fingerprint: number, packed: number): void {
    const sights = this.#sights
    if (sights.length < MAX_SIGHTS * STRIDE) {
      sights.push(fingerprint, packed)
      return
    }
    sights[this.#next] = fingerprint
    sights[this.#next + 1] = packed
    this.#next = (this.#next + STRIDE) % (MAX_SIGHTS * STRIDE)
  }
}
