import { setImmediate, setTimeout as setTimeoutAsync } from 'node:timers/promises'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import type { Catalog } from '../catalog.ts'
import type { Generation } from '../generation.ts'
import { CALLS_TABLE, hotDefinition } from '../schema.ts'
import { CallChunks, CHUNK_ROWS } from './call-chunk.ts'
import { CallModel } from './call-model.ts'
import type { CallRow } from './call-row.ts'
import type { EarlierCalls } from './earlier-calls.ts'

export interface CallTableOptions {
  readonly catalog: Catalog
  /** Used by nothing else. */
  readonly connection: DuckDBConnection
  /** Most calls that are followed. */
  readonly maxCalls: number
  /** What earlier runs have stored. */
  readonly earlier: EarlierCalls
  /** True while events come faster than they are inserted: then calls wait. */
  readonly isBehind: () => boolean
  /** True while blocks of earlier runs are still to come. */
  readonly isReplaying: () => boolean
  readonly onFault: (error: unknown) => void
  /** Clock, ms since 1970. */
  readonly now: () => number
}

/** Rows of events that are followed in one go; it holds the thread for some milliseconds. */
const STEP_ROWS = 128
/** Most bytes of blocks that wait, most of which the hot tables hold as well; further ones are left out, and calls of that time say so. */
const MAX_WAITING_BYTES = 128 * 1024 * 1024
/** Of blocks that are read back, which can wait on disk. */
const MAX_REPLAY_BYTES = 4 * 1024 * 1024
/** How long calls give way to inserting before they look again. */
const YIELD_MS = 20
const TICK_MS = 1000
/** Rows that are written in a second without being asked for. */
const TICK_ROWS = 4 * CHUNK_ROWS
/** Changes that are not written yet, past which following waits for writing. */
const MAX_CHANGED_FACTOR = 2
/** How long a search and a sealing wait for the events that are not followed yet. */
const SETTLE_MS = 2000

/**
 * Keeps the table of calls: follows the events that were inserted, behind inserting, and writes rows of the calls that
 * changed into the newest hot tables once a second, before a search, and before a generation is sealed.
 *
 * A call that is whole within a second or between two searches costs one row. Every call with an event in a generation
 * has a row in it, so that what a generation seals is complete.
 */
export class CallTable {
  readonly #options: CallTableOptions
  readonly #model: CallModel
  readonly #chunks = new CallChunks()
  readonly #timer: NodeJS.Timeout
  #waiting: EventBlock[] = []
  #waitingBytes = 0
  #running: Promise<void> | undefined
  /** Generations that get no more rows. */
  readonly #completed = new WeakSet<Generation>()
  /** One writes at a time. */
  #writing: Promise<void> = Promise.resolve()
  #hurries = 0
  /** Calls that earlier runs left open are to be looked at. */
  #isSweepDue = false
  #writtenRows = 0
  #skippedRows = 0
  #isClosed = false

  constructor(options: CallTableOptions) {
    this.#options = options
    this.#model = new CallModel({ maxCalls: options.maxCalls, now: options.now })
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
  }

  /** Calls that are followed now. */
  get callCount(): number {
    return this.#model.size
  }

  /** Rows written by this run, those of one call each for itself. */
  get writtenRows(): number {
    return this.#writtenRows
  }

  /** Events of which no call knows, because they came faster than calls could be followed. */
  get skippedRows(): number {
    return this.#skippedRows
  }

