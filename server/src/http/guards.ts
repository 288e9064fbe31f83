import type { Credentials } from '../auth/credentials.ts'
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

/** Behind `requireLogin`: admits admins alone. */
export const requireAdmin: AppMiddleware = async (ctx, next) => {
  if (sessionOf(ctx).admin) await next()
  else throw new AppError('forbidden', 'Admin rights are needed')
}
