import { z } from 'zod'
import type { AppContext } from './context.ts'

const meta = z.looseObject({ request_id: z.string() })

/** Schema of an answer of the v4 API: the data, and the id by which the log knows the request. */
export function envelope<T extends z.ZodType>(data: T): z.ZodObject<{ data: T; meta: typeof meta }> {
  return z.object({ data, meta })
}

/** Schema of a list in the envelope. */
export function listEnvelope<T extends z.ZodType>(item: T) {
  return envelope(z.object({ items: z.array(item) }))
}

/** Answer with data in the envelope. */
export function answer(ctx: AppContext, status: number, data: unknown): void {
  ctx.status = status
  ctx.body = { data, meta: { request_id: ctx.state.requestId } }
}

/** Answer with a list in the envelope. */
export function answerList(ctx: AppContext, items: readonly unknown[]): void {
  ctx.body = {
    data: { items },
    meta: {
      request_id: ctx.state.requestId,
      pagination: { limit: items.length, total: items.length, has_more: false },
    },
  }
}
