import { z } from 'zod'
import { readBody } from '../body.ts'
import type { AppContext, AppMiddleware } from '../context.ts'
import { answer, envelope } from '../envelope.ts'
import { RouteTable } from '../route-table.ts'

const samplesBody = z.object({ calls: z.int().min(1).max(500).default(20) })
const progressReply = envelope(z.object({ playing: z.boolean(), sent: z.int().describe('Packets so far') }))

/** Plays invented calls through the server's own listener. */
export interface SamplePlayer {
  readonly isPlaying: boolean
  readonly sentCount: number
  /** Begin to play; without effect while it plays already. */
  play(calls: number): void
}

/** `POST /api/v4/samples` (admins) starts sample calls, `GET` tells how far they are. */
export function sampleRoutes(login: AppMiddleware, player: SamplePlayer): RouteTable {
  const table = new RouteTable(login)
  const progress = (ctx: AppContext, status: number): void => {
    answer(ctx, status, { playing: player.isPlaying, sent: player.sentCount })
  }
  table.add(
    'get',
    '/api/v4/samples',
    {
      summary: 'How far the sample calls are',
      access: 'users',
      replies: { 200: { description: 'Progress', schema: progressReply } },
    },
    (ctx) => progress(ctx, 200),
  )
  table.add(
    'post',
    '/api/v4/samples',
    {
      summary: 'Play sample calls through a listener of this server',
      access: 'admins',
      body: samplesBody,
      replies: { 202: { description: 'Playing', schema: progressReply } },
    },
    (ctx) => {
      player.play(readBody(ctx, samplesBody).calls)
      progress(ctx, 202)
    },
  )
  return table
}
