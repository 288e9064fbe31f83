import { z } from 'zod'
import type { Session } from '../../auth/sessions.ts'
import { readBody } from '../body.ts'
import { type AppMiddleware, sessionOf } from '../context.ts'
import { envelope } from '../envelope.ts'
import { AppError } from '../error.ts'
import type { Logger } from '../../log.ts'
import { RouteTable } from '../route-table.ts'
import { leaving, refusalOf, type SearchAnswer, storeOf } from '../stored-rows.ts'

/** The part of a store that answers SQL. */
export interface SqlSource {
  query(request: unknown, options: { readonly signal: AbortSignal }): Promise<SearchAnswer>
}

const rowsReply = envelope(
  z.object({ items: z.array(z.record(z.string(), z.unknown())), keys: z.array(z.string()).describe('Columns') }),
)

/** SQL is for the tables of this server: what would have to be put together of several answers depends on the SQL. */
const NOT_ASKED = 'SQL is answered by the server that is asked, from its own tables'

/**
 * `POST /api/v4/query` (admins): one SELECT over the stored tables. Every question is logged with who asked it.
 *
 * @param otherNodes nodes whose rows a search would find; the answer says that they were not asked
 * @param mayReadPayload who may read payloads: SQL cannot be kept from them, so it is for nobody else
 */
export function queryRoutes(
  login: AppMiddleware,
  store: SqlSource | undefined,
  otherNodes: readonly string[],
  body: z.ZodType<{ readonly sql: string }>,
  mayReadPayload: (session: Session) => boolean,
  log: Logger,
): RouteTable {
  const table = new RouteTable(login)
  table.add(
    'post',
    '/api/v4/query',
    {
      summary: 'Rows that a SELECT gives; no file, network, setting or extension can be reached by it',
      access: 'admins',
      body,
      replies: { 200: { description: 'Rows', schema: rowsReply } },
      errors: [503],
    },
    async (ctx) => {
      const session = sessionOf(ctx)
      const source = storeOf(store)
      if (!mayReadPayload(session)) {
        throw new AppError('forbidden', 'SQL is only for those who may read payloads (coordinator.stored_payload)')
      }
      const question = readBody(ctx, body)
      log.info({ username: session.username, sql: question.sql }, 'SQL query')
      const answer = await source.query(question, { signal: leaving(ctx) })
      if (!answer.ok) throw refusalOf(answer)
      ctx.type = 'application/json'
      ctx.body = otherNodes.length === 0 ? answer.json : withNotAsked(answer.json, otherNodes)
    },
  )
  return table
}

/** The answer with nodes in its meta, which stands at its end. */
function withNotAsked(json: Buffer, names: readonly string[]): Buffer {
  const nodes = names.map((name) => ({ name, state: 'not-asked', rows: 0, reason: NOT_ASKED }))
  return Buffer.concat([json.subarray(0, -'}}'.length), Buffer.from(`,"nodes":${JSON.stringify(nodes)}}}`)])
}
