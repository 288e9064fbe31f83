import type { DuckDBConnection } from '@duckdb/node-api'

const AGAIN_MS = 250

/** Interrupts a connection when the time is up, or nobody wants the answer any more. */
export class Limit {
  isReached = false
  readonly #connection: DuckDBConnection
  readonly #signal: AbortSignal | undefined
  readonly #reach = (): void => {
    clearTimeout(this.#timer)
    this.isReached = true
    this.#connection.interrupt()
    // An interrupt that comes before the query has begun is forgotten.
    this.#timer = setTimeout(this.#reach, AGAIN_MS)
  }
  #timer: NodeJS.Timeout

  constructor(connection: DuckDBConnection, ms: number, signal: AbortSignal | undefined) {
    this.#connection = connection
    this.#signal = signal
    this.#timer = setTimeout(this.#reach, signal?.aborted === true ? 0 : ms)
    signal?.addEventListener('abort', this.#reach)
  }

  clear(): void {
    clearTimeout(this.#timer)
    this.#signal?.removeEventListener('abort', this.#reach)
  }
}
