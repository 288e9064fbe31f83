import { z } from 'zod'
import { type AppMiddleware, type AppRouter, newRouter, requireAdmin } from '../app.ts'
import { readBody } from '../body.ts'

const samplesBody = z.object({ calls: z.int().min(1).max(500).default(20) })

/** Plays invented calls through the server's own listener. */
export interface SamplePlayer {
  readonly isPlaying: boolean
  readonly sentCount: number
  /** Begin to play; without effect while it plays already. */
  play(calls: number): void
}

/** `POST /api/v4/samples` (admins) starts sample calls, `GET` tells how far they are. */
export function sampleRoutes(login: AppMiddleware, player: SamplePlayer): AppRouter {
  const router = newRouter()
  const progress: AppMiddleware = (ctx) => {
    ctx.body = {
      data: { playing: player.isPlaying, sent: player.sentCount },
      meta: { request_id: ctx.state.requestId },
    }
  }
  router.get('/api/v4/samples', login, progress)
  router.post('/api/v4/samples', login, requireAdmin, async (ctx, next) => {
    player.play(readBody(ctx, samplesBody).calls)
    ctx.status = 202
    await progress(ctx, next)
  })
  return router
}
