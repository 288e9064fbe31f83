import { z } from 'zod'
import type { AppMiddleware } from '../context.ts'
import { answer, envelope } from '../envelope.ts'
import { RouteTable } from '../route-table.ts'

const publicConfig = z.object({
  version: z.string(),
  node: z.string(),
  listeners: z.array(z.object({ transport: z.string(), host: z.string(), port: z.int() })),
  stream: z.object({ enabled: z.boolean(), allowPayload: z.boolean(), historyLimit: z.int() }),
  storage: z.object({ enabled: z.boolean() }),
  login: z.object({
    password: z.boolean(),
    oidc: z.object({ label: z.string(), url: z.string() }).optional().describe('Absent: no OpenID provider'),
  }),
})

/** What a page needs before anyone has logged in. */
export type PublicConfig = z.infer<typeof publicConfig>

/** `GET /api/config` for everybody and `GET /api/v4/stats` for users. */
export function statusRoutes(login: AppMiddleware, config: () => PublicConfig, stats: () => object): RouteTable {
  const table = new RouteTable(login)
  table.add(
    'get',
    '/api/config',
    {
      summary: 'What the web app needs before anybody has logged in',
      access: 'everybody',
      replies: { 200: { description: 'The settings', schema: envelope(publicConfig) } },
    },
    (ctx) => answer(ctx, 200, config()),
  )
  table.add(
    'get',
    '/api/v4/stats',
    {
      summary: 'Figures of the status line',
      access: 'users',
      replies: {
        200: {
          description: 'Counters since the start',
          schema: envelope(z.looseObject({ packetsReceived: z.record(z.string(), z.number()) })),
        },
      },
    },
    (ctx) => answer(ctx, 200, stats()),
  )
  return table
}
