import type { DuckDBConnection } from '@duckdb/node-api'
import type { EventRange } from '../generation.ts'
import { attach, lakeFault } from './lake-connection.ts'
import type { LakeOptions } from './lake-options.ts'
import { type LakeView, newestVersion, readView } from './lake-view.ts'
import { type LedgerEntry, ledgerEntries } from './ledger.ts'

/** How often catalog and data are asked for: how late it is noticed that they are away, or back. */
const PROBE_MS = 5000

export interface LakeParts {
  readonly options: LakeOptions
  /** Names this store in the ledger. */
  readonly store: string
  /** Used by nothing else. */
  readonly connection: DuckDBConnection
  /** It cannot be reached; told again and again until it can be. */
  readonly onFault: (error: Error) => void
  readonly onWell: () => void
}

/** A version of the lake that goes with the generations that are hot now. */
export interface LakeReading {
  readonly view: LakeView
  /** Events that are in the lake, although an earlier run left them in the log too. */
  readonly covered: readonly EventRange[]
}

/**
 * The lake as this store sees it: at one version, which moves on when others commit, and in the very step in which a
 * generation of ours leaves the hot tables. So a search sees each row once.
 */
export class Lake {
  readonly #parts: LakeParts
  readonly #timer: NodeJS.Timeout
  #isAttached = false
  #isClosed = false
  #fault: string | undefined
  #view: LakeView | undefined
  #covered: EventRange[] = []
  /** Segments of earlier runs of which nobody knows yet whether they are in the lake. */
  #unasked: readonly string[] = []
  /** Set while a commit of ours is on its way. */
  #held: Promise<void> | undefined
  #release: () => void = () => undefined
  #holdCount = 0
  /** A commit of ours failed, so that its rows may be in the lake and are hot too. */
  #isUncertain = false
  #probing: Promise<void> | undefined

  constructor(parts: LakeParts) {
    this.#parts = parts
    this.#timer = setInterval(() => void this.#probe(), PROBE_MS)
  }

  /** What a search may read now; undefined while the lake cannot be reached. */
  get reading(): LakeReading | undefined {
    if (this.#view === undefined || this.#fault !== undefined) return undefined
    return { view: this.#view, covered: this.#covered }
  }

  /** Why it cannot be reached. */
  get fault(): string | undefined {
    return this.#fault
  }

  /** The version that was read last, for stats. */
  get lastView(): LakeView | undefined {
    return this.#view
  }

  /** True if it is not known whether the last commit of ours succeeded. */
  get isUncertain(): boolean {
    return this.#isUncertain
  }

  /**
   * Try to reach it once; if that fails it is tried again and again. Never rejects.
   *
   * @param segments those of earlier runs that are in the log
   * @returns the sealings that brought some of them; if they cannot be asked for now, searches leave these rows out of
   *   the hot ones as soon as they read the lake
   */
  async open(segments: readonly string[]): Promise<readonly LedgerEntry[]> {
    const { connection, store, options, onFault } = this.#parts
    try {
      await attach(connection, options)
      const entries = await ledgerEntries(connection, store, segments)
      this.#view = await readView(connection, await newestVersion(connection), options)
      this.#isAttached = true
      return entries
    } catch (error) {
      this.#unasked = segments
      this.#fault = lakeFault(error, options)
      onFault(new Error(this.#fault))
      return []
    }
  }

  /** @throws if it has not been reached yet */
  requireAttached(): void {
    if (!this.#isAttached) throw new Error(this.#fault ?? 'the lake has not been reached yet')
  }

  /**
   * Move on to the newest version, if that can be had. Never rejects; see `reading` then. While the lake is away nobody
   * waits for it here: it is asked again and again beside.
   */
  async refresh(connection: DuckDBConnection, isGivenUp: () => boolean): Promise<void> {
    if (!this.#isAttached || this.#fault !== undefined) return
    try {
      await this.#moveOn(connection, isGivenUp)
    } catch (error) {
      if (!isGivenUp()) this.fail(error)
    }
  }

  /** The newest version. @throws DuckDB's error if it cannot be had */
  async readNewest(connection: DuckDBConnection): Promise<LakeView> {
    const version = await newestVersion(connection)
    if (this.#view?.version === version) return this.#view
    return readView(connection, version, this.#parts.options)
  }

  /** A statement about the lake failed: searches do without until it was reached again. */
  fail(error: unknown): void {
    if (this.#isClosed) return
    this.#fault = lakeFault(error, this.#parts.options)
    this.#parts.onFault(new Error(this.#fault))
  }

  /** A commit of ours begins: searches wait for its end before they look for a newer version. */
  hold(): void {
    this.#holdCount++
    this.#held = new Promise((resolve) => (this.#release = resolve))
  }

  /** Our commit is in `view`; in the same step its generation must leave the hot tables. */
  settle(view: LakeView): void {
    this.#moveTo(view)
    this.#isUncertain = false
    this.#let()
  }

  /** It failed, and nobody knows how far it came: until the ledger was asked, searches keep to the version they have. */
  lose(): void {
    this.#isUncertain = true
    this.#let()
  }

  /** The ledger says that it came to nothing. */
  clear(): void {
    this.#isUncertain = false
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    this.#let()
    await this.#probing
  }

  #let(): void {
    this.#held = undefined
    this.#release()
  }

  async #moveOn(connection: DuckDBConnection, isGivenUp: () => boolean): Promise<void> {
    while (!this.#isClosed && !isGivenUp()) {
      while (this.#held !== undefined) await this.#held
      if (this.#isUncertain) return
      const before = this.#holdCount
      const view = await this.readNewest(connection)
      // A commit of ours that began meanwhile may be in it, and its rows are hot still.
      if (this.#holdCount !== before) continue
      this.#moveTo(view)
      return
    }
  }

  #moveTo(view: LakeView): void {
    if (this.#view === undefined || view.version > this.#view.version) this.#view = view
  }

  #well(): void {
    if (this.#fault === undefined) return
    this.#fault = undefined
    this.#parts.onWell()
  }

  #probe(): Promise<void> {
    this.#probing ??= this.#ask().finally(() => (this.#probing = undefined))
    return this.#probing
  }

  async #ask(): Promise<void> {
    const { connection, options, store } = this.#parts
    try {
      if (!this.#isAttached) {
        await attach(connection, options)
        // Before any search reads the lake: what is there and in the log too must not be found twice.
        const entries = await ledgerEntries(connection, store, this.#unasked)
        this.#covered = entries.flatMap(({ ranges }) => ranges)
        this.#view = await readView(connection, await newestVersion(connection), options)
        this.#isAttached = true
      } else {
        await newestVersion(connection)
        await this.#moveOn(connection, () => this.#isClosed)
      }
      // The catalog may be there, and the data not.
      const file = this.#view?.contents.at(-1)
      if (file !== undefined) await connection.run('SELECT size FROM read_blob($1)', [file.path])
      if (!this.#isClosed) this.#well()
    } catch (error) {
      this.fail(error)
    }
  }
}
