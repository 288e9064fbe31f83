import { FuzzRandom } from './mutations.ts'
import { FuzzTarget } from './target.ts'

/** The clock costs more than most packets do, so it is looked at once in so many. */
const BATCH = 16
/** A packet that takes longer is slow. */
const SLOW_MS = 250
const TRIES = 20

/** Finds packets that take long, whatever else the machine has to do meanwhile. */
export class SlowCheck {
  readonly #recent: Uint8Array[] = []
  #startMs = performance.now()

  /** Packets not timed begin anew, e.g. after a pause. */
  restart(): void {
    this.#recent.length = 0
    this.#startMs = performance.now()
  }

  /**
   * Note a packet that was just taken.
   *
   * @returns what is wrong with one of the last few; a batch that took long is tried again, packet by packet
   */
  add(packet: Uint8Array): string | undefined {
    this.#recent.push(packet.slice())
    if (this.#recent.length < BATCH) return undefined
    const isLong = performance.now() - this.#startMs > SLOW_MS
    const slow = isLong ? this.#recent.find(isSlow) : undefined
    this.restart()
    return slow && `a packet takes over ${SLOW_MS} ms: ${Buffer.from(slow).toString('hex')}`
  }
}

/** Whether it takes long each time: a thread that others crowd out seems slow as well, but not always. */
function isSlow(packet: Uint8Array): boolean {
  for (let tries = 0; tries < TRIES; tries++) {
    const target = new FuzzTarget(new FuzzRandom(1))
    const startMs = performance.now()
    target.take(packet)
    target.finish()
    if (performance.now() - startMs <= SLOW_MS) return false
  }
  return true
}
