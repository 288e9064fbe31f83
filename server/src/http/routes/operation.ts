import type { Registry } from 'prom-client'
import { type AppMiddleware, type AppRouter, newRouter } from '../app.ts'

export interface Health {
  readonly status: 'ok' | 'degraded'
  readonly version: string
  /** What is not as it should be, one sentence each. */
  readonly problems: readonly string[]
}

/** `/health` and `/metrics`, the same on both ports. */
export function operationRoutes(module: 'node' | 'coordinator', health: () => Health, metrics: Registry): AppRouter {
  const router = newRouter()
  const answer: AppMiddleware = (ctx) => {
    ctx.body = { module, nodes: 1, ...health() }
  }
  router.get('/health', answer)
  if (module === 'coordinator') router.get('/api/v4/health', answer)
  router.get('/metrics', async (ctx) => {
    ctx.type = metrics.contentType
    ctx.body = await metrics.metrics()
  })
  return router
}
