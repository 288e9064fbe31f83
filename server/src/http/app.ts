import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { bodyParser } from '@koa/bodyparser'
import Koa from 'koa'
import sirv from 'sirv'
import { AccountError } from '../auth/account-error.ts'
import type { Logger } from '../log.ts'
import type { AppContext, AppMiddleware, RequestState } from './context.ts'
import { AppError, errorBody } from './error.ts'
import type { RouteTable } from './route-table.ts'

const MAX_BODY = '256kb'

/**
 * The koa application: security headers, error envelope, the API routes, and the built web app.
 *
 * @param clientDir folder of the built app; left out where it has not been built, or for the node port
 */
export function createApp(log: Logger, tables: readonly RouteTable[], clientDir?: string): Koa<RequestState> {
  const app = new Koa<RequestState>()
  app.use(securityHeaders)
  app.use(errorEnvelope(log))
  app.use(bodyParser({ enableTypes: ['json'], jsonLimit: MAX_BODY, onError: badBody }))
  for (const { router } of tables) app.use(router.routes())
  if (clientDir !== undefined && existsSync(clientDir)) app.use(staticFiles(clientDir))
  app.use((ctx) => {
    const allowed = tables.flatMap(({ router }) =>
      router.match(ctx.path, ctx.method).path.flatMap(({ methods }) => methods),
    )
    if (allowed.length === 0) throw new AppError('not_found', `No such resource: ${ctx.method} ${ctx.path}`)
    ctx.set('Allow', allowed.join(', '))
    throw new AppError('method_not_allowed', `${ctx.method} is not allowed here`)
  })
  return app
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
    } catch (error) {
      const fault = error instanceof AccountError ? accountFault(error) : error
      if (fault instanceof AppError) {
        ctx.status = fault.status
        ctx.body = errorBody(fault.status, fault.message, fault.fields)
        return
      }
      log.error({ err: error, method: ctx.method, path: ctx.path, requestId: ctx.state.requestId }, 'request failed')
      ctx.status = 500
      ctx.body = errorBody(500, `Internal error; the log has it under request ${ctx.state.requestId}`)
    }
  }
}

/** What is wrong with a user or a token, as the API says it; a file that cannot be read is not the client's fault. */
function accountFault(error: AccountError): Error {
  if (error.kind === 'unreadable') return error
  return new AppError(error.kind === 'missing' ? 'not_found' : 'invalid_argument', error.message)
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
