import { performance } from 'node:perf_hooks'

/** Share of a thread that never catches up with its other work which writing to viewers may still take. */
const BUSY_SHARE = 0.03
/** A thread that has had nothing to do for so much of the time has caught up. What polls take comes to less. */
const IDLE_SHARE = 0.1
/** How long may be written at a stretch. */
const MAX_CREDIT_MS = 20

/** What a pace goes by, ms. */
export interface ThreadClock {
  readonly nowMs: () => number
  /** How long this thread has had nothing to do. */
  readonly idleMs: () => number
  /** Processor time of the process. */
  readonly cpuMs: () => number
}

const thisThread: ThreadClock = {
  nowMs: () => performance.now(),
  idleMs: () => performance.eventLoopUtilization().idle,
  cpuMs: () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  },
}

/**
 * How much of its thread the writing to viewers may take: all, if the thread has caught up with what else there was to
 * do in between, and three percent if it does not. Then viewers lose events and are told so, but no packet is lost for them.
 */
export class Pace {
  readonly #clock: ThreadClock
  #creditMs = MAX_CREDIT_MS
  /** The clock when the last writing was over. */
  #atMs: number
  #idleAtMs: number
  #cpuAtMs: number

  constructor(clock = thisThread) {
    this.#clock = clock
    this.#atMs = clock.nowMs()
    this.#idleAtMs = clock.idleMs()
    this.#cpuAtMs = clock.cpuMs()
  }

  /** Whether there is time to write now. */
  get hasTime(): boolean {
    return this.#credit() > 0
  }

  /** Write, and pay for the time that it takes. */
  spend(write: () => void): void {
    this.#creditMs = this.#credit()
    this.#atMs = this.#clock.nowMs()
    this.#cpuAtMs = this.#clock.cpuMs()
    write()
    this.#creditMs -= this.#workedMs()
    this.#atMs = this.#clock.nowMs()
    this.#cpuAtMs = this.#clock.cpuMs()
    this.#idleAtMs = this.#clock.idleMs()
  }

  #credit(): number {
    const idleMs = this.#clock.idleMs() - this.#idleAtMs
    if (idleMs > IDLE_SHARE * (this.#clock.nowMs() - this.#atMs)) return MAX_CREDIT_MS
    return Math.min(MAX_CREDIT_MS, this.#creditMs + BUSY_SHARE * this.#workedMs())
  }

  /** Neither time in which other programs had the processor counts, nor what other threads did meanwhile. */
  #workedMs(): number {
    return Math.min(this.#clock.nowMs() - this.#atMs, this.#clock.cpuMs() - this.#cpuAtMs)
  }
}
