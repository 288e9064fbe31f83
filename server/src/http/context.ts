import type Router from '@koa/router'
import type { DefaultState } from 'koa'
import type { NodeRight } from '../auth/node-token.ts'
import type { Session } from '../auth/sessions.ts'

export interface RequestState extends DefaultState {
  requestId: string
  /** Set by `requireLogin`. */
  session?: Session
  /** Set by `requireNodeToken`. */
  nodeRight?: Exclude<NodeRight, 'none'>
}
export type AppRouter = Router<RequestState>
export type AppContext = Parameters<Parameters<AppRouter['use']>[0]>[0]
export type AppMiddleware = Parameters<AppRouter['use']>[0]

/** The session that `requireLogin` found. */
export function sessionOf(ctx: AppContext): Session {
  const { session } = ctx.state
  if (session === undefined) throw new Error('route without requireLogin')
  return session
}
