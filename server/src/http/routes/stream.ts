import { type AppMiddleware, type AppRouter, newRouter } from '../app.ts'
import { errorBody } from '../error.ts'

/** What a plain GET of a stream's address gets: the live stream needs a WebSocket. */
export function streamRoutes(path: string, isOn: boolean, offBody: string | object, login?: AppMiddleware): AppRouter {
  const router = newRouter()
  const answer: AppMiddleware = (ctx) => {
    ctx.status = isOn ? 426 : 503
    if (isOn) ctx.set('Upgrade', 'websocket')
    ctx.body = isOn ? errorBody(426, `Open ${path} as a WebSocket`) : offBody
  }
  if (login === undefined) router.get(path, answer)
  else router.get(path, login, answer)
  return router
}
