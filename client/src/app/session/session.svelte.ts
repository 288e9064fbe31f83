import { untrack } from 'svelte'
import { getIdentity, login, type LoginResult, logout, type User } from '../http/server.ts'

export type SessionState =
  | { readonly kind: 'checking' }
  | { readonly kind: 'in'; readonly user: User }
  /** `hasEnded`: there was a session until now. */
  | { readonly kind: 'out'; readonly hasEnded: boolean }
  | { readonly kind: 'unreachable' }

/** Who uses the page. The session itself is a cookie that scripts cannot read. */
export class Session {
  state = $state.raw<SessionState>({ kind: 'checking' })
  /** The server answered when it was asked last. */
  isReachable = $state(true)

  /** Ask the server who we are. While somebody is in, a server that does not answer changes nothing. */
  async check(): Promise<void> {
    // An effect that asks must not run again because of the answer.
    const wasIn = untrack(() => this.state.kind === 'in')
    const identity = await getIdentity()
    this.isReachable = identity.kind !== 'unreachable'
    if (identity.kind === 'user') this.state = { kind: 'in', user: identity.user }
    else if (identity.kind === 'nobody') this.state = { kind: 'out', hasEnded: wasIn }
    else if (!wasIn) this.state = { kind: 'unreachable' }
  }

  async login(username: string, password: string, isRemembered: boolean): Promise<LoginResult> {
    const result = await login(username, password, isRemembered)
    if (result.ok) await this.check()
    return result
  }

  async logout(): Promise<void> {
    await logout()
    this.state = { kind: 'out', hasEnded: false }
  }
}
