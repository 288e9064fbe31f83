import { z } from 'zod'

/** What an API client did wrong, or what we cannot do for it now. Each code has one HTTP status. */
export type ErrorCode =
  | 'invalid_argument'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'too_large'
  | 'too_many_requests'
  | 'unavailable'

const STATUS: Readonly<Record<ErrorCode, number>> = {
  invalid_argument: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  too_large: 413,
  too_many_requests: 429,
  unavailable: 503,
}
const TITLE: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  426: 'Upgrade Required',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}
/** Types of the original's envelope; what it has no type for is `internal`. */
const TYPES: ReadonlyMap<number, string> = new Map([
  [400, 'invalid_argument'],
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [404, 'not_found'],
])

/** Schema of the envelope that every error of the v4 API comes in. */
export const errorSchema = z.object({
  error: z.object({
    type: z.string().describe('URI of the kind of error'),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('What is wrong, for people'),
    errors: z
      .array(
        z.object({ field: z.string(), message: z.string(), at: z.int().optional().describe('Offset in the text') }),
      )
      .optional(),
  }),
})

export interface FieldFault {
  readonly field: string
  readonly message: string
  /** Where in the text of the field, in UTF-16 units. */
  readonly at?: number
}

/** An error whose message is meant for the API client. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  readonly status: number
  readonly fields: readonly FieldFault[]

  constructor(code: ErrorCode, detail: string, fields: readonly FieldFault[] = []) {
    super(detail)
    this.code = code
    this.status = STATUS[code]
    this.fields = fields
  }
}

/** The error envelope of the v4 API. */
export function errorBody(status: number, detail: string, fields: readonly FieldFault[] = []): object {
  const type = TYPES.get(status) ?? 'internal'
  const title = TITLE[status] ?? 'Error'
  const errors = fields.length > 0 ? { errors: fields } : {}
  return { error: { type: `https://api.homer/errors/${type}`, title, status, detail, ...errors } }
}
