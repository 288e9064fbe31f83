import { setTimeout as setTimeoutAsync } from 'node:timers/promises'
import type { Catalog } from './catalog.ts'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import type { Generation } from './generation.ts'
import type { Batch, PendingBlocks } from './pending-blocks.ts'

/** Rows of one step; between steps blocks get to the log. */
const BATCH_ROWS = 8192
/** Rows of one table after which a transaction is committed; more than a row group of DuckDB. */
const COMMIT_ROWS = 131_072
/** Rows with which a transaction waits for more, to come nearer to a row group. */
const HOLD_ROWS = 4096
/** How long it may be open. */
const HOLD_MS = 250
/** Full generations that may wait for sealing; then the rows stay in the log. */
const MAX_FULL_GENERATIONS = 2
const MAX_ATTEMPTS = 5
const FIRST_PAUSE_MS = 100
const LAST_PAUSE_MS = 5000

/** Where the rows go: `HotTables`. */
export interface HotWriter {
  readonly openRows: number
  readonly openTotalRows: number
  add(generation: Generation, blocks: readonly EventBlock[]): Promise<void>
  commit(): Promise<void>
  rollback(): Promise<void>
  release(): void
}

export interface InserterOptions {
  readonly pending: PendingBlocks
  readonly hot: HotWriter
  readonly catalog: Catalog
  /** How long a block may wait for others. */
  readonly delayMs: number
  /** True if a generation of so many rows, and bytes of log, is big enough to be sealed. */
  readonly isFull: (rows: number, bytes: number) => boolean
  /** Blocks are on their way into the tables; after a failure they come again. Inserting waits for the promise. */
  readonly onAdded: (batch: Batch) => Promise<void>
  /** Rows can be searched from now on. */
  readonly onInserted: (inserted: Inserted) => void
  /** A block was given up. */
  readonly onDropped: (rows: number) => void
  /** A generation takes no more rows. */
  readonly onRotated: () => void
  readonly onFault: (cause: 'insert' | 'log-read', error: unknown) => void
  readonly onRecovered: () => void
  readonly now: () => number
}

/** Want of memory passes when something is sealed; after a fatal error all fails until the next start. */
const NOT_THE_BLOCK = /out of memory|fatal|invalidated/i

export interface Inserted {
  /** Rows of this run. */
  readonly rows: number
  /** Rows of earlier ones. */
  readonly replayedRows: number
  /** When the newest block was sealed, microseconds since 1970. */
  readonly newestUs: number
}

/** What was added since the last commit. */
interface OpenTransaction extends Inserted {
  readonly sinceMs: number
}

interface DrainWaiter {
  readonly targetBytes: number
  readonly resolve: () => void
}

/** Moves blocks from the log into the hot tables, and decides where one generation ends and the next begins. */
export class Inserter {
  readonly #options: InserterOptions
  readonly #closing = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #open: OpenTransaction | undefined
  /** Until so many bytes are settled, blocks go in one by one: some of them failed. */
  #carefulBytes = 0
  /** Failures of the block that is tried now. */
  #failures = 0
  #pauseMs = FIRST_PAUSE_MS
  #rotationWaiters: (() => void)[] = []
  #drainWaiters: DrainWaiter[] = []

  constructor(options: InserterOptions) {
    this.#options = options
  }

  /** There is something to insert: begin after the delay, so that small blocks go together. */
  wake(): void {
    if (this.#running !== undefined || this.#isClosing()) return
    this.#timer ??= setTimeout(() => this.hurry(), this.#options.delayMs)
  }

  /** Begin at once. */
  hurry(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#running !== undefined || this.#isClosing()) return
    this.#running = this.#run().finally(() => {
      this.#running = undefined
      if (this.#options.pending.bytes > 0 && !isBlocked(this.#options.catalog)) this.wake()
    })
  }

  /**
   * End the generation as soon as the cursor is between two segments; the caller has closed the open segment.
   * Resolves when that is done, or at close.
   */
  rotate(): Promise<void> {
    return new Promise((resolve) => {
      this.#rotationWaiters.push(resolve)
      this.hurry()
    })
  }

