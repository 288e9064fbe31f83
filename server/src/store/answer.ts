import type { DuckDBMaterializedResult } from '@duckdb/node-api'
import type { Plan } from './query.ts'
import type { FieldFault, TimeRange } from './search-request.ts'

/** What a search comes to. */
export type StoreAnswer =
  /** The whole body, JSON in UTF-8. */
  | { readonly ok: true; readonly json: Buffer }
  | {
      readonly ok: false
      /** `invalid`: the request is wrong. `unavailable`: it may be asked again. */
      readonly kind: 'invalid' | 'unavailable'
      readonly message: string
      readonly fields?: readonly FieldFault[]
    }

export interface AnswerMeta {
  readonly requestId: string
  readonly time: TimeRange
  readonly tookMs: number
}

interface AnswerRow {
  readonly json: string
  readonly tsUs: number
  readonly epoch: number
  readonly seq: number
}

/** Collects the rows of the steps of a plan, in the order of the plan. */
export class Answer {
  readonly #plan: Plan
  #rows: AnswerRow[] = []

  constructor(plan: Plan) {
    this.#plan = plan
  }

  /** True if rows that are not newer than `maxTsUs` cannot change the answer any more. */
  isComplete(maxTsUs: number): boolean {
    const next = this.#rows[this.#plan.limit]
    return next !== undefined && this.#plan.isNewestFirst && next.tsUs > maxTsUs
  }

  async add(result: DuckDBMaterializedResult): Promise<void> {
    for (let i = 0; i < result.chunkCount; i++) {
      for (const [json, tsUs, epoch, seq] of result.getChunk(i).getRows()) {
        this.#rows.push({ json: String(json), tsUs: Number(tsUs), epoch: Number(epoch), seq: Number(seq) })
      }
      // A big answer must not hold up the log.
      await new Promise((resolve) => setImmediate(resolve))
    }
    const sign = this.#plan.isNewestFirst ? -1 : 1
    this.#rows.sort((a, b) => sign * (a.tsUs - b.tsUs || a.epoch - b.epoch || a.seq - b.seq))
    this.#rows.length = Math.min(this.#rows.length, this.#plan.limit + 1)
  }

  /** The body of the answer. */
  format({ requestId, time, tookMs }: AnswerMeta): Buffer {
    const { keys, limit } = this.#plan
    const items = this.#rows.slice(0, limit).map(({ json }) => json)
    const hasMore = this.#rows.length > limit
    const meta = {
      request_id: requestId,
      total: items.length,
      has_more: hasMore,
      pagination: { limit, total: items.length, has_more: hasMore },
      ...(Object.keys(time).length > 0 ? { time_range: time } : {}),
      took_ms: Math.round(tookMs * 10) / 10,
    }
    return Buffer.from(
      `{"data":{"items":[${items.join(',')}],"keys":${JSON.stringify(keys)}},"meta":${JSON.stringify(meta)}}`,
    )
  }
}
