import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import type { AskOptions, Incomplete, StoreAnswer } from './answer.ts'
import { BlockLog } from './block-log.ts'
import { Catalog } from './catalog.ts'
import { interruptUntil, openDatabase } from './database.ts'
import { nodeFiles, type StoreFiles } from './files.ts'
import type { Generation } from './generation.ts'
import { HotTables } from './hot-tables.ts'
import { type Inserted, Inserter } from './inserter.ts'
import { type Layout, layoutOf } from './layout.ts'
import { type StoreSettings, settingsOf, type StoreOptions } from './options.ts'
import { PendingBlocks } from './pending-blocks.ts'
import { recover, type Recovered } from './recovery.ts'
import { expireUnits, removeParquet } from './retention.ts'
import { Sealer } from './sealer.ts'
import { Sealing } from './sealing.ts'
import { SearchPool } from './search-pool.ts'
import { SqlQueries } from './sql-query.ts'
import { EMPTY_STATS, type StoreFault, type StoreStats } from './stats.ts'
import { Troubles } from './troubles.ts'

const TICK_MS = 1000
const RETENTION_MS = 3_600_000
/** Within this time a row can be searched, if nothing is wrong. */
const SEARCHABLE_MS = 1500

/** The world outside an engine; tests put their own. */
export interface EngineWorld {
  readonly files?: StoreFiles
  /** Clock, ms since 1970. */
  readonly now?: () => number
  /** Told of what goes wrong and is handled; not of each repetition. */
  readonly onFault?: (fault: StoreFault) => void
}

interface EngineParts {
  readonly settings: StoreSettings
  readonly files: StoreFiles
  readonly now: () => number
  readonly onFault: (fault: StoreFault) => void
  readonly layout: Layout
  readonly recovered: Recovered
  readonly database: DuckDBInstance
  readonly connections: readonly DuckDBConnection[]
}

/** Connections for inserting, sealing, dropping, and copying rows for SQL; the rest is for searches. */
const OWN_CONNECTIONS = 4

/**
 * Open a data directory: finish or undo what a sealing had begun, and begin to read the log of earlier runs back.
 * Blocks may be appended at once; searches see the old rows as they come.
 *
 * @throws if the directory cannot be used or DuckDB does not start
 */
