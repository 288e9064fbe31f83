import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { PROTOCOL_TYPE } from '@hepscope/shared/hep/chunks.ts'

/** Seconds that are kept. */
export const RATE_SECONDS = 600

/** Requests by method, the six common ones by name, and answers by class. */
export const RATE_NAMES = [
  'INVITE',
  'REGISTER',
  'OPTIONS',
  'SUBSCRIBE',
  'BYE',
  'other',
  '1xx',
  '2xx',
  '3xx',
  '4xx',
  '5xx',
  '6xx',
] as const
export type RateName = (typeof RATE_NAMES)[number]

const OTHER = RATE_NAMES.indexOf('other')
const FIRST_CLASS = RATE_NAMES.indexOf('1xx')

/** Events per second by method and class, for the last ten minutes. */
export interface RateSeries {
  /** Second since 1970 of the first value. */
  readonly firstSecond: number
  /** `RATE_SECONDS` values each. */
  readonly values: Readonly<Record<RateName, Float64Array>>
}

/** Counts SIP events by second, method and class of answer. */
export class RateWatch {
  readonly #counts = RATE_NAMES.map(() => new Float64Array(RATE_SECONDS))
  /** Second of the newest slot. */
  #last = 0

  /** @param fromRow rows before it were counted already */
  note(block: EventBlock, fromRow: number): void {
    const second = Math.floor(block.sealedUs / 1_000_000)
    this.#advance(second)
    if (second <= this.#last - RATE_SECONDS) return
    const at = second % RATE_SECONDS
    for (let row = fromRow; row < block.count; row++) {
      if (block.proto[row] !== PROTOCOL_TYPE.sip) continue
      const counts = this.#counts[this.#place(block, row)]
      if (counts !== undefined) counts[at] = (counts[at] ?? 0) + 1
    }
  }

  /** The whole seconds before `second`, oldest first. */
  series(second: number): RateSeries {
    this.#advance(second)
    const firstSecond = second - RATE_SECONDS
    const values = this.#counts.map((counts) =>
      Float64Array.from({ length: RATE_SECONDS }, (_, i) => {
        const at = firstSecond + i
        return at > this.#last || at <= this.#last - RATE_SECONDS ? 0 : (counts[at % RATE_SECONDS] ?? 0)
      }),
    )
    return {
      firstSecond,
      values: Object.fromEntries(RATE_NAMES.map((name, i) => [name, values[i]])) as Record<RateName, Float64Array>,
    }
  }

  #place(block: EventBlock, row: number): number {
    const code = block.statusCode[row] ?? 0
    if (code > 0) return FIRST_CLASS + Math.min(6, Math.max(1, Math.floor(code / 100))) - 1
    const place = RATE_NAMES.indexOf(block.methodName(row) as RateName)
    return place < 0 || place > OTHER ? OTHER : place
  }

  #advance(second: number): void {
    if (second <= this.#last) return
    const steps = Math.min(RATE_SECONDS, second - this.#last)
    for (const counts of this.#counts) {
      for (let i = 0; i < steps; i++) counts[(second - i) % RATE_SECONDS] = 0
    }
    this.#last = second
  }
}
