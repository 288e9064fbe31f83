import type { Credentials } from '../auth/credentials.ts'
import { type NodeAccess, nodeRight } from '../auth/node-token.ts'
import { type AppMiddleware, sessionOf } from './context.ts'
import { AppError } from './error.ts'

/** Admits requests with a valid credential alone; the session is in `ctx.state.session`. */
export function requireLogin(credentials: Credentials): AppMiddleware {
  return async (ctx, next) => {
    const result = await credentials.authenticate(ctx.req)
    if (!result.ok) throw new AppError(result.status === 401 ? 'unauthorized' : 'forbidden', result.detail)
    ctx.state.session = result.session
    await next()
  }
}

/** Admits what may read the streams of this node: a coordinator with its token; what it may have is in `ctx.state.nodeRight`. */
export function requireNodeToken(access: NodeAccess): AppMiddleware {
  return async (ctx, next) => {
    const right = nodeRight(ctx.req, null, access)
    if (right === 'none') throw new AppError('unauthorized', 'The token of this node is needed (node.token)')
    ctx.state.nodeRight = right
    await next()
  }
}

/** Behind `requireLogin`: admits admins alone. */
export const requireAdmin: AppMiddleware = async (ctx, next) => {
  if (sessionOf(ctx).admin) await next()
  else throw new AppError('forbidden', 'Admin rights are needed')
}