  /** Wait until what is in the log now can be searched. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#drainWaiters.push({ targetBytes: this.#options.pending.totalBytes, resolve })
      this.#settle()
      this.hurry()
    })
  }

  /** Stop after the insert that is running. What is in the log is for the next start. */
  async close(): Promise<void> {
    this.#closing.abort()
    clearTimeout(this.#timer)
    await this.#running
    await this.#options.hot.rollback()
    this.#options.pending.close()
    for (const waiter of this.#drainWaiters.splice(0)) waiter.resolve()
    for (const resolve of this.#rotationWaiters.splice(0)) resolve()
  }

  #isClosing(): boolean {
    return this.#closing.signal.aborted
  }

  async #run(): Promise<void> {
    while (!this.#isClosing() && !isBlocked(this.#options.catalog)) {
      let isIdle = false
      try {
        isIdle = await this.#step()
      } catch (error) {
        await this.#recover(error)
      }
      if (isIdle) return
      // Blocks that came meanwhile go to the log first.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** @returns true if there is nothing to do now */
  async #step(): Promise<boolean> {
    const { pending, hot, catalog, onAdded, now } = this.#options
    if (pending.isBetweenSegments) await this.#rotateIfDue()
    const isCareful = this.#settledBytes() < this.#carefulBytes
    const batch = pending.take(isCareful ? 1 : BATCH_ROWS)
    if (batch.blocks.length > 0) {
      await hot.add(catalog.filling, batch.blocks)
      this.#open = withBatch(this.#open, batch, now())
      await onAdded(batch)
    }
    const isEmpty = batch.blocks.length === 0 && !batch.isEnd
    if (isCareful || hot.openRows >= COMMIT_ROWS || (pending.isTaken && isEmpty) || !this.#mayHold())
      await this.#commit()
    if (pending.isBetweenSegments) await this.#rotateIfDue()
    return pending.isTaken
  }

  /** True if it is better to wait for more rows than to commit. */
  #mayHold(): boolean {
    const { pending, hot, now } = this.#options
    if (this.#open === undefined || now() - this.#open.sinceMs >= HOLD_MS) return false
    if (!pending.isTaken) return true
    return hot.openRows >= HOLD_ROWS && this.#drainWaiters.length === 0 && this.#rotationWaiters.length === 0
  }

  async #commit(): Promise<void> {
    const { pending, hot, catalog, onInserted, onRecovered, now } = this.#options
    await hot.commit()
    catalog.filling.segments.push(...pending.accept())
    if (this.#open !== undefined) {
      catalog.filling.startedMs ??= now()
      onInserted(this.#open)
      this.#open = undefined
      this.#failures = 0
      this.#pauseMs = FIRST_PAUSE_MS
      onRecovered()
    }
    this.#settle()
  }

  async #rotateIfDue(): Promise<void> {
    const { pending, hot, catalog, isFull, onRotated } = this.#options
    const { filling } = catalog
    const isWanted = this.#rotationWaiters.length > 0
    const isDue = isFull(filling.rows + hot.openTotalRows, filling.segmentBytes + pending.takenBytes)
    if (!isWanted && !isDue) return
    await this.#commit()
    if (filling.segments.length > 0) {
      hot.release()
      catalog.rotate()
      onRotated()
    }
    for (const resolve of this.#rotationWaiters.splice(0)) resolve()
  }

  /** Nothing of the open transaction is in the tables: go back to where it began, and find out what failed. */
  async #recover(error: unknown): Promise<void> {
    const { pending, hot, onFault } = this.#options
    const wasCareful = this.#settledBytes() < this.#carefulBytes
    const isRead = isErrno(error)
    onFault(isRead ? 'log-read' : 'insert', error)
    await hot.rollback()
    this.#open = undefined
    this.#carefulBytes = Math.max(this.#carefulBytes, this.#settledBytes() + pending.takenBytes + 1)
    pending.rewind()
    if (wasCareful && !NOT_THE_BLOCK.test(String(error))) this.#failures++
    if (this.#failures >= MAX_ATTEMPTS) {
      this.#failures = 0
      this.#giveUp(isRead)
      return
    }
    await setTimeoutAsync(this.#pauseMs, undefined, { signal: this.#closing.signal }).catch(() => undefined)
    this.#pauseMs = Math.min(LAST_PAUSE_MS, 2 * this.#pauseMs)
  }

  /** One block must not stop all that come after it. */
  #giveUp(isRead: boolean): void {
    const { pending, catalog, onDropped } = this.#options
    if (isRead) pending.skipSegment()
    else for (const block of pending.take(1).blocks) onDropped(block.count)
    catalog.filling.segments.push(...pending.accept())
    this.#settle()
  }

  #settledBytes(): number {
    const { pending } = this.#options
    return pending.totalBytes - pending.bytes
  }

  #settle(): void {
    const settledBytes = this.#settledBytes()
    const waiting = this.#drainWaiters
    this.#drainWaiters = waiting.filter((waiter) => waiter.targetBytes > settledBytes)
    for (const waiter of waiting) if (waiter.targetBytes <= settledBytes) waiter.resolve()
  }
}

function withBatch(open: OpenTransaction | undefined, { blocks, isReplay }: Batch, nowMs: number): OpenTransaction {
  const rows = blocks.reduce((sum, block) => sum + block.count, 0)
  return {
    rows: (open?.rows ?? 0) + (isReplay ? 0 : rows),
    replayedRows: (open?.replayedRows ?? 0) + (isReplay ? rows : 0),
    newestUs: blocks.at(-1)?.sealedUs ?? 0,
    sinceMs: open?.sinceMs ?? nowMs,
  }
}

function isErrno(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}

function isBlocked(catalog: Catalog): boolean {
  return catalog.filling.rows === 0 && catalog.full.length >= MAX_FULL_GENERATIONS
}
