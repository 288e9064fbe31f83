import type { DuckDBInstance } from '@duckdb/node-api'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import type { AskOptions, Incomplete, StoreAnswer } from './answer.ts'
import { BlockLog } from './block-log.ts'
import { CallTable } from './calls/call-table.ts'
import { EarlierCalls } from './calls/earlier-calls.ts'
import { Catalog } from './catalog.ts'
import { Compaction } from './compaction.ts'
import { interruptUntil } from './database.ts'
import {
  allConnections,
  type EngineConnections,
  type EngineParts,
  type EngineWorld,
  openParts,
} from './engine-parts.ts'
import type { Generation } from './generation.ts'
import { HotTables } from './hot-tables.ts'
import { IdFilters } from './id-files.ts'
import { type Inserted, Inserter } from './inserter.ts'
import { KeptSegments } from './kept-segments.ts'
import type { LakeStore } from './lake/lake-store.ts'
import { type LogDirection, type LogPosition, LogReader } from './log-reader.ts'
import type { StoreOptions } from './options.ts'
import { PendingBlocks } from './pending-blocks.ts'
import { removeParquet, Retention } from './retention.ts'
import { Rotation } from './rotation.ts'
import { Sealer } from './sealer.ts'
import { Sealing } from './sealing.ts'
import { isEventTable } from './schema.ts'
import { SearchPool } from './search-pool.ts'
import { SqlQueries } from './sql-query.ts'
import { EMPTY_STATS, type StoreStats } from './stats.ts'
import type { Troubles } from './troubles.ts'

export type { EngineWorld } from './engine-parts.ts'

const TICK_MS = 1000
const RETENTION_MS = 3_600_000
/** Bytes that wait to be inserted, past which no merge of files begins. */
const MERGE_YIELD_BYTES = 8 * 1024 * 1024
/** Bytes that wait to be inserted, past which calls give way. */
const CALLS_YIELD_BYTES = 8 * 1024 * 1024
/** Within this time a row can be searched, if nothing is wrong. */
const SEARCHABLE_MS = 1500

/**
 * Open a data directory and begin to read the log of earlier runs back. Blocks may be appended at once; searches see
 * the old rows as they come.
 *
 * @throws as `openParts`
 */
export async function openEngine(options: StoreOptions, world: EngineWorld = {}): Promise<StoreEngine> {
  return new StoreEngine(await openParts(options, world))
}

/**
 * Block log, hot tables, sealed files and the search over them: all of the store that runs in its worker thread,
 * without the thread.
 *
 *     append ──▶ log ──▶ pending ──▶ hot tables of the newest generation ──▶ sealed files
 *
 * A block is the store's from the moment it is in the log; if it cannot be written there, it is dropped and counted.
 */
export class StoreEngine {
  readonly #now: () => number
  readonly #database: DuckDBInstance
  readonly #connections: EngineConnections
  readonly #catalog: Catalog
  readonly #log: BlockLog
  readonly #kept: KeptSegments
  readonly #logReader: LogReader
  readonly #pending: PendingBlocks
  readonly #calls: CallTable
  readonly #hot: HotTables
  readonly #inserter: Inserter
  readonly #rotation: Rotation
  readonly #sealing: Sealing
  readonly #compaction: Compaction
  readonly #retention: Retention
  readonly #searches: SearchPool
  readonly #sql: SqlQueries
  readonly #troubles: Troubles
  readonly #lakeStore: LakeStore | undefined
  readonly #timers: NodeJS.Timeout[]
  readonly #drops = new Map<Generation, Promise<void>>()
  #storedRows = 0
  #replayedRows = 0
  #newestUs = 0
  #closed: Promise<void> | undefined
  #isReleased = false

