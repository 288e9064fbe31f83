import type { BlockLog } from './block-log.ts'
import type { Catalog } from './catalog.ts'
import type { Inserter } from './inserter.ts'
import type { Segment } from './segment.ts'

export interface RotationOptions {
  readonly catalog: Catalog
  readonly log: BlockLog
  readonly inserter: Inserter
  /** Rows of a generation that is full. */
  readonly sealRows: number
  /** Age of a generation that is full, ms. */
  readonly sealIntervalMs: number
  readonly now: () => number
}

/** Ends segments and generations by what came in, by age, and when it is asked to. */
export class Rotation {
  readonly #options: RotationOptions
  /** Of the segment that is written to. */
  #segmentRows = 0
  #ending: Promise<void> | undefined

  constructor(options: RotationOptions) {
    this.#options = options
  }

  /**
   * Rows were written to a segment. Generations end where segments do, so a segment must not hold many more rows than a
   * generation should.
   */
  written(rows: number, segment: Segment): void {
    const { log, sealRows } = this.#options
    this.#segmentRows += rows
    if (this.#segmentRows >= sealRows) log.roll()
    if (segment.isClosed) this.#segmentRows = 0
  }

  /** Let a new generation begin if the newest is old enough. */
  tick(): void {
    const { catalog, sealIntervalMs, now } = this.#options
    const { filling, full } = catalog
    if (filling.startedMs === undefined || now() - filling.startedMs < sealIntervalMs) return
    // While sealing is held up, more generations would only keep rows from being inserted.
    if (full.length > 0) return
    void this.endGeneration()
  }

  /** Let a new generation begin; resolves when the rows that were appended before are in full ones. */
  endGeneration(): Promise<void> {
    this.#ending ??= this.#end().finally(() => {
      this.#ending = undefined
    })
    return this.#ending
  }

  async #end(): Promise<void> {
    const { log, inserter } = this.#options
    await inserter.drain()
    log.roll()
    this.#segmentRows = 0
    await inserter.rotate()
  }
}
