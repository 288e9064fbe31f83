import type { DuckDBMaterializedResult } from '@duckdb/node-api'
import type { Query } from './query.ts'
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

/**
 * Body of an answer.
 *
 * @param result of `query`; undefined if there was nothing to ask
 */
export async function formatAnswer(
  query: Query | undefined,
  result: DuckDBMaterializedResult | undefined,
  meta: () => AnswerMeta,
): Promise<Buffer> {
  const limit = query?.limit ?? 0
  const parts: string[] = []
  const chunkCount = result?.chunkCount ?? 0
  let count = 0
  for (let i = 0; i < chunkCount; i++) {
    const vector = result?.getChunk(i).getColumnVector(0)
    const rows = vector?.itemCount ?? 0
    for (let row = 0; row < rows && count < limit; row++, count++) {
      parts.push(count === 0 ? '' : ',', String(vector?.getItem(row)))
    }
    // A big answer must not hold up the log.
    if (i + 1 < chunkCount) await new Promise((resolve) => setImmediate(resolve))
  }
  const hasMore = (result?.rowCount ?? 0) > limit
  const { requestId, time, tookMs } = meta()
  const tail = {
    request_id: requestId,
    total: count,
    has_more: hasMore,
    pagination: { limit, total: count, has_more: hasMore },
    ...(Object.keys(time).length > 0 ? { time_range: time } : {}),
    took_ms: Math.round(tookMs * 10) / 10,
  }
  const keys = JSON.stringify(query?.keys ?? [])
  return Buffer.from(`{"data":{"items":[${parts.join('')}],"keys":${keys}},"meta":${JSON.stringify(tail)}}`)
}
