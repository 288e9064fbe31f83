import { type CallState, isChallenge } from './state.ts'

/** Counts challenges over the attempts of one request. */
export class Challenges {
  #unauthorized = 0
  #proxyAuthentication = 0

  /** Count the final answer of an attempt that another one follows. */
  add(statusCode: number): void {
    if (statusCode === 401) this.#unauthorized++
    else if (statusCode === 407) this.#proxyAuthentication++
  }

  /** Take over the counts of another. */
  set(other: Challenges): void {
    this.#unauthorized = other.#unauthorized
    this.#proxyAuthentication = other.#proxyAuthentication
  }

  reset(): void {
    this.#unauthorized = this.#proxyAuthentication = 0
  }

  /**
   * State after a challenge. A second one with the same code means that the credentials were refused; 407 and then
   * 401 are two elements that each want to know.
   *
   * @param isGivenUp nobody answered it
   */
  stateAfter(statusCode: number, isGivenUp: boolean): CallState {
    const before = statusCode === 401 ? this.#unauthorized : this.#proxyAuthentication
    return before > 0 || isGivenUp ? 'auth-failed' : 'auth'
  }

  /** How often the same code came, if the latest answer is `statusCode`: 2 and more are refused credentials. */
  sameCount(statusCode: number): number {
    const now = isChallenge(statusCode) ? 1 : 0
    return Math.max(
      this.#unauthorized + (statusCode === 401 ? now : 0),
      this.#proxyAuthentication + (statusCode === 407 ? now : 0),
    )
  }
}
