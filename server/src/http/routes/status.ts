import type { AppMiddleware, AppRouter } from '../app.ts'
import { newRouter } from '../app.ts'

/** What a page needs before anyone has logged in. */
export interface PublicConfig {
  readonly version: string
  readonly node: string
  readonly listeners: readonly { readonly transport: string; readonly host: string; readonly port: number }[]
  readonly stream: { readonly enabled: boolean; readonly allowPayload: boolean; readonly historyLimit: number }
  readonly storage: { readonly enabled: boolean }
}

/** `GET /api/config` for everybody and `GET /api/v4/stats` for users. */
export function statusRoutes(login: AppMiddleware, config: () => PublicConfig, stats: () => object): AppRouter {
  const router = newRouter()
  router.get('/api/config', (ctx) => {
    ctx.body = { data: config() }
  })
  router.get('/api/v4/stats', login, (ctx) => {
    ctx.body = { data: stats(), meta: { request_id: ctx.state.requestId } }
  })
  return router
}
