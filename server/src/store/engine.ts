import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import type { AskOptions, Incomplete, StoreAnswer } from './answer.ts'
import { BlockLog } from './block-log.ts'
import { CallTable } from './calls/call-table.ts'
import { EarlierCalls } from './calls/earlier-calls.ts'
import { Catalog } from './catalog.ts'
import { Compaction } from './compaction.ts'
import { interruptUntil, openDatabase } from './database.ts'
import { nodeFiles, type StoreFiles } from './files.ts'
import type { Generation } from './generation.ts'
import { HotTables } from './hot-tables.ts'
import { type Inserted, Inserter } from './inserter.ts'
import { KeptSegments } from './kept-segments.ts'
import { type LakeStore, openLakeStore } from './lake/lake-store.ts'
import { type Layout, layoutOf } from './layout.ts'
import { type LogDirection, type LogPosition, LogReader } from './log-reader.ts'
import { type StoreSettings, settingsOf, type StoreOptions } from './options.ts'
import { PendingBlocks } from './pending-blocks.ts'
import { recover, type Recovered, withSegments } from './recovery.ts'
import { expireFiles, removeParquet } from './retention.ts'
import { Sealer } from './sealer.ts'
import { Sealing } from './sealing.ts'
import { isEventTable } from './schema.ts'
import { SearchPool } from './search-pool.ts'
import { SqlQueries } from './sql-query.ts'
import { EMPTY_STATS, type StoreFault, type StoreStats } from './stats.ts'
import { Troubles } from './troubles.ts'

const TICK_MS = 1000
const RETENTION_MS = 3_600_000
const DAY_MS = 86_400_000
/** Bytes that wait to be inserted, past which no merge of files begins. */
const MERGE_YIELD_BYTES = 8 * 1024 * 1024
/** Bytes that wait to be inserted, past which calls give way. */
const CALLS_YIELD_BYTES = 8 * 1024 * 1024
/** Within this time a row can be searched, if nothing is wrong. */
const SEARCHABLE_MS = 1500

/** The world outside an engine; tests put their own. */
export interface EngineWorld {
  readonly files?: StoreFiles
  /** Clock, ms since 1970. */
  readonly now?: () => number
  /** Told of what goes wrong and is handled; not of each repetition. */
  readonly onFault?: (fault: StoreFault) => void
  /** Stands between sealing to a lake and DuckDB. */
  readonly sealConnection?: (connection: DuckDBConnection) => DuckDBConnection
}

interface EngineParts {
  readonly settings: StoreSettings
  readonly files: StoreFiles
  readonly now: () => number
  readonly troubles: Troubles
  readonly layout: Layout
  readonly recovered: Recovered
  readonly lakeStore: LakeStore | undefined
  readonly database: DuckDBInstance
  readonly connections: readonly DuckDBConnection[]
}

/** For inserting, sealing, merging, dropping, copying rows for SQL, writing and reading calls; the rest is for searches. */
const OWN_CONNECTIONS = 7

/**
 * Open a data directory: finish or undo what a sealing had begun, and begin to read the log of earlier runs back.
 * Blocks may be appended at once; searches see the old rows as they come.
 *
 * @throws if the directory cannot be used, DuckDB does not start, or it lacks an extension for the lake
 */
