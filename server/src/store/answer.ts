import type { DuckDBResult } from '@duckdb/node-api'
import type { Plan } from './query.ts'
import type { FieldFault, TimeRange } from './search-request.ts'

/** What a search comes to. */
export type StoreAnswer =
  /** The whole body, JSON in UTF-8; without rows, `{keys, meta}`, if those were handed over before. */
  | { readonly ok: true; readonly json: Buffer }
  | {
      readonly ok: false
      /** `invalid`: the request is wrong. `unavailable`: it may be asked again. */
      readonly kind: 'invalid' | 'unavailable'
      readonly message: string
      readonly fields?: readonly FieldFault[]
    }

/** How somebody wants to be answered. */
export interface AskOptions {
  /** Ends the search; the answer is `unavailable` then. */
  readonly signal?: AbortSignal
  /** Gets the rows in pages as they are found, in the order of the answer: a JSON text and a line end for each. */
  readonly onRows?: (lines: Buffer) => void
}

/** What no search can find now. */
export interface Incomplete {
  /**
   * `replay`: the log of an earlier run is being read back. `behind`: rows come faster than they are inserted.
   * `lake`: the lake cannot be reached, so only rows that are not in it yet are found.
   */
  readonly reason: 'replay' | 'behind' | 'lake'
  /** Bytes of the log that are still to come. */
  readonly pending_bytes: number
}

export interface AnswerMeta {
  readonly requestId: string
  readonly time: TimeRange
  readonly tookMs: number
  readonly incomplete: Incomplete | undefined
}

/** Rows that are handed over in one go; reading so many holds up a thread for a few milliseconds. */
export const PAGE_ROWS = 256

/** What a step of a plan gives. */
export interface AnswerRow {
  readonly json: string
  readonly tsUs: number
  readonly epoch: number
  readonly seq: number
}

/** Rows of a statement as `Step` describes it. A part at a time: a big answer must not hold up the log. */
export async function readRows(result: DuckDBResult): Promise<AnswerRow[]> {
  const rows: AnswerRow[] = []
  for await (const chunk of result) {
    for (const [json, tsUs, epoch, seq] of chunk.getRows()) {
      rows.push({ json: String(json), tsUs: Number(tsUs), epoch: Number(epoch), seq: Number(seq) })
    }
  }
  return rows
}

/** Collects the rows of the steps of a plan, in the order of the plan. */
export class Answer {
  readonly #plan: Plan
  #rows: AnswerRow[] = []
  #takenCount = 0

  constructor(plan: Plan) {
    this.#plan = plan
  }

  /** True if rows that are not newer than `maxTsUs` cannot change the answer any more. */
  isComplete(maxTsUs: number): boolean {
    const next = this.#rows[this.#plan.limit - this.#takenCount]
    return next !== undefined && this.#plan.isNewestFirst && next.tsUs > maxTsUs
  }

  add(rows: readonly AnswerRow[]): void {
    // Not spread: there may be more than a call takes arguments.
    for (const row of rows) this.#rows.push(row)
    const sign = this.#plan.isNewestFirst ? -1 : 1
    this.#rows.sort((a, b) => sign * (a.tsUs - b.tsUs || a.epoch - b.epoch || a.seq - b.seq))
    this.#rows.length = Math.min(this.#rows.length, this.#plan.limit + 1 - this.#takenCount)
  }

  /**
   * Take out the rows that stay where they are, whatever later steps bring.
   *
   * @param nextTsUs no row of a later step is newer; undefined if there is none
   */
  takeFinal(nextTsUs: number | undefined): string[] {
    const most = this.#plan.limit - this.#takenCount
    const open = nextTsUs === undefined ? -1 : this.#rows.findIndex(({ tsUs }) => tsUs <= nextTsUs)
    const taken = this.#rows.splice(0, Math.min(most, open < 0 ? this.#rows.length : open))
    this.#takenCount += taken.length
    return taken.map(({ json }) => json)
  }

  /** The body of the answer, with the rows that were not taken out. */
  format(about: AnswerMeta): Buffer {
    const { keys, limit } = this.#plan
    const items = this.#rows.slice(0, limit).map(({ json }) => json)
    const meta = this.#meta(about, items.length)
    return Buffer.from(
      `{"data":{"items":[${items.join(',')}],"keys":${JSON.stringify(keys)}},"meta":${JSON.stringify(meta)}}`,
    )
  }

  /** What is to be said behind rows that were all taken out. */
  formatEnd(about: AnswerMeta): Buffer {
    return Buffer.from(JSON.stringify({ keys: this.#plan.keys, meta: this.#meta(about, this.#takenCount) }))
  }

  #meta({ requestId, time, tookMs, incomplete }: AnswerMeta, total: number): object {
    const { limit } = this.#plan
    const hasMore = this.#takenCount + this.#rows.length > limit
    return {
      request_id: requestId,
      total,
      has_more: hasMore,
      pagination: { limit, total, has_more: hasMore },
      ...(Object.keys(time).length > 0 ? { time_range: time } : {}),
      took_ms: Math.round(tookMs * 10) / 10,
      ...(incomplete !== undefined && { incomplete }),
    }
  }
}
