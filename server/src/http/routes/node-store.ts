import { z } from 'zod'
import type { AppMiddleware } from '../context.ts'
import { AppError } from '../error.ts'
import { answerLines, NDJSON } from '../ndjson.ts'
import { renameNodeOf } from '../node-names.ts'
import { RouteTable } from '../route-table.ts'
import { type SearchAnswer, type SearchOptions, withoutPayload } from '../stored-rows.ts'

/** A kind of question. */
export interface NodeQuestion {
  readonly body: z.ZodType
  /** Its rows have payloads, which `with_payload: false` in the body leaves out. */
  readonly hasPayload: boolean
}

export interface NodeStoreOptions {
  /** What lets coordinators in. */
  readonly guard: AppMiddleware
  /** Name of this node. */
  readonly node: string
  /** Whether payloads go to who shows the token. */
  readonly allowPayload: boolean
  readonly questions: Readonly<Record<string, NodeQuestion>>
  /** How this node's own store answers; undefined without storage. */
  readonly ask:
    | ((question: { readonly kind: string; readonly body: unknown }, options: SearchOptions) => Promise<SearchAnswer>)
    | undefined
}

const query = z.object({
  as: z.string().optional().describe('What the coordinator calls this node'),
})

/**
 * `POST /store/{kind}` on the node's port: what this node itself has stored, for a coordinator. The answer is always
 * NDJSON; `X-Hepscope-Node` is the node's own name, which is in its rows, and `X-Hepscope-Payload-Withheld` names
 * the key of its configuration that keeps payloads from them; both are percent-encoded.
 */
export function nodeStoreRoutes(options: NodeStoreOptions): RouteTable {
  const { guard, node, allowPayload, questions, ask } = options
  const withheldBy = (hasToken: boolean): string | undefined => {
    if (!hasToken) return 'node.token'
    return allowPayload ? undefined : 'node.allow_payload'
  }
  const table = new RouteTable(guard)
  for (const [kind, { body, hasPayload }] of Object.entries(questions)) {
    table.add(
      'post',
      `/store/${kind}`,
      {
        summary: `Rows of this node's own store (${kind}), a line each`,
        access: 'coordinators',
        query,
        body,
        replies: { 200: { description: 'Rows, and last keys and meta', contentType: NDJSON } },
        errors: [404, 503],
      },
      async (ctx) => {
        if (ask === undefined) throw new AppError('not_found', 'This node stores nothing (storage.enable)')
        const { as: name } = ctx.query
        const given = typeof name === 'string' ? renameNodeOf(ctx.request.body, name, node) : ctx.request.body
        const withheld = hasPayload ? withheldBy(ctx.state.nodeRight === 'all') : undefined
        const question = withheld === undefined ? given : withoutPayload(given, withheld)
        ctx.set('X-Hepscope-Node', encodeURIComponent(node))
        if (withheld !== undefined) ctx.set('X-Hepscope-Payload-Withheld', encodeURIComponent(withheld))
        await answerLines(ctx, (how) => ask({ kind, body: question }, how))
      },
    )
  }
  return table
}
