/** Failed logins of one name from one address that are allowed within the window. */
const MAX_FAILURES = 5
const WINDOW_MS = 60_000
/** Pairs that are remembered; the oldest is forgotten first. */
const MAX_ENTRIES = 10_000

/** Slows down the guessing of passwords. */
export class LoginLimiter {
  readonly #failures = new Map<string, number[]>()
  /** The newest try of each pair that has one under way. */
  readonly #trying = new Map<string, Promise<unknown>>()

  /**
   * Run one try. Those of the same name and address run one after the other: a thousand at once would otherwise
   * all be checked before the first is known to have failed.
   *
   * @param attempt its value if it succeeded, undefined if it failed
   * @returns what the attempt gave, or the seconds to wait before the next
   */
  async try<T>(
    username: string,
    address: string,
    attempt: () => Promise<T | undefined>,
  ): Promise<{ readonly value: T | undefined } | { readonly waitSeconds: number }> {
    const key = keyOf(username, address)
    const previous = this.#trying.get(key) ?? Promise.resolve()
    const own = previous.then(async () => {
      const waitSeconds = this.#waitSeconds(key, Date.now())
      if (waitSeconds > 0) return { waitSeconds }
      const value = await attempt()
      if (value === undefined) this.#recordFailure(key, Date.now())
      else this.#failures.delete(key)
      return { value }
    })
    const settled = own.then(
      () => undefined,
      () => undefined,
    )
    this.#trying.set(key, settled)
    try {
      return await own
    } finally {
      if (this.#trying.get(key) === settled) this.#trying.delete(key)
    }
  }

  #waitSeconds(key: string, nowMs: number): number {
    const recent = this.#recent(key, nowMs)
    const [oldest] = recent
    return recent.length < MAX_FAILURES || oldest === undefined ? 0 : Math.ceil((oldest + WINDOW_MS - nowMs) / 1000)
  }

  #recordFailure(key: string, nowMs: number): void {
    const recent = [...this.#recent(key, nowMs), nowMs]
    this.#failures.delete(key)
    this.#failures.set(key, recent)
    const [oldest] = this.#failures.keys()
    if (this.#failures.size > MAX_ENTRIES && oldest !== undefined) this.#failures.delete(oldest)
  }

  #recent(key: string, nowMs: number): number[] {
    return (this.#failures.get(key) ?? []).filter((at) => at > nowMs - WINDOW_MS)
  }
}

function keyOf(username: string, address: string): string {
  return `${address} ${username.toLowerCase().slice(0, 256)}`
}
