import type { IncomingMessage } from 'node:http'
import type { ApiTokenStore } from './api-tokens.ts'
import type { Session, SessionStore } from './sessions.ts'

export interface CredentialOptions {
  readonly cookieName: string
  /** Origins besides our own that may use the cookie. */
  readonly trustedOrigins: readonly string[]
  /** Header that may carry an API token, besides `Authorization`. */
  readonly tokenHeader: string
}

export type Authentication =
  | { readonly ok: true; readonly session: Session }
  | { readonly ok: false; readonly status: 401 | 403; readonly detail: string }

/** Finds out who a request is from, and whether that still holds later on. */
export class Credentials {
  readonly #sessions: SessionStore
  readonly #tokens: ApiTokenStore | undefined
  readonly #options: CredentialOptions

  /** @param tokens undefined where API tokens are switched off */
  constructor(sessions: SessionStore, tokens: ApiTokenStore | undefined, options: CredentialOptions) {
    this.#sessions = sessions
    this.#tokens = tokens
    this.#options = options
  }

  get cookieName(): string {
    return this.#options.cookieName
  }

  /**
   * Who a request is from: the API token's header, `Authorization: Bearer`, where allowed `?access_token=`, and the
   * session cookie.
   *
   * Each that is present is tried in that order, so that a stale cookie does not hide a good token.
   * A cookie counts only for a request from our own pages or trusted ones: browsers send it from everywhere.
   *
   * @param queryToken `access_token` of the query string, on the stream route alone
   */
  async authenticate(request: IncomingMessage, queryToken?: string | null): Promise<Authentication> {
    const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    const header = request.headers[this.#options.tokenHeader.toLowerCase()]
    const given = [typeof header === 'string' ? header : undefined, bearer, queryToken ?? undefined]
    for (const token of given) {
      const session = token === undefined ? undefined : await this.#verify(token)
      if (session !== undefined) return { ok: true, session }
    }
    const cookie = cookieValue(request.headers.cookie, this.#options.cookieName)
    const session = cookie === undefined ? undefined : await this.#sessions.verify(cookie)
    if (session === undefined) {
      const hasAny = cookie !== undefined || given.some((token) => token !== undefined)
      return { ok: false, status: 401, detail: hasAny ? 'Invalid or expired token' : 'Authentication required' }
    }
    return isOwnOrigin(request, this.#options.trustedOrigins)
      ? { ok: true, session }
      : { ok: false, status: 403, detail: 'CSRF validation failed' }
  }

  /**
   * True while a session counts and has every right it began with. Cheap enough to ask every second.
   *
   * @throws AccountError if users or tokens cannot be read
   */
  isCurrent(session: Session): boolean {
    if (session.kind === 'login') return this.#sessions.isCurrent(session)
    return this.#tokens?.isCurrent(session) === true
  }

  async #verify(token: string): Promise<Session | undefined> {
    return this.#tokens?.verify(token) ?? (await this.#sessions.verify(token))
  }
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
  // Only what is no browser sends neither.
  const source = request.headers.origin ?? request.headers.referer
  if (isSafe || source === undefined) return true
  const url = URL.parse(source)
  return url !== null && (url.host === request.headers.host || trusted.includes(url.origin))
}
