import type { SessionStore } from '../auth/sessions.ts'
import type { AppContext } from './context.ts'

const SESSION_PATH = '/api/v4'

export interface Cookie {
  readonly name: string
  readonly value: string
  readonly path: string
  /** Undefined: until the browser is closed; 0 deletes it. */
  readonly maxAgeSeconds: number | undefined
}

/** Set a cookie that scripts cannot read and other sites' pages cannot send along, links to us aside. */
export function setCookie(ctx: AppContext, { name, value, path, maxAgeSeconds }: Cookie): void {
  const isSecure = ctx.secure || ctx.get('X-Forwarded-Proto') === 'https'
  const parts = [`${name}=${value}`, `Path=${path}`, 'HttpOnly', 'SameSite=Lax']
  if (isSecure) parts.push('Secure')
  if (maxAgeSeconds !== undefined) parts.push(`Max-Age=${maxAgeSeconds}`)
  ctx.append('Set-Cookie', parts.join('; '))
}

/** Give the browser a session. */
export function setSessionCookie(
  ctx: AppContext,
  name: string,
  token: string,
  isRemembered: boolean,
  sessions: SessionStore,
): void {
  const maxAgeSeconds = isRemembered ? sessions.expireSeconds : undefined
  setCookie(ctx, { name, value: token, path: SESSION_PATH, maxAgeSeconds })
}

export function clearSessionCookie(ctx: AppContext, name: string): void {
  setCookie(ctx, { name, value: '', path: SESSION_PATH, maxAgeSeconds: 0 })
}
