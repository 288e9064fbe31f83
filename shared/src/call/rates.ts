import type { CallTotals } from './counters.ts'

/** What happened in one second. */
export interface SecondFigures {
  /** Events of every kind. */
  readonly events: number
  /** New calls. */
  readonly calls: number
  readonly answered: number
  readonly failed: number
  /** Calls running at its end. */
  readonly running: number
}

const NONE: SecondFigures = { events: 0, calls: 0, answered: 0, failed: 0, running: 0 }
const SECOND_US = 1_000_000

/** Turns growing totals into figures per second, and keeps those of the last while. */
export class CallRates {
  readonly #keep: number
  #seconds: readonly SecondFigures[] = []
  #before: CallTotals | undefined
  #closedUs = 0

  /** @param keep how many seconds are kept, at least 1 */
  constructor(keep = 60) {
    this.#keep = keep
  }

  /** The last whole second. */
  get last(): SecondFigures {
    return this.#seconds.at(-1) ?? NONE
  }

  /** Oldest first; a new array after each second. */
  get seconds(): readonly SecondFigures[] {
    return this.#seconds
  }

  /**
   * Close the seconds that have passed. Call it as often as you like.
   *
   * A pause longer than a second is spread evenly over its seconds. After one longer than what is kept, and after a
   * clock was set back, the figures begin anew.
   *
   * @param nowUs clock, microseconds since 1970
   * @returns true if a second was closed
   */
  update(nowUs: number, totals: CallTotals): boolean {
    const before = this.#before
    const passed = Math.floor((nowUs - this.#closedUs) / SECOND_US)
    if (before !== undefined && passed === 0) return false
    this.#before = pick(totals)
    if (before === undefined || passed < 0 || passed > this.#keep) {
      this.#closedUs = nowUs
      this.#seconds = []
      return false
    }
    this.#closedUs += passed * SECOND_US
    // A call that failed at first and then went on is taken back from the totals, so a difference may be negative.
    const perSecond = (a: number, b: number): number => Math.max(0, Math.round((a - b) / passed))
    const figures: SecondFigures = {
      events: perSecond(totals.events, before.events),
      calls: perSecond(totals.calls, before.calls),
      answered: perSecond(totals.answered, before.answered),
      failed: perSecond(totals.failed, before.failed),
      running: totals.running,
    }
    const added = Array.from({ length: passed }, () => figures)
    this.#seconds = [...this.#seconds, ...added].slice(-this.#keep)
    return true
  }
}

function pick(totals: CallTotals): CallTotals {
  const { events, retransmissions, calls, answered, failed, running, peakRunning, missing } = totals
  return { events, retransmissions, calls, answered, failed, running, peakRunning, missing }
}