  constructor(parts: EngineParts) {
    const { settings, files, now, troubles, layout, recovered, lakeStore, database, connections } = parts
    this.#now = now
    this.#database = database
    this.#connections = connections
    this.#troubles = troubles
    this.#lakeStore = lakeStore
    for (const fault of recovered.faults) this.#troubles.note('recovery', fault)

    const hot = new HotTables(connections.insert)
    this.#hot = hot
    this.#catalog = new Catalog(recovered.manifests, {
      onGenerationUnused: (generation) => this.#noteDrop(generation, hot.drop(generation, connections.drop)),
      onUnitUnused: (unit) => this.#troubles.guard('retention', () => removeParquet(unit, files, layout)),
    })
    const catalog = this.#catalog
    this.#kept = new KeptSegments({
      directory: layout.keptLog,
      files,
      maxBytes: settings.logKeepBytes,
      onFault: (error) => this.#troubles.note('log-remove', error),
    })
    this.#logReader = new LogReader({
      files,
      segments: () => [...this.#kept.all, ...this.#log.segments],
      onFault: (segment, error) => this.#troubles.note('log-read', `${segment.name}: ${String(error)}`),
    })
    this.#log = new BlockLog({
      directory: layout.log,
      files,
      segmentBytes: settings.segmentBytes,
      maxBytes: settings.logMaxBytes,
      isNameTaken: (name) =>
        recovered.sealedSegments.has(name) || catalog.units.some(({ manifest }) => manifest.segments.includes(name)),
      keep: (segment) => this.#kept.take(segment),
      onFault: (cause, error) => {
        this.#troubles.begin('log', cause, error)
        if (cause === 'disk-full') this.#kept.clear()
      },
      now,
    })
    this.#pending = new PendingBlocks({
      log: this.#log,
      files,
      memoryBytes: settings.pendingBytes,
      onDamage: (segment, kind, bytes) => this.#troubles.note(`${kind}-log`, `${segment.name}: ${bytes} bytes`),
    })
    const earlier = new EarlierCalls({
      catalog,
      dataDir: settings.dataDir,
      lakeStore,
      connection: connections.readCalls,
      maxCalls: settings.maxCalls,
      onFault: (error) => this.#troubles.note('calls', error),
    })
    this.#calls = new CallTable({
      catalog,
      connection: connections.writeCalls,
      earlier,
      maxCalls: settings.maxCalls,
      isBehind: () => this.#pending.bytes > CALLS_YIELD_BYTES,
      isReplaying: () => this.#pending.replayBytes > 0,
      onFault: (error) => this.#troubles.note('calls', error),
      now,
    })
    this.#compaction = new Compaction({
      catalog,
      layout,
      files,
      connection: connections.merge,
      isQuiet: () => catalog.full.length < 2 && this.#pending.bytes < MERGE_YIELD_BYTES,
      onFault: (error) => this.#troubles.note('merge', error),
      now,
    })
    const sealer = new Sealer({ layout, files, connection: connections.seal, now })
    this.#sealing = new Sealing({
      catalog,
      log: this.#log,
      seal: async (generation) => {
        if (lakeStore !== undefined) return lakeStore.seal(generation, catalog)
        const { name, manifest } = await sealer.seal(generation)
        return () => catalog.replace(generation, name, manifest)
      },
      complete: (generation) => this.#calls.complete(generation),
      onDone: () => {
        this.#troubles.end('seal')
        void this.#compaction.run()
        this.#inserter.wake()
      },
      onFault: (cause, error) => this.#troubles.begin('seal', cause, error),
    })
    this.#inserter = new Inserter({
      pending: this.#pending,
      hot,
      catalog,
      delayMs: settings.insertDelayMs,
      isFull: (rows, bytes) => rows >= settings.sealRows || bytes >= settings.sealBytes,
      onAdded: ({ blocks, isReplay }) => this.#calls.take(blocks, isReplay),
      onInserted: (inserted) => this.#inserted(inserted),
      onDropped: (rows) => this.#troubles.drop('insert-failed', rows),
      onRotated: () => {
        if (catalog.full.length > 1) void this.#compaction.giveWay()
        void this.#sealing.run()
      },
      onFault: (cause, error) => this.#troubles.begin('insert', cause, error),
      onRecovered: () => this.#troubles.end('insert'),
      now,
    })
    this.#rotation = new Rotation({ ...settings, catalog, log: this.#log, inserter: this.#inserter, now })
    const idFilters = new IdFilters(layout, files)
    const places = { catalog, dataDir: settings.dataDir, idFilters, lake: lakeStore?.lake }
    const { searchTimeoutMs: timeoutMs } = settings
    this.#searches = new SearchPool({
      places,
      connections: connections.searches,
      timeoutMs,
      incomplete: () => this.#incomplete(),
      makeRoom: () => this.#compaction.giveWay(),
      bringCalls: async () => {
        await this.#calls.flush()
        const { waitingBytes } = this.#calls
        return waitingBytes > 0 ? { reason: 'behind', pending_bytes: waitingBytes } : undefined
      },
    })
    this.#sql = new SqlQueries({ places, layout, connection: connections.copy, functions: hot.functions, timeoutMs })
    this.#retention = new Retention({
      policy: settings.retention,
      catalog,
      files,
      layout,
      log: this.#log,
      kept: this.#kept,
      lakeStore,
      now,
      onNote: (cause, message) => this.#troubles.note(cause, message),
    })
    this.#timers = [
      setInterval(() => void this.#log.sync(), settings.syncIntervalMs),
      setInterval(() => this.#rotation.tick(), TICK_MS),
      setInterval(() => void this.applyRetention(), RETENTION_MS),
    ]
    void this.applyRetention()
    void this.#compaction.run()
    this.#inserter.hurry()
  }

  /** Write a block to the log and queue it for the hot tables. Never throws; what cannot be written is counted. */
  append(block: EventBlock): void {
    if (this.#closed !== undefined) {
      this.#troubles.drop('closed', block.count)
      return
    }
    const logged = this.#log.append(block)
    if (!logged.ok) {
      this.#troubles.drop(logged.cause, block.count)
      if (logged.cause === 'log-full')
        this.#troubles.begin('log', logged.cause, new Error('The log has reached its limit'))
      return
    }
    this.#troubles.end('log')
    this.#pending.add(block, logged.segment, logged.offset, logged.end)
    this.#rotation.written(block.count, logged.segment)
    this.#inserter.wake()
  }

  /** Answer the body of `POST /transactions/search`. Never rejects. */
  search(body: unknown, options?: AskOptions): Promise<StoreAnswer> {
    return this.#searches.search(body, options)
  }

  /** Answer the body of `POST /transactions/messages`. Never rejects. */
  messages(body: unknown, options?: AskOptions): Promise<StoreAnswer> {
    return this.#searches.messages(body, options)
  }

  /** Answer the body of `POST /transactions/calls`. Never rejects. */
  calls(body: unknown, options?: AskOptions): Promise<StoreAnswer> {
    return this.#searches.calls(body, options)
  }

  /** Answer the body of `POST /query`. Never rejects. */
  async query(body: unknown, options: AskOptions = {}): Promise<StoreAnswer> {
    await this.#calls.flush()
    return this.#sql.ask(body, options.signal)
  }

  /** Blocks next to a position of the log, about 1 MiB of them, in the order of writing. Never rejects. */
  readLog(direction: LogDirection, from: LogPosition): Promise<EventBlock[]> {
    return this.#logReader.read(direction, from)
  }

  /** Wait until all blocks appended so far can be searched and would survive a power cut. */
  async flush(): Promise<void> {
    await this.#inserter.drain()
    await this.#calls.flush()
    await this.#log.sync()
  }

  /** Seal all that is hot now; resolves when it is in sealed files. */
  async seal(): Promise<void> {
    await this.#rotation.endGeneration()
    await this.#sealing.run()
  }

  /** Remove what is older than the configured retention. Never rejects. */
  applyRetention(): Promise<void> {
    return this.#retention.apply()
  }

  stats(): StoreStats {
    const { units, generations } = this.#catalog
    const lake = this.#lakeStore?.stats
    const files = units.flatMap(({ readable }) => readable)
    const events = files.filter(({ table }) => isEventTable(table))
    const pendingBytes = this.#pending.bytes
    const lastError = this.#troubles.current
    return {
      ...EMPTY_STATS,
      state: lastError === undefined ? 'ok' : 'degraded',
      lastError,
      storedRows: this.#storedRows,
      replayedRows: this.#replayedRows,
      dropped: this.#troubles.dropped,
      calls: this.#calls.callCount,
      callRows: this.#calls.writtenRows,
      callSkippedRows: this.#calls.skippedRows,
      logBytes: this.#log.bytes,
      logSegments: this.#log.segments.length,
      logKeptBytes: this.#kept.bytes,
      expiredRows: { ...this.#retention.expiredRows },
      pendingBytes,
      replayBytes: this.#pending.replayBytes,
      lagMs: this.#lagMs(),
      hotRows: generations.reduce((rows, generation) => rows + generation.rows, 0),
      sealedRows: events.reduce((rows, file) => rows + file.rows, lake?.rows ?? 0),
      sealedFiles: files.length + (lake?.files ?? 0),
      sealedBytes: files.reduce((bytes, file) => bytes + file.bytes, lake?.bytes ?? 0),
      lake,
      isSealing: this.#sealing.isRunning,
    }
  }

  /**
   * Sync the log and stop. What is hot stays in the log and is read back at the next start: that is quick, and does
   * not leave a small Parquet file behind each restart. Nothing that was appended is lost. Idempotent.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    await this.#log.close()
    const sealing = interruptUntil([this.#connections.seal], this.#sealing.close())
    const merging = interruptUntil([this.#connections.merge], this.#compaction.close())
    const lake = this.#lakeStore?.close()
    await Promise.all([
      sealing,
      merging,
      this.#calls.close(),
      this.#inserter.close(),
      this.#searches.close(),
      this.#sql.close(),
    ])
    await lake
    await Promise.all(this.#drops.values())
    this.release()
  }

  /**
   * Let go of the database at once, when the thread ends without a `close`. SQL functions that are still known to a
   * database when its thread is torn down would end the whole process.
   */
  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    this.#hot.release()
    this.#sql.release()
    for (const connection of allConnections(this.#connections)) connection.closeSync()
    this.#database.closeSync()
  }

  #lagMs(): number {
    return this.#pending.bytes > 0 && this.#newestUs > 0 ? Math.max(0, this.#now() - this.#newestUs / 1000) : 0
  }

  #incomplete(): Incomplete | undefined {
    const { replayBytes, bytes } = this.#pending
    if (replayBytes > 0) return { reason: 'replay', pending_bytes: replayBytes }
    return this.#lagMs() > SEARCHABLE_MS ? { reason: 'behind', pending_bytes: bytes } : undefined
  }

  #inserted({ rows, replayedRows, newestUs }: Inserted): void {
    this.#storedRows += rows
    this.#replayedRows += replayedRows
    this.#newestUs = newestUs
  }

  #noteDrop(generation: Generation, drop: Promise<void>): void {
    const dropped = drop
      .catch((error: unknown) => this.#troubles.note('drop', error))
      .finally(() => this.#drops.delete(generation))
    this.#drops.set(generation, dropped)
  }
}
