import { z } from 'zod'
import type { Session } from '../../auth/sessions.ts'
import { type AppContext, type AppMiddleware, sessionOf } from '../context.ts'
import { envelope } from '../envelope.ts'
import { answerLines, NDJSON } from '../ndjson.ts'
import { RouteTable } from '../route-table.ts'
import {
  leaving,
  refusalOf,
  type SearchOptions,
  type SearchAnswer,
  type SearchSource,
  storeOf,
  withoutPayload,
} from '../stored-rows.ts'

/** Schemas that the store checks the bodies with; all know `with_payload`. */
export interface SearchBodies {
  readonly search: z.ZodType
  readonly messages: z.ZodType
  readonly calls: z.ZodType
}

/** Why somebody gets no payloads. */
const MAY_NOT = 'coordinator.stored_payload'

const rowsReply = envelope(
  z.object({
    items: z.array(z.record(z.string(), z.unknown())).describe('Rows; their members are in `keys`'),
    keys: z.array(z.string()),
  }),
)

/**
 * `POST /api/v4/transactions/search`, `/messages` and `/calls`; without a store each answers 503. A client that accepts
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
  const add = (kind: keyof SearchBodies, summary: string): void => {
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
        const question = mayReadPayload(sessionOf(ctx)) ? ctx.request.body : withoutPayload(ctx.request.body, MAY_NOT)
        const ask = (options: SearchOptions): Promise<SearchAnswer> => source[kind](question, options)
        if (ctx.accepts('application/json', NDJSON) === NDJSON) await answerLines(ctx, ask)
        else await answerWhole(ctx, ask)
      },
    )
  }
  add('search', 'Stored rows that match, newest first')
  add('messages', 'Stored rows of some calls, oldest first')
  add('calls', 'Stored calls, registrations and other dialogs that match, one row each, newest first')
  return table
}

type Ask = (options: SearchOptions) => Promise<SearchAnswer>

async function answerWhole(ctx: AppContext, ask: Ask): Promise<void> {
  const answer = await ask({ signal: leaving(ctx) })
  if (!answer.ok) throw refusalOf(answer)
  ctx.type = 'application/json'
  ctx.body = answer.json
}
