/** How a try to log in ended. */
export type LoginResult = 'password' | 'wrong' | 'limited' | 'oidc' | 'oidc_failed'

/** Counts tries to log in by how they ended. */
export class LoginCounts {
  readonly #counts: Record<LoginResult, number> = { password: 0, wrong: 0, limited: 0, oidc: 0, oidc_failed: 0 }

  get all(): Readonly<Record<LoginResult, number>> {
    return this.#counts
  }

  add(result: LoginResult): void {
    this.#counts[result]++
  }
}
