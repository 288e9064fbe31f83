import { setTimeout as setTimeoutAsync } from 'node:timers/promises'
import type { BlockLog } from './block-log.ts'
import type { Catalog } from './catalog.ts'
import type { Generation } from './generation.ts'

export interface SealingOptions {
  readonly catalog: Catalog
  readonly log: BlockLog
  /**
   * Puts the rows of a generation where they stay. The step that it resolves with lets them be found there, and takes
   * the generation out of the catalog. Rejected, it is tried again.
   */
  readonly seal: (generation: Generation) => Promise<() => void>
  /** Bring what is still to come into a generation that takes no more events. Never rejects. */
  readonly complete: (generation: Generation) => Promise<void>
  /** A generation has left the hot tables. */
  readonly onDone: () => void
  readonly onFault: (cause: 'seal' | 'log-remove', error: unknown) => void
}

const FIRST_RETRY_MS = 1000
const LAST_RETRY_MS = 60_000

/** Seals full generations one after another, oldest first, and removes the segments they came from. */
export class Sealing {
  readonly #options: SealingOptions
  readonly #closing = new AbortController()
  #running: Promise<void> | undefined

  constructor(options: SealingOptions) {
    this.#options = options
  }

  get isRunning(): boolean {
    return this.#running !== undefined
  }

  /** Begin, if there is something to seal and nobody is at it. Resolves when nothing is left, or at close. */
  run(): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.resolve()
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Stop trying; the caller interrupts what runs. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { catalog, onDone, onFault } = this.#options
    let retryMs = FIRST_RETRY_MS
    for (let next = catalog.full[0]; next !== undefined && !this.#isClosing(); next = catalog.full[0]) {
      try {
        await this.#seal(next)
        retryMs = FIRST_RETRY_MS
        onDone()
      } catch (error) {
        if (this.#isClosing()) return
        onFault('seal', error)
        await setTimeoutAsync(retryMs, undefined, { signal: this.#closing.signal }).catch(() => undefined)
        retryMs = Math.min(LAST_RETRY_MS, 2 * retryMs)
      }
    }
  }

  #isClosing(): boolean {
    return this.#closing.signal.aborted
  }

  async #seal(generation: Generation): Promise<void> {
    const { catalog, seal, complete } = this.#options
    if (generation.tables.size === 0) catalog.discard(generation)
    else {
      await complete(generation)
      const publish = await seal(generation)
      publish()
    }
    this.#removeSegments(generation)
  }

  /** A segment that stays is no harm: manifest or ledger name it, so the next start removes it instead of replaying it. */
  #removeSegments({ segments }: Generation): void {
    const { log, onFault } = this.#options
    for (const segment of segments) {
      try {
        log.remove(segment)
      } catch (error) {
        onFault('log-remove', error)
      }
    }
  }
}