  /** Bytes of blocks whose events are not followed yet. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /**
   * Take blocks that go into the hot tables; blocks that were taken before change nothing.
   *
   * @param isReplay an earlier run has written them: none is left out then, and the promise waits for room
   */
  async take(blocks: readonly EventBlock[], isReplay: boolean): Promise<void> {
    for (const block of blocks) {
      if (!isReplay && this.#waitingBytes + block.bytes.length > MAX_WAITING_BYTES) {
        this.#skippedRows += block.count
        continue
      }
      this.#waiting.push(block)
      this.#waitingBytes += block.bytes.length
    }
    this.#follow()
    while (isReplay && this.#waitingBytes > MAX_REPLAY_BYTES && !this.#isClosing()) await setTimeoutAsync(1)
  }

  /** Write a row of every call that changed; what a search then reads is as new as the events that it finds. */
  async flush(): Promise<void> {
    await this.#settle()
    await this.#write(Infinity)
  }

  /**
   * Bring what is still to come into the oldest generation, which takes no more events. Rows of later events may be
   * among it; the rows of a call are newer in every later generation.
   */
  async complete(generation: Generation): Promise<void> {
    await this.#settle()
    await this.#write(Infinity)
    this.#completed.add(generation)
  }

  /** Stop. What is not written is in the log and is followed again at the next start. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    await this.#running
    await this.#writing
  }

  #isClosing(): boolean {
    return this.#isClosed
  }

  #follow(): void {
    if (this.#isClosing()) return
    this.#running ??= this.#run()
      .catch((error: unknown) => this.#options.onFault(error))
      .finally(() => {
        this.#running = undefined
        if (this.#waiting.length > 0) this.#follow()
      })
  }

  async #run(): Promise<void> {
    const { earlier, isBehind, isReplaying, maxCalls } = this.#options
    this.#model.startVersionsAt(await earlier.load())
    for (let block = this.#waiting[0]; block !== undefined && !this.#isClosing(); block = this.#waiting[0]) {
      // What is read back waits for us, so we must not wait for it.
      while (this.#hurries === 0 && isBehind() && !isReplaying() && !this.#isClosing()) await setTimeoutAsync(YIELD_MS)
      if (!this.#model.isKnown(block)) {
        const { events, calls } = await earlier.takeOut(block)
        this.#model.takeUp(events, calls, block)
        for (let row = 0; row < block.count; row += STEP_ROWS) {
          this.#model.apply(block, row, row + STEP_ROWS)
          await setImmediate()
        }
      }
      this.#waiting.shift()
      this.#waitingBytes -= block.bytes.length
      if (this.#model.changedCount > MAX_CHANGED_FACTOR * maxCalls) await this.#write(Infinity)
    }
    if (!this.#isSweepDue || isReplaying() || this.#isClosing()) return
    this.#isSweepDue = false
    const { events, calls } = await earlier.takeOutOpen()
    this.#model.takeUp(events, calls)
  }

  /** Wait until what was taken is followed, for a while. */
  async #settle(): Promise<void> {
    this.#hurries++
    try {
      const untilMs = performance.now() + SETTLE_MS
      while (this.#running !== undefined && performance.now() < untilMs && !this.#isClosing()) await setTimeoutAsync(1)
    } finally {
      this.#hurries--
    }
  }

  #tick(): void {
    this.#model.tick()
    this.#isSweepDue = true
    this.#follow()
    if (!this.#options.isBehind()) void this.#write(TICK_ROWS)
  }

  #write(most: number): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeSome(most))
    return this.#writing
  }

  async #writeSome(most: number): Promise<void> {
    const { maxCalls, onFault } = this.#options
    // Not what changes meanwhile: that could go on for ever.
    for (let left = Math.min(most, this.#model.changedCount); left > 0 && !this.#isClosing(); left -= CHUNK_ROWS) {
      const rows = this.#model.takeRows(Math.min(left, CHUNK_ROWS))
      if (rows.length === 0) return
      try {
        await this.#insert(rows)
        this.#writtenRows += rows.length
      } catch (error) {
        onFault(error)
        this.#model.giveBack(rows, maxCalls)
        return
      }
      await setImmediate()
    }
  }

  async #insert(rows: readonly CallRow[]): Promise<void> {
    const { connection, catalog } = this.#options
    const generation = catalog.generations.find((one) => !this.#completed.has(one)) ?? catalog.filling
    const sqlName = generation.sqlNameOf(CALLS_TABLE)
    if (!generation.tables.has(CALLS_TABLE)) {
      await connection.run(`CREATE TABLE IF NOT EXISTS ${sqlName} (${hotDefinition('calls')})`)
    }
    const appender = await connection.createAppender(sqlName)
    appender.appendDataChunk(this.#chunks.fill(rows))
    appender.closeSync()
    if (generation.isSealed) throw new Error('the generation has left')
    const times = rows.map(({ timestamp }) => timestamp)
    const table = generation.tables.get(CALLS_TABLE)
    generation.tables.set(CALLS_TABLE, {
      table: CALLS_TABLE,
      sqlName,
      rows: (table?.rows ?? 0) + rows.length,
      minTsUs: Math.min(table?.minTsUs ?? Infinity, ...times),
      maxTsUs: Math.max(table?.maxTsUs ?? 0, ...times),
    })
  }
}
