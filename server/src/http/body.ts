import type { z } from 'zod'
import type { AppContext } from './context.ts'
import { AppError } from './error.ts'

/**
 * The request's JSON body as a schema describes it.
 *
 * @throws AppError 400 that names every field that is wrong
 */
export function readBody<T>(ctx: AppContext, schema: z.ZodType<T>): T {
  const result = schema.safeParse(ctx.request.body ?? {})
  if (result.success) return result.data
  const fields = result.error.issues.map((issue) => ({
    field: issue.path.map(String).join('.'),
    message: issue.message,
  }))
  throw new AppError(
    'invalid_argument',
    fields.map(({ field, message }) => `${field || 'body'}: ${message}`).join('; '),
    fields,
  )
}
