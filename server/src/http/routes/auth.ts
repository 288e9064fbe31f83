import { z } from 'zod'
import type { CredentialOptions } from '../../auth/credentials.ts'
import { LoginLimiter } from '../../auth/login-limiter.ts'
import type { Session, SessionStore } from '../../auth/sessions.ts'
import type { UserStore } from '../../auth/users.ts'
import type { Logger } from '../../log.ts'
import { type AppContext, type AppRouter, newRouter, requireLogin, sessionOf } from '../app.ts'
import { readBody } from '../body.ts'
import { AppError } from '../error.ts'

const loginBody = z.object({
  username: z.string().min(1).max(256),
  password: z.string().min(1).max(1024),
  type: z.literal('internal').optional(),
  remember: z.boolean().optional(),
})

export interface AuthParts {
  readonly users: UserStore
  readonly sessions: SessionStore
  readonly credentials: CredentialOptions
  readonly log: Logger
}

/** Login, logout and who am I, in the shapes of the original's v4 API. */
export function authRoutes({ users, sessions, credentials, log }: AuthParts): AppRouter {
  const router = newRouter()
  const limiter = new LoginLimiter()
  const login = requireLogin(sessions, credentials)

  router.post('/api/v4/auth/sessions', async (ctx) => {
    const { username, password, remember } = readBody(ctx, loginBody)
    const address = ctx.req.socket.remoteAddress ?? ''
    const wait = limiter.waitSeconds(username, address, Date.now())
    if (wait > 0) {
      ctx.set('Retry-After', String(wait))
      throw new AppError('too_many_requests', `Too many failed logins; try again in ${wait} s`)
    }
    const user = await users.authenticate(username, password)
    if (user === undefined) {
      limiter.recordFailure(username, address, Date.now())
      log.warn({ username, address }, 'login failed')
      throw new AppError('unauthorized', 'Invalid credentials')
    }
    limiter.recordSuccess(username, address)
    const token = await sessions.issue(user)
    setCookie(ctx, credentials.cookieName, token, remember === true ? sessions.expireSeconds : undefined)
    log.info({ username, address }, 'login')
    ctx.status = 201
    ctx.body = {
      data: { token, scope: user.admin ? 'admin' : 'user', user: { admin: user.admin } },
      meta: { request_id: ctx.state.requestId },
    }
  })

  router.delete('/api/v4/auth/sessions/:id', login, (ctx) => {
    const session = sessionOf(ctx)
    if (ctx.params.id !== 'current' && ctx.params.id !== session.jti) {
      throw new AppError('invalid_argument', 'Only your own session can be ended')
    }
    sessions.revoke(session)
    setCookie(ctx, credentials.cookieName, '', 0)
    ctx.status = 204
  })

  router.get('/api/v4/me', login, (ctx) => {
    ctx.body = { data: profile(sessionOf(ctx)), meta: { request_id: ctx.state.requestId } }
  })

  router.get('/api/v4/auth/providers', (ctx) => {
    const internal = { enable: true, name: 'internal', position: 0, type: 'internal' }
    ctx.body = { data: { internal, oauth2: [] }, meta: { request_id: ctx.state.requestId } }
  })
  return router
}

function profile({ username, admin, expiresAt }: Session): object {
  return {
    username,
    display_name: username,
    admin,
    group: admin ? 'admin' : 'user',
    external_auth: false,
    expires_at: expiresAt,
  }
}

function setCookie(ctx: AppContext, name: string, value: string, maxAgeSeconds: number | undefined): void {
  const isSecure = ctx.secure || ctx.get('X-Forwarded-Proto') === 'https'
  const parts = [`${name}=${value}`, 'Path=/api/v4', 'HttpOnly', 'SameSite=Lax']
  if (isSecure) parts.push('Secure')
  if (maxAgeSeconds !== undefined) parts.push(`Max-Age=${maxAgeSeconds}`)
  ctx.set('Set-Cookie', parts.join('; '))
}
