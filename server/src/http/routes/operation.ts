import type { Registry } from 'prom-client'
import { z } from 'zod'
import type { AppMiddleware } from '../context.ts'
import { RouteTable } from '../route-table.ts'

const health = z.object({
  module: z.enum(['node', 'coordinator']),
  nodes: z.int().describe('Nodes whose events are here'),
  status: z.enum(['ok', 'degraded']),
  version: z.string(),
  problems: z.array(z.string()).readonly().describe('What is not as it should be, one sentence each'),
  notes: z.array(z.string()).readonly().describe('What is going on and will be over by itself'),
})
const healthOperation = {
  summary: 'Is everything as it should be?',
  access: 'everybody',
  replies: { 200: { description: 'The state', schema: health } },
} as const

export type Health = Pick<z.infer<typeof health>, 'status' | 'version' | 'nodes' | 'problems' | 'notes'>

/** `/health` and `/metrics`, the same on both ports. */
export function operationRoutes(module: 'node' | 'coordinator', health: () => Health, metrics: Registry): RouteTable {
  const table = new RouteTable()
  const answer: AppMiddleware = (ctx) => {
    ctx.body = { module, ...health() }
  }
  table.add('get', '/health', healthOperation, answer)
  if (module === 'coordinator') table.add('get', '/api/v4/health', healthOperation, answer)
  table.add(
    'get',
    '/metrics',
    {
      summary: 'Metrics for Prometheus',
      access: 'everybody',
      replies: { 200: { description: 'The metrics', contentType: 'text/plain' } },
    },
    async (ctx) => {
      ctx.type = metrics.contentType
      ctx.body = await metrics.metrics()
    },
  )
  return table
}
