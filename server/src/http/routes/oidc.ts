import { z } from 'zod'
import { AccountError } from '../../auth/account-error.ts'
import { type Credentials, cookieValue } from '../../auth/credentials.ts'
import type { LoginCounts } from '../../auth/login-counts.ts'
import { LOGIN_SECONDS, OidcError, type OidcFailure, type OidcLogin } from '../../auth/oidc.ts'
import type { SessionStore } from '../../auth/sessions.ts'
import type { UserStore } from '../../auth/users.ts'
import type { Logger } from '../../log.ts'
import type { AppContext } from '../context.ts'
import { AppError } from '../error.ts'
import { RouteTable } from '../route-table.ts'
import { setCookie, setSessionCookie } from '../session-cookie.ts'

const PATH = '/api/v4/auth/oidc'
const PENDING_COOKIE = 'hepscope_oidc'
/** The browser has to keep it in a cookie, of which it takes 4 kB. */
const MAX_RETURN_PATH = 1024
const OFF = 'OIDC login is not configured'

const loginQuery = z.object({
  return_to: z.string().optional().describe('Path of the app to come back to; default `/`'),
})
const callbackQuery = z.object({
  code: z.string().optional().describe('What the provider gives'),
  state: z.string().optional().describe('What the login had sent'),
  error: z.string().optional().describe('Why the provider gives nothing'),
})

export interface OidcParts {
  /** Undefined where no provider is configured. */
  readonly oidc: OidcLogin | undefined
  readonly users: UserStore
  readonly sessions: SessionStore
  readonly credentials: Credentials
  readonly counts: LoginCounts
  readonly log: Logger
}

/** Login at an OpenID provider. What goes wrong is told to the app's login page as `/?oauth_error=WHY`. */
export function oidcRoutes({ oidc, users, sessions, credentials, counts, log }: OidcParts): RouteTable {
  const table = new RouteTable()

  table.add(
    'get',
    `${PATH}/login`,
    {
      summary: 'Go to the OpenID provider to log in',
      access: 'everybody',
      query: loginQuery,
      replies: { 302: { description: 'To the provider, or back with `oauth_error`' } },
      errors: [404],
    },
    async (ctx) => {
      if (oidc === undefined) throw new AppError('not_found', OFF)
      try {
        const { url, pending } = await oidc.begin(localPath(ctx.query.return_to))
        setCookie(ctx, { name: PENDING_COOKIE, value: pending, path: PATH, maxAgeSeconds: LOGIN_SECONDS })
        ctx.redirect(url)
      } catch (error) {
        failed(ctx, error)
      }
    },
  )

  table.add(
    'get',
    `${PATH}/callback`,
    {
      summary: 'Come back from the OpenID provider: begins a session',
      access: 'everybody',
      query: callbackQuery,
      replies: { 302: { description: 'To the app, with the session cookie or with `oauth_error`' } },
      errors: [404],
    },
    async (ctx) => {
      if (oidc === undefined) throw new AppError('not_found', OFF)
      const pending = cookieValue(ctx.headers.cookie, PENDING_COOKIE)
      setCookie(ctx, { name: PENDING_COOKIE, value: '', path: PATH, maxAgeSeconds: 0 })
      try {
        const { user: external, returnTo } = await oidc.finish(ctx.querystring, pending)
        const user = users.enter(external)
        if (!user.enabled) throw new OidcError('not_allowed', `user "${user.username}" is disabled`)
        setSessionCookie(ctx, credentials.cookieName, await sessions.issue(user), false, sessions)
        counts.add('oidc')
        log.info({ username: user.username, address: ctx.req.socket.remoteAddress }, 'login by OIDC')
        ctx.redirect(returnTo)
      } catch (error) {
        failed(ctx, error)
      }
    },
  )
  return table

  function failed(ctx: AppContext, error: unknown): void {
    const why = failureOf(error)
    if (why === undefined) throw error
    counts.add('oidc_failed')
    log.warn({ why, reason: error instanceof Error ? error.message : '' }, 'login by OIDC failed')
    ctx.redirect(`/?oauth_error=${why}`)
  }
}

/** Undefined for what is our own fault. */
function failureOf(error: unknown): OidcFailure | 'name' | undefined {
  if (error instanceof OidcError) return error.failure
  return error instanceof AccountError && error.kind === 'invalid' ? 'name' : undefined
}

/** A path of our own; anything else could lead elsewhere. */
function localPath(wanted: string | string[] | undefined): string {
  if (typeof wanted !== 'string' || wanted.length > MAX_RETURN_PATH) return '/'
  const url = wanted.startsWith('/') ? URL.parse(wanted, 'http://here') : null
  return url?.origin === 'http://here' && !url.pathname.startsWith('//')
    ? `${url.pathname}${url.search}${url.hash}`
    : '/'
}
