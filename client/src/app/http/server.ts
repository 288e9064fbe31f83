import { isRecord, listOf, memberOf, numberOf, request, textOf } from './request.ts'

export interface User {
  readonly username: string
  readonly isAdmin: boolean
}

/** A listener that capture agents send HEP to. */
export interface Listener {
  readonly transport: string
  readonly host: string
  readonly port: number
}

/** Settings of the server that the page goes by. */
export interface ServerConfig {
  readonly version: string
  readonly node: string
  readonly listeners: readonly Listener[]
  readonly isStreamOn: boolean
  readonly allowsPayload: boolean
  readonly historyLimit: number
  readonly isStoring: boolean
  readonly allowsPasswordLogin: boolean
  /** Login at an OpenID provider; undefined where there is none. */
  readonly oidc: { readonly label: string; readonly url: string } | undefined
}

/** Figures of the server for a page on which nothing arrives. */
export interface ServerStats {
  readonly packetsReceived: number
  /** Packets that were no HEP, by reason. */
  readonly rejected: readonly { readonly reason: string; readonly count: number }[]
}

export type Identity =
  { readonly kind: 'user'; readonly user: User } | { readonly kind: 'nobody' } | { readonly kind: 'unreachable' }

/** Who the session cookie stands for. */
export async function getIdentity(): Promise<Identity> {
  const answer = await request('GET', '/api/v4/me')
  if (answer.kind === 'ok') {
    const isAdmin = memberOf(answer.data, 'admin') === true
    return { kind: 'user', user: { username: textOf(answer.data, 'username'), isAdmin } }
  }
  return answer.kind === 'refused' && (answer.status === 401 || answer.status === 403)
    ? { kind: 'nobody' }
    : { kind: 'unreachable' }
}

export type LoginResult = { readonly ok: true } | { readonly ok: false; readonly message: string }

/** Log in; the server answers with the cookie. The message of a failure is for the person who logs in. */
export async function login(username: string, password: string, isRemembered: boolean): Promise<LoginResult> {
  const answer = await request('POST', '/api/v4/auth/sessions', { username, password, remember: isRemembered })
  if (answer.kind === 'ok') return { ok: true }
  if (answer.kind === 'unreachable') return { ok: false, message: 'The server does not answer. Is it running?' }
  if (answer.status === 401) return { ok: false, message: 'Wrong user name or password.' }
  if (answer.status === 429) {
    const wait = answer.retryAfterSeconds === undefined ? 'a moment' : `${answer.retryAfterSeconds} seconds`
    return { ok: false, message: `Too many failed attempts. Try again in ${wait}.` }
  }
  return { ok: false, message: answer.detail }
}

export async function logout(): Promise<void> {
  await request('DELETE', '/api/v4/auth/sessions/current')
}

/** Undefined if the server does not answer. */
export async function getConfig(): Promise<ServerConfig | undefined> {
  const answer = await request('GET', '/api/config')
  if (answer.kind !== 'ok') return undefined
  const { data } = answer
  const stream = memberOf(data, 'stream')
  const login = memberOf(data, 'login')
  const oidc = memberOf(login, 'oidc')
  return {
    version: textOf(data, 'version'),
    node: textOf(data, 'node'),
    listeners: listOf(data, 'listeners').map((listener) => ({
      transport: textOf(listener, 'transport'),
      host: textOf(listener, 'host'),
      port: numberOf(listener, 'port'),
    })),
    isStreamOn: memberOf(stream, 'enabled') !== false,
    allowsPayload: memberOf(stream, 'allowPayload') === true,
    historyLimit: numberOf(stream, 'historyLimit'),
    isStoring: memberOf(memberOf(data, 'storage'), 'enabled') !== false,
    allowsPasswordLogin: memberOf(login, 'password') !== false,
    oidc: isRecord(oidc) ? { label: textOf(oidc, 'label'), url: textOf(oidc, 'url') } : undefined,
  }
}

export async function getStats(): Promise<ServerStats | undefined> {
  const answer = await request('GET', '/api/v4/stats')
  if (answer.kind !== 'ok') return undefined
  const rejected = memberOf(answer.data, 'rejected')
  const reasons = typeof rejected === 'object' && rejected !== null ? Object.keys(rejected) : []
  return {
    packetsReceived: numberOf(answer.data, 'packetsReceived'),
    rejected: reasons.map((reason) => ({ reason, count: numberOf(rejected, reason) })).filter(({ count }) => count > 0),
  }
}

/** Have the server play invented calls through its own listener. Returns what went wrong, if anything did. */
export async function playSamples(calls: number): Promise<string | undefined> {
  const answer = await request('POST', '/api/v4/samples', { calls })
  if (answer.kind === 'ok') return undefined
  return answer.kind === 'unreachable' ? 'The server does not answer.' : answer.detail
}
