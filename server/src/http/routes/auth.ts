import { z } from 'zod'
import type { Credentials } from '../../auth/credentials.ts'
import { LoginLimiter } from '../../auth/login-limiter.ts'
import type { LoginCounts } from '../../auth/login-counts.ts'
import type { SessionStore } from '../../auth/sessions.ts'
import type { UserStore } from '../../auth/users.ts'
import type { Logger } from '../../log.ts'
import { readBody } from '../body.ts'
import { type AppMiddleware, sessionOf } from '../context.ts'
import { answer, envelope } from '../envelope.ts'
import { AppError } from '../error.ts'
import { RouteTable } from '../route-table.ts'
import { clearSessionCookie, setSessionCookie } from '../session-cookie.ts'

const loginBody = z.object({
  username: z.string().min(1).max(256),
  password: z.string().min(1).max(1024),
  type: z.literal('internal').optional(),
  remember: z.boolean().optional().describe('Keep the cookie after the browser is closed'),
})
const group = z.enum(['admin', 'user'])
const loginReply = envelope(z.object({ token: z.string(), scope: group, user: z.object({ admin: z.boolean() }) }))
const provider = z.object({ enable: z.boolean(), name: z.string(), position: z.int(), type: z.string() })
const providersReply = envelope(
  z.object({
    internal: provider,
    oauth2: z.array(provider.extend({ provider_name: z.string(), url: z.string(), auto_redirect: z.boolean() })),
  }),
)

export interface AuthParts {
  readonly login: AppMiddleware
  readonly users: UserStore
  readonly sessions: SessionStore
  readonly credentials: Credentials
  readonly isPasswordLoginOn: boolean
  /** Words on the button of the OpenID provider; undefined where there is none. */
  readonly oidcLabel: string | undefined
  readonly counts: LoginCounts
  readonly log: Logger
}

/** Login and logout, in the shapes of the original's v4 API. */
export function authRoutes(parts: AuthParts): RouteTable {
  const { users, sessions, credentials, isPasswordLoginOn, oidcLabel, counts, log } = parts
  const table = new RouteTable(parts.login)
  const limiter = new LoginLimiter()

  table.add(
    'post',
    '/api/v4/auth/sessions',
    {
      summary: 'Log in with a password; the session is in the answer and in a cookie',
      access: 'everybody',
      body: loginBody,
      replies: { 201: { description: 'The session', schema: loginReply } },
      errors: [401, 403, 429],
    },
    async (ctx) => {
      const { username, password, remember } = readBody(ctx, loginBody)
      if (!isPasswordLoginOn) throw new AppError('forbidden', 'Password login is switched off')
      const address = ctx.req.socket.remoteAddress ?? ''
      const result = await limiter.try(username, address, () => users.authenticate(username, password))
      if ('waitSeconds' in result) {
        counts.add('limited')
        ctx.set('Retry-After', String(result.waitSeconds))
        throw new AppError('too_many_requests', `Too many failed logins; try again in ${result.waitSeconds} s`)
      }
      const user = result.value
      counts.add(user === undefined ? 'wrong' : 'password')
      if (user === undefined) {
        log.warn({ username, address }, 'login failed')
        throw new AppError('unauthorized', 'Invalid credentials')
      }
      const token = await sessions.issue(user)
      setSessionCookie(ctx, credentials.cookieName, token, remember === true, sessions)
      log.info({ username, address }, 'login')
      answer(ctx, 201, { token, scope: user.admin ? 'admin' : 'user', user: { admin: user.admin } })
    },
  )

  table.add(
    'delete',
    '/api/v4/auth/sessions/:id',
    {
      summary: 'Log out: end the own session',
      access: 'users',
      parameters: { id: '`current`, or the id (`jti`) of the own session' },
      replies: { 204: { description: 'Ended; its streams are closed within seconds' } },
      errors: [400],
    },
    (ctx) => {
      const session = sessionOf(ctx)
      if (session.kind === 'token') throw new AppError('invalid_argument', 'An API token has no session to end')
      if (ctx.params.id !== 'current' && ctx.params.id !== session.jti) {
        throw new AppError('invalid_argument', 'Only your own session can be ended')
      }
      sessions.revoke(session)
      clearSessionCookie(ctx, credentials.cookieName)
      ctx.status = 204
    },
  )

  table.add(
    'get',
    '/api/v4/auth/providers',
    {
      summary: 'Ways to log in',
      access: 'everybody',
      replies: { 200: { description: 'The ways', schema: providersReply } },
    },
    (ctx) => {
      const internal = { enable: isPasswordLoginOn, name: 'internal', position: 0, type: 'internal' }
      const oidc = {
        enable: true,
        name: 'oidc',
        position: 1,
        type: 'oauth2',
        provider_name: oidcLabel ?? '',
        url: '/api/v4/auth/oidc/login',
        auto_redirect: false,
      }
      answer(ctx, 200, { internal, oauth2: oidcLabel === undefined ? [] : [oidc] })
    },
  )
  return table
}
