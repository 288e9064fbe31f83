/** Failed logins of one name from one address that are allowed within the window. */
const MAX_FAILURES = 5
const WINDOW_MS = 60_000
/** Pairs that are remembered; the oldest is forgotten first. */
const MAX_ENTRIES = 10_000

/** Slows down the guessing of passwords. */
export class LoginLimiter {
  readonly #failures = new Map<string, number[]>()

  /** Seconds to wait before the next try; 0 if it may be made now. */
  waitSeconds(username: string, address: string, nowMs: number): number {
    const recent = this.#recent(keyOf(username, address), nowMs)
    const [oldest] = recent
    return recent.length < MAX_FAILURES || oldest === undefined ? 0 : Math.ceil((oldest + WINDOW_MS - nowMs) / 1000)
  }

  recordFailure(username: string, address: string, nowMs: number): void {
    const key = keyOf(username, address)
    const recent = [...this.#recent(key, nowMs), nowMs]
    this.#failures.delete(key)
    this.#failures.set(key, recent)
    const [oldest] = this.#failures.keys()
    if (this.#failures.size > MAX_ENTRIES && oldest !== undefined) this.#failures.delete(oldest)
  }

  recordSuccess(username: string, address: string): void {
    this.#failures.delete(keyOf(username, address))
  }

  #recent(key: string, nowMs: number): number[] {
    return (this.#failures.get(key) ?? []).filter((at) => at > nowMs - WINDOW_MS)
  }
}

function keyOf(username: string, address: string): string {
  return `${address} ${username.toLowerCase().slice(0, 256)}`
}
