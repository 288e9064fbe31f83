import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { bodyParser } from '@koa/bodyparser'
import Router from '@koa/router'
import Koa, { type DefaultState } from 'koa'
import sirv from 'sirv'
import { authenticate, type CredentialOptions } from '../auth/credentials.ts'
import type { Session, SessionStore } from '../auth/sessions.ts'
import type { Logger } from '../log.ts'
import { AppError, errorBody } from './error.ts'

export interface RequestState extends DefaultState {
  requestId: string
  /** Set by `requireLogin`. */
  session?: Session
}
export type AppRouter = Router<RequestState>
export type AppContext = Parameters<Parameters<AppRouter['use']>[0]>[0]
export type AppMiddleware = Parameters<AppRouter['use']>[0]

const MAX_BODY = '256kb'

/** A router for one file of routes. */
export function newRouter(): AppRouter {
  return new Router<RequestState>()
}

/**
 * The koa application: security headers, error envelope, the API routes, and the built web app.
 *
 * @param clientDir folder of the built app; left out where it has not been built, or for the node port
 */
export function createApp(log: Logger, routers: readonly AppRouter[], clientDir?: string): Koa<RequestState> {
  const app = new Koa<RequestState>()
  app.use(securityHeaders)
  app.use(errorEnvelope(log))
  app.use(bodyParser({ enableTypes: ['json'], jsonLimit: MAX_BODY, onError: badBody }))
  for (const router of routers) app.use(router.routes()).use(router.allowedMethods())
  if (clientDir !== undefined && existsSync(clientDir)) app.use(staticFiles(clientDir))
  app.use((ctx) => {
    throw new AppError('not_found', `No such resource: ${ctx.method} ${ctx.path}`)
  })
  return app
}

/** Admits requests with a valid token alone; the session is in `ctx.state.session`. */
export function requireLogin(sessions: SessionStore, options: CredentialOptions): AppMiddleware {
  return async (ctx, next) => {
    const result = await authenticate(ctx.req, sessions, options)
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

/** The session that `requireLogin` found. */
export function sessionOf(ctx: AppContext): Session {
  const { session } = ctx.state
  if (session === undefined) throw new Error('route without requireLogin')
  return session
}

const securityHeaders: AppMiddleware = async (ctx, next) => {
  ctx.set({
    'Content-Security-Policy':
      "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; " +
      "object-src 'none'; base-uri 'none'; frame-ancestors 'self'",
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'SAMEORIGIN',
    'Referrer-Policy': 'same-origin',
  })
  await next()
}

function errorEnvelope(log: Logger): AppMiddleware {
  return async (ctx, next) => {
    ctx.state.requestId = randomUUID()
    try {
      await next()
      // allowedMethods() sets a status without a body.
      if (ctx.status === 405 || ctx.status === 501) ctx.body = errorBody(405, `${ctx.method} is not allowed here`)
    } catch (error) {
      if (error instanceof AppError) {
        ctx.status = error.status
        ctx.body = errorBody(error.status, error.message, error.fields)
        return
      }
      log.error({ err: error, method: ctx.method, path: ctx.path, requestId: ctx.state.requestId }, 'request failed')
      ctx.status = 500
      ctx.body = errorBody(500, `Internal error; the log has it under request ${ctx.state.requestId}`)
    }
  }
}

function badBody(error: Error): void {
  const tooLarge = 'status' in error && error.status === 413
  throw new AppError(
    'invalid_argument',
    tooLarge ? `The body is larger than ${MAX_BODY}` : `The body is not JSON: ${error.message}`,
  )
}

/** The web app: files by name, any other path without a dot is a view of the app. */
function staticFiles(dir: string): AppMiddleware {
  const serve = sirv(dir, {
    single: true,
    etag: true,
    setHeaders: (response, path) => {
      // Built assets carry a hash in their name; the page that names them does not.
      const isHashed = path.startsWith('/assets/')
      response.setHeader('Cache-Control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  })
  return async (ctx, next) => {
    const isPage = (ctx.method === 'GET' || ctx.method === 'HEAD') && !ctx.path.startsWith('/api/')
    if (isPage && (await isServed(ctx))) ctx.respond = false
    else await next()
  }

  function isServed(ctx: AppContext): Promise<boolean> {
    return new Promise((resolve) => {
      ctx.res.once('close', () => resolve(true))
      serve(ctx.req, ctx.res, () => resolve(false))
    })
  }
}
