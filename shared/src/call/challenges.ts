import type { Attempt } from './attempt.ts'
import { type CallState, isChallenge } from './state.ts'

/** Counts challenges over the attempts of one request. */
export class Challenges {
  #unauthorized = 0
  #proxyAuthentication = 0
  /** Nobody answered the last one. */
  isGivenUp = false

  /** Count the outcome of an attempt that another one follows. */
  close(attempt: Attempt | undefined): void {
    this.isGivenUp = false
    const statusCode = attempt?.result?.finalCode
    if (statusCode === 401) this.#unauthorized++
    else if (statusCode === 407) this.#proxyAuthentication++
  }

  reset(): void {
    this.#unauthorized = this.#proxyAuthentication = 0
    this.isGivenUp = false
  }

  /**
   * State after a challenge. A second one with the same code means that the credentials were refused; 407 and then
   * 401 are two elements that each want to know.
   */
  stateAfter(statusCode: number): CallState {
    const before = statusCode === 401 ? this.#unauthorized : this.#proxyAuthentication
    return before > 0 || this.isGivenUp ? 'auth-failed' : 'auth'
  }

  /** True if `attempt` ended with a challenge. */
  static isOpen(attempt: Attempt | undefined): boolean {
    return isChallenge(attempt?.result?.finalCode ?? 0)
  }
}