export async function openEngine(options: StoreOptions, world: EngineWorld = {}): Promise<StoreEngine> {
  const settings = settingsOf(options)
  const { files = nodeFiles, now = Date.now, onFault = () => undefined } = world
  const layout = layoutOf(settings.dataDir)
  const recovered = recover(files, layout)
  const database = await openDatabase({ ...settings, temporaryDirectory: layout.temporary })
  const connections: DuckDBConnection[] = []
  while (connections.length < OWN_CONNECTIONS + settings.searches) connections.push(await database.connect())
  return new StoreEngine({ settings, files, now, onFault, layout, recovered, database, connections })
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
  readonly #pending: PendingBlocks
  readonly #inserter: Inserter
  readonly #sealing: Sealing
  readonly #searches: SearchPool
  readonly #sql: SqlQueries
  readonly #troubles: Troubles
  readonly #timers: NodeJS.Timeout[]
  readonly #drops = new Map<Generation, Promise<void>>()
  #storedRows = 0
  #replayedRows = 0
  #newestUs = 0
  #openSegmentRows = 0
  #ending: Promise<void> | undefined
  #closed: Promise<void> | undefined

  constructor({ settings, files, now, onFault, layout, recovered, database, connections }: EngineParts) {
    const [insertConnection, sealConnection, dropConnection, copyConnection, ...searchConnections] = connections
    if (!insertConnection || !sealConnection || !dropConnection || !copyConnection)
      throw new Error('too few connections')
    this.#settings = settings
    this.#files = files
    this.#now = now
    this.#layout = layout
    this.#database = database
    this.#connections = connections
    this.#sealConnection = sealConnection
    this.#troubles = new Troubles(now, onFault)
    for (const fault of recovered.faults) this.#troubles.note('recovery', fault)

    const hot = new HotTables(insertConnection)
    this.#catalog = new Catalog(recovered.manifests, {
      onGenerationUnused: (generation) => this.#dropTables(generation, dropConnection),
      onUnitUnused: (unit) => this.#troubles.guard('retention', () => removeParquet(unit, files, layout)),
    })
    const catalog = this.#catalog
    this.#log = new BlockLog({
      directory: layout.log,
      files,
      segmentBytes: settings.segmentBytes,
      maxBytes: settings.logMaxBytes,
      isNameTaken: (name) =>
        recovered.sealedSegments.has(name) || catalog.units.some(({ manifest }) => manifest.segments.includes(name)),
      onFault: (cause, error) => this.#troubles.begin('log', cause, error),
      now,
    })
    this.#pending = new PendingBlocks({
      log: this.#log,
      files,
      memoryBytes: settings.pendingBytes,
      onDamage: (segment, kind, bytes) => this.#troubles.note(`${kind}-log`, `${segment.name}: ${bytes} bytes`),
    })
    this.#sealing = new Sealing({
      catalog,
      log: this.#log,
      sealer: new Sealer({ layout, files, connection: sealConnection, now }),
      onDone: () => {
        this.#troubles.end('seal')
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
      onInserted: (inserted) => this.#inserted(inserted),
      onDropped: (rows) => this.#troubles.drop('insert-failed', rows),
      onRotated: () => void this.#sealing.run(),
      onFault: (cause, error) => this.#troubles.begin('insert', cause, error),
      onRecovered: () => this.#troubles.end('insert'),
      now,
    })
    this.#searches = new SearchPool({
      catalog,
      dataDir: settings.dataDir,
      connections: searchConnections,
      timeoutMs: settings.searchTimeoutMs,
      incomplete: () => this.#incomplete(),
    })
    this.#sql = new SqlQueries({ catalog, layout, connection: copyConnection, timeoutMs: settings.searchTimeoutMs })
    this.#timers = [
      setInterval(() => void this.#log.sync(), settings.syncIntervalMs),
      setInterval(() => this.#tick(), TICK_MS),
      setInterval(() => void this.applyRetention(), RETENTION_MS),
    ]
    void this.applyRetention()
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

  /** Answer the body of `POST /query`. Never rejects. */
  query(body: unknown, options: AskOptions = {}): Promise<StoreAnswer> {
    return this.#sql.ask(body, options.signal)
  }

  /** Wait until all blocks appended so far can be searched and would survive a power cut. */
  async flush(): Promise<void> {
    await this.#inserter.drain()
    await this.#log.sync()
  }

  /** Seal all that is hot now; resolves when it is in sealed files. */
  async seal(): Promise<void> {
    await this.#endGeneration()
    await this.#sealing.run()
  }

  /** Remove what is older than the configured retention. */
  async applyRetention(): Promise<void> {
    const { retentionDays } = this.#settings
    if (retentionDays === 0) return
    try {
      await expireUnits(this.#catalog, this.#files, this.#layout, retentionDays, this.#now())
    } catch (error) {
      this.#troubles.note('retention', error)
    }
  }

  stats(): StoreStats {
    const { units, generations } = this.#catalog
    const files = units.flatMap(({ readable }) => readable)
    const pendingBytes = this.#pending.bytes
    const lastError = this.#troubles.current
    return {
      ...EMPTY_STATS,
      state: lastError === undefined ? 'ok' : 'degraded',
      lastError,
      storedRows: this.#storedRows,
      replayedRows: this.#replayedRows,
      dropped: this.#troubles.dropped,
      logBytes: this.#log.bytes,
      logSegments: this.#log.segments.length,
      pendingBytes,
      replayBytes: this.#pending.replayBytes,
      lagMs: this.#lagMs(),
      hotRows: generations.reduce((rows, generation) => rows + generation.rows, 0),
      sealedRows: files.reduce((rows, file) => rows + file.rows, 0),
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
    await Promise.all([sealing, this.#inserter.close(), this.#searches.close(), this.#sql.close()])
    await Promise.all(this.#drops.values())
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
    const { filling } = this.#catalog
    if (filling.startedMs === undefined || this.#now() - filling.startedMs < this.#settings.sealIntervalMs) return
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

  #dropTables(generation: Generation, connection: DuckDBConnection): void {
    const drop = async (): Promise<void> => {
      for (const { sqlName } of generation.tables.values()) await connection.run(`DROP TABLE IF EXISTS ${sqlName}`)
    }
    const dropped = drop()
      .catch((error: unknown) => this.#troubles.note('drop', error))
      .finally(() => this.#drops.delete(generation))
    this.#drops.set(generation, dropped)
  }
}