export async function openEngine(options: StoreOptions, world: EngineWorld = {}): Promise<StoreEngine> {
  const settings = settingsOf(options)
  const { files = nodeFiles, now = Date.now, onFault = () => undefined } = world
  const layout = layoutOf(settings.dataDir)
  const recovered = recover(files, layout)
  const database = await openDatabase({ ...settings, temporaryDirectory: layout.temporary })
  const connections: DuckDBConnection[] = []
  while (connections.length < OWN_CONNECTIONS + settings.searches) connections.push(await database.connect())
  const troubles = new Troubles(now, onFault)
  const parts = { settings, files, now, troubles, layout, database, connections }
  if (settings.lake === undefined) return new StoreEngine({ ...parts, recovered, lakeStore: undefined })
  const { store: lakeStore, sealedSegments } = await openLakeStore(settings.lake, {
    ...settings,
    ...world,
    logDirectory: layout.log,
    files,
    now,
    connect: () => database.connect(),
    onFault: (error) => troubles.begin('lake', 'lake', error),
    onWell: () => troubles.end('lake'),
  })
  return new StoreEngine({ ...parts, recovered: withSegments(recovered, sealedSegments), lakeStore })
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
  readonly #settings: StoreSettings
  readonly #files: StoreFiles
  readonly #now: () => number
  readonly #layout: Layout
  readonly #database: DuckDBInstance
  readonly #connections: readonly DuckDBConnection[]
  readonly #sealConnection: DuckDBConnection
  readonly #catalog: Catalog
  readonly #log: BlockLog
  readonly #kept: KeptSegments
  readonly #logReader: LogReader
  readonly #pending: PendingBlocks
  readonly #calls: CallTable
  readonly #hot: HotTables
  readonly #inserter: Inserter
  readonly #sealing: Sealing
  readonly #compaction: Compaction
  readonly #mergeConnection: DuckDBConnection
  readonly #searches: SearchPool
  readonly #sql: SqlQueries
  readonly #troubles: Troubles
  readonly #lakeStore: LakeStore | undefined
  readonly #timers: NodeJS.Timeout[]
  readonly #drops = new Map<Generation, Promise<void>>()
  #storedRows = 0
  readonly #expired = { age: 0, 'table-size': 0, size: 0 }
  #replayedRows = 0
  #newestUs = 0
  #openSegmentRows = 0
  #ending: Promise<void> | undefined
  #closed: Promise<void> | undefined
  #isReleased = false

  constructor(parts: EngineParts) {
    const { settings, files, now, troubles, layout, recovered, lakeStore, database, connections } = parts
    const [insertConnection, sealConnection, dropConnection, copyConnection, ...others] = connections
    const [callConnection, earlierConnection, mergeConnection, ...searchConnections] = others
    if (!insertConnection || !sealConnection || !dropConnection || !copyConnection)
      throw new Error('too few connections')
    if (!callConnection || !earlierConnection || !mergeConnection) throw new Error('too few connections')
    this.#settings = settings
    this.#files = files
    this.#now = now
    this.#layout = layout
    this.#database = database
    this.#connections = connections
    this.#sealConnection = sealConnection
    this.#troubles = troubles
    this.#lakeStore = lakeStore
    for (const fault of recovered.faults) this.#troubles.note('recovery', fault)

    const hot = new HotTables(insertConnection)
    this.#hot = hot
    this.#catalog = new Catalog(recovered.manifests, {
      onGenerationUnused: (generation) => this.#noteDrop(generation, hot.drop(generation, dropConnection)),
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
      connection: earlierConnection,
      maxCalls: settings.maxCalls,
      onFault: (error) => this.#troubles.note('calls', error),
    })
    this.#calls = new CallTable({
      catalog,
      connection: callConnection,
      earlier,
      maxCalls: settings.maxCalls,
      isBehind: () => this.#pending.bytes > CALLS_YIELD_BYTES,
      isReplaying: () => this.#pending.replayBytes > 0,
      onFault: (error) => this.#troubles.note('calls', error),
      now,
    })
    this.#mergeConnection = mergeConnection
    this.#compaction = new Compaction({
      catalog,
      layout,
      files,
      connection: mergeConnection,
      isQuiet: () => catalog.full.length < 2 && this.#pending.bytes < MERGE_YIELD_BYTES,
      onFault: (error) => this.#troubles.note('merge', error),
      now,
    })
    const sealer = new Sealer({ layout, files, connection: sealConnection, now })
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
        if (catalog.full.length > 1) this.#compaction.giveWay()
        void this.#sealing.run()
      },
      onFault: (cause, error) => this.#troubles.begin('insert', cause, error),
      onRecovered: () => this.#troubles.end('insert'),
      now,
    })
    const places = { catalog, dataDir: settings.dataDir, lake: lakeStore?.lake }
    this.#searches = new SearchPool({
      places,
      connections: searchConnections,
      timeoutMs: settings.searchTimeoutMs,
      incomplete: () => this.#incomplete(),
      bringCalls: async () => {
        await this.#calls.flush()
        const { waitingBytes } = this.#calls
        return waitingBytes > 0 ? { reason: 'behind', pending_bytes: waitingBytes } : undefined
      },
    })
    this.#sql = new SqlQueries({ places, layout, connection: copyConnection, timeoutMs: settings.searchTimeoutMs })
    this.#timers = [
      setInterval(() => void this.#log.sync(), settings.syncIntervalMs),
      setInterval(() => this.#tick(), TICK_MS),
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
    this.#openSegmentRows += block.count
    // Generations end where segments do, so a segment must not hold many more rows than a generation should.
    if (this.#openSegmentRows >= this.#settings.sealRows) this.#log.roll()
    if (logged.segment.isClosed) this.#openSegmentRows = 0
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
    await this.#endGeneration()
    await this.#sealing.run()
  }

  /** Remove what is older than the configured retention. */
  async applyRetention(): Promise<void> {
    const { retention } = this.#settings
    const segments = this.#log.segments.map(({ name }) => name)
    await this.#lakeStore?.keepUp(retention.days, segments, (error) => this.#troubles.note('lake-upkeep', error))
    const nowMs = this.#now()
    if (retention.days > 0) this.#kept.expire(nowMs - retention.days * DAY_MS)
    try {
      const expired = await expireFiles(this.#catalog, this.#files, this.#layout, retention, nowMs)
      for (const { file, why } of expired) {
        this.#expired[why] += file.rows
        this.#troubles.note('retention', `${file.path}: ${file.rows} rows removed (${why})`)
      }
    } catch (error) {
      this.#troubles.note('retention', error)
    }
  }

  stats(): StoreStats {
    const { units, generations } = this.#catalog
    const lakeFiles = this.#lakeStore?.lake.lastView?.contents ?? []
    const files = [...units.flatMap(({ readable }) => readable), ...lakeFiles]
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
      expiredRows: { ...this.#expired },
      pendingBytes,
      replayBytes: this.#pending.replayBytes,
      lagMs: this.#lagMs(),
      hotRows: generations.reduce((rows, generation) => rows + generation.rows, 0),
      sealedRows: events.reduce((rows, file) => rows + file.rows, 0),
      sealedFiles: files.length,
      sealedBytes: files.reduce((bytes, file) => bytes + file.bytes, 0),
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
    const sealing = interruptUntil([this.#sealConnection], this.#sealing.close())
    const merging = interruptUntil([this.#mergeConnection], this.#compaction.close())
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
    for (const connection of this.#connections) connection.closeSync()
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

  #tick(): void {
    const { filling, full } = this.#catalog
    if (filling.startedMs === undefined || this.#now() - filling.startedMs < this.#settings.sealIntervalMs) return
    // While sealing is held up, more generations would only keep rows from being inserted.
    if (full.length > 0) return
    void this.#endGeneration()
  }

  /** Let a new generation begin; resolves when the rows that were appended before are in full ones. */
  #endGeneration(): Promise<void> {
    this.#ending ??= this.#endAfterDrain().finally(() => {
      this.#ending = undefined
    })
    return this.#ending
  }

  async #endAfterDrain(): Promise<void> {
    await this.#inserter.drain()
    this.#log.roll()
    this.#openSegmentRows = 0
    await this.#inserter.rotate()
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
