/**
 * What one more sight of a message is: `first`; `retransmission`, the sender sent it again; or `copy`, a second
 * observer, or the same one twice, saw a sending that is counted already.
 */
export type Sight = 'first' | 'retransmission' | 'copy'

/**
 * Two sights by one observer that are closer than this are one sending: a capture on every interface sees a packet
 * more than once. A tenth of T1, which RFC 3261 has at 500 ms.
 */
export const SAME_SENDING_US = 50_000

/** Most sights that are remembered: sendings times observers. */
export const MAX_SIGHTS = 64

/** Two numbers for each sight: the fingerprint, and time and observer in one. */
const STRIDE = 2
/** 12 bits of observer below 32 of milliseconds since the first sight, plus 2^31. */
const OBSERVER = 0x1000
const TIME_ZERO = 0x8000_0000
const TIME_END = 0xffff_ffff

/**
 * Tells retransmissions from copies, for the messages of one Call-ID.
 *
 * The n-th sending that one observer saw is the n-th sending, whatever the clocks say; it is a retransmission only if
 * no other observer has seen as many. The answers add up to the same in any order of arrival.
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
    let own = 0
    let isKnown = false
    let others: number[] | undefined
    for (let i = 0; i < sights.length; i += STRIDE) {
      if (sights[i] !== fingerprint) continue
      isKnown = true
      const packed = sights[i + 1] ?? 0
      const who = packed % OBSERVER
      if (who !== observer) (others ??= []).push(who)
      else if (Math.abs(ms - (packed - who) / OBSERVER) * 1000 < SAME_SENDING_US) return 'copy'
      else own++
    }
    this.#remember(fingerprint, ms * OBSERVER + observer)
    if (!isKnown) return 'first'
    return others === undefined || own >= mostOfOne(others) ? 'retransmission' : 'copy'
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

/** How often the number is there that is there most often. */
function mostOfOne(numbers: readonly number[]): number {
  let most = 0
  for (const number of numbers) {
    let count = 0
    for (const other of numbers) if (other === number) count++
    if (count > most) most = count
  }
  return most
}
