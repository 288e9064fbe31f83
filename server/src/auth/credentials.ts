import type { IncomingMessage } from 'node:http'
import type { Session, SessionStore } from './sessions.ts'

export interface CredentialOptions {
  readonly cookieName: string
  /** Origins besides our own that may use the cookie. */
  readonly trustedOrigins: readonly string[]
}

export type Authentication =
  | { readonly ok: true; readonly session: Session }
  | { readonly ok: false; readonly status: 401 | 403; readonly detail: string }

/**
 * Find out who a request is from: `Authorization: Bearer`, the session cookie, and where allowed `?access_token=`.
 *
 * Each that is present is tried in that order, so that a stale cookie does not hide a good token.
 * A cookie counts only for a request from our own pages or trusted ones: browsers send it from everywhere.
 *
 * @param queryToken `access_token` of the query string, on the stream route alone
 */
export async function authenticate(
  request: IncomingMessage,
  sessions: SessionStore,
  options: CredentialOptions,
  queryToken?: string | null,
): Promise<Authentication> {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  for (const token of [bearer, queryToken]) {
    const session = token === undefined || token === null ? undefined : await sessions.verify(token)
    if (session !== undefined) return { ok: true, session }
  }
  const cookie = cookieValue(request.headers.cookie, options.cookieName)
  const session = cookie === undefined ? undefined : await sessions.verify(cookie)
  if (session === undefined) {
    const hasAny = bearer !== undefined || queryToken !== undefined || cookie !== undefined
    return { ok: false, status: 401, detail: hasAny ? 'Invalid or expired token' : 'Authentication required' }
  }
  return isOwnOrigin(request, options.trustedOrigins)
    ? { ok: true, session }
    : { ok: false, status: 403, detail: 'CSRF validation failed' }
}

/** Value of one cookie, if the header has it. */
export function cookieValue(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const [key, ...value] = pair.trim().split('=')
    if (key === name) return value.join('=')
  }
  return undefined
}

function isOwnOrigin(request: IncomingMessage, trusted: readonly string[]): boolean {
  const isUpgrade = request.headers.upgrade !== undefined
  const isSafe = (request.method === 'GET' || request.method === 'HEAD') && !isUpgrade
  const { origin } = request.headers
  if (isSafe || origin === undefined || trusted.includes(origin)) return true
  try {
    return new URL(origin).host === request.headers.host
  } catch {
    return false
  }
}
