import { z } from 'zod'
import type { AppMiddleware } from '../context.ts'
import { answer, envelope } from '../envelope.ts'
import { RouteTable } from '../route-table.ts'

const counts = z.object({
  matched: z.int().describe('Events that passed the filter: sent + dropped + waiting'),
  sent: z.int(),
  dropped: z.object({ queue: z.int(), rate: z.int() }),
})

const viewer = counts.extend({
  id: z.string().describe('Unique while the server runs'),
  remote: z.string().describe('Address and port'),
  user: z.string().optional().describe('Absent on the node endpoint'),
  filter: z.string().describe('As a query string'),
  format: z.enum(['json', 'block']),
  payload: z.boolean(),
  connected_at: z.int().describe('Milliseconds since 1970'),
  waiting: z.int(),
  buffered_bytes: z.int(),
})

const stream = counts.extend({
  path: z.string(),
  published: z.int(),
  ring: z.object({ events: z.int(), bytes: z.int() }),
  positions: z
    .array(z.object({ node: z.string(), epoch: z.int(), seq: z.int() }))
    .describe('Newest event of each node'),
  missing: z.int().describe('Events that did not arrive from their node'),
  doubles: z.int().describe('Events that arrived again and were taken out'),
  overload: z.int().describe('Viewers that were ended because all of them held too much'),
  publishedN: z.int().describe('As the original names its counters'),
  droppedBackpressureN: z.int(),
  droppedRateN: z.int(),
  subscribers: z.array(viewer),
})

const node = z.looseObject({ node: z.string(), state: z.enum(['connecting', 'connected', 'down']) })

const status = z.object({
  streams: z.array(stream).describe('One for each endpoint that is on'),
  nodes: z.array(node).describe('Empty where no other nodes are configured'),
})
export type StreamStatus = z.infer<typeof status>

/** `GET /api/v4/stream/status` for admins: who listens, and what each of them got. */
export function streamStatusRoutes(login: AppMiddleware, read: () => StreamStatus): RouteTable {
  const table = new RouteTable(login)
  table.add(
    'get',
    '/api/v4/stream/status',
    {
      summary: 'Viewers of the live stream with their counters, and the nodes it comes from',
      access: 'admins',
      replies: { 200: { description: 'State at this moment', schema: envelope(status) } },
    },
    (ctx) => answer(ctx, 200, read()),
  )
  return table
}
