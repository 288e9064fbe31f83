import { PassThrough } from 'node:stream'
import { z } from 'zod'
import type { Session } from '../../auth/sessions.ts'
import { type AppContext, type AppMiddleware, sessionOf } from '../context.ts'
import { envelope } from '../envelope.ts'
import { AppError, errorBody } from '../error.ts'
import { RouteTable } from '../route-table.ts'
import {
  leaving,
  refusalOf,
  type SearchOptions,
  type SearchAnswer,
  type SearchSource,
  storeOf,
} from '../stored-rows.ts'

/** Schemas that the store checks the bodies with; both know `with_payload`. */
export interface SearchBodies {
  readonly search: z.ZodType
  readonly messages: z.ZodType
}

const NDJSON = 'application/x-ndjson'

const rowsReply = envelope(
  z.object({
    items: z.array(z.record(z.string(), z.unknown())).describe('Rows; their members are in `keys`'),
    keys: z.array(z.string()),
  }),
)

/**
 * `POST /api/v4/transactions/search` and `/messages`; without a store each answers 503. A client that accepts
 * `application/x-ndjson` and not JSON gets a row a line as they are found, and last `{keys, meta}` or `{error}`.
 *
 * @param mayReadPayload who gets payloads; others get rows without, and may not search in them
 */
export function searchRoutes(
  login: AppMiddleware,
  store: SearchSource | undefined,
  bodies: SearchBodies,
  mayReadPayload: (session: Session) => boolean,
): RouteTable {
  const table = new RouteTable(login)
  const add = (kind: 'search' | 'messages', summary: string): void => {
    table.add(
      'post',
      `/api/v4/transactions/${kind}`,
      {
        summary: `${summary}; with Accept: ${NDJSON} a row a line as they are found`,
        access: 'users',
        body: bodies[kind],
        replies: { 200: { description: 'Rows', schema: rowsReply } },
        errors: [503],
      },
      async (ctx) => {
        const source = storeOf(store)
        const question = mayReadPayload(sessionOf(ctx)) ? ctx.request.body : withoutPayload(ctx.request.body)
        const ask = (options: SearchOptions): Promise<SearchAnswer> => source[kind](question, options)
        if (ctx.accepts('application/json', NDJSON) === NDJSON) await answerLines(ctx, ask)
        else await answerWhole(ctx, ask)
      },
    )
  }
  add('search', 'Stored rows that match, newest first')
  add('messages', 'Stored rows of some calls, oldest first')
  return table
}

type Ask = (options: SearchOptions) => Promise<SearchAnswer>

async function answerWhole(ctx: AppContext, ask: Ask): Promise<void> {
  const answer = await ask({ signal: leaving(ctx) })
  if (!answer.ok) throw refusalOf(answer)
  ctx.type = 'application/json'
  ctx.body = answer.json
}

/** The rows wait in memory for a slow client, as those of a whole answer do; the limit of the request bounds them. */
async function answerLines(ctx: AppContext, ask: Ask): Promise<void> {
  const lines = new PassThrough()
  const signal = leaving(ctx)
  let asked: Promise<SearchAnswer> | undefined
  // Until the first row an error can still be one of HTTP.
  const early = await new Promise<SearchAnswer | undefined>((resolve) => {
    asked = ask({
      signal,
      onRows: (page) => {
        lines.write(page)
        resolve(undefined)
      },
    })
    void asked.then(resolve)
  })
  if (early?.ok === false) throw refusalOf(early)
  ctx.type = NDJSON
  ctx.body = lines
  void asked?.then((answer) => {
    const end = answer.ok ? answer.json.toString() : JSON.stringify(errorBody(503, answer.message))
    lines.end(`${end}\n`)
  })
}

/** The same question for somebody who may not see payloads; asking for them with a filter would tell what is in them. */
function withoutPayload(body: unknown): unknown {
  if (!isRecord(body)) return body
  if (isRecord(body.filter) && (body.filter.payload ?? '') !== '') {
    throw new AppError('forbidden', 'You may not search in payloads (coordinator.stored_payload)')
  }
  return { ...body, with_payload: false }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
