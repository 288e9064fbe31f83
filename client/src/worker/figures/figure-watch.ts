import type { Call } from '@hepscope/shared/call/call.ts'
import { type Figures, FigureSums } from '@hepscope/shared/figures/figures.ts'

/** Minutes over which figures can be taken. */
export const FIGURE_WINDOWS = [5, 15, 60] as const
export type FigureWindow = (typeof FIGURE_WINDOWS)[number]

const MINUTE_US = 60_000_000
const MAX_MINUTES = 60

/**
 * Figures of the calls that began in the last minutes: of those that are known, as they are now, and of those that had
 * to make room, as they were then.
 */
export class FigureWatch {
  /** Sums of calls that are no longer known, by minute of their start. */
  readonly #gone = new Map<number, FigureSums>()

  /** A call is forgotten. */
  noteRemoved(call: Call): void {
    const minute = Math.floor(call.firstUs / MINUTE_US)
    let sums = this.#gone.get(minute)
    if (sums === undefined) {
      sums = new FigureSums()
      this.#gone.set(minute, sums)
      if (this.#gone.size > MAX_MINUTES) this.#gone.delete(Math.min(...this.#gone.keys()))
    }
    sums.add(call)
  }

  /**
   * @param calls all that are known
   * @param nowUs clock of capture, microseconds since 1970
   */
  figures(calls: Iterable<Call>, nowUs: number, minutes: FigureWindow): Figures {
    const firstMinute = Math.floor(nowUs / MINUTE_US) - minutes + 1
    const sums = new FigureSums()
    for (const call of calls) if (call.firstUs >= firstMinute * MINUTE_US) sums.add(call)
    for (const [minute, gone] of this.#gone) if (minute >= firstMinute) sums.addAll(gone)
    return sums.figures()
  }
}
