import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Catalog } from '../catalog.ts'
import { interruptUntil } from '../database.ts'
import type { StoreFiles } from '../files.ts'
import type { Generation } from '../generation.ts'
import type { ExpiryCause, RetentionPolicy } from '../retention-plan.ts'
import { isEventTable } from '../schema.ts'
import { segmentNames } from '../segment.ts'
import type { LakeStats } from '../stats.ts'
import { Lake } from './lake.ts'
import { lakeFault, loadExtensions } from './lake-connection.ts'
import type { LakeOptions } from './lake-options.ts'
import { expireLakeFiles } from './lake-retention.ts'
import { LakeSealer } from './lake-sealer.ts'
import { keepUp } from './lake-upkeep.ts'
import type { LakeFile } from './lake-view.ts'
import { nodesOf } from './ledger.ts'

export interface LakeWorld {
  /** Where DuckDB's extensions are; `''`: DuckDB fetches them. */
  readonly extensionDirectory: string
  readonly dataDir: string
  readonly logDirectory: string
  readonly files: StoreFiles
  readonly connect: () => Promise<DuckDBConnection>
  /** Stands between sealing and DuckDB; for tests. */
  readonly sealConnection?: (connection: DuckDBConnection) => DuckDBConnection
  readonly now: () => number
  /** The lake cannot be reached, told again and again; or it can be again. */
  readonly onFault: (error: Error) => void
  readonly onWell: () => void
}

export interface LakeUpkeepOptions {
  readonly policy: RetentionPolicy
  /** Names of the log segments that this store has. */
  readonly segments: readonly string[]
  readonly onExpired: (what: string, rows: number, why: ExpiryCause) => void
  readonly onFault: (error: unknown) => void
}

const ID_FILE = 'lake-store-id'

interface LakeStoreParts {
  /** Names this store in the ledger. */
  readonly id: string
  readonly lake: Lake
  readonly options: LakeOptions
  readonly now: () => number
  /** Used by the lake alone. */
  readonly connection: DuckDBConnection
  /** Used for sealing and upkeep, which come one after the other. */
  readonly sealConnection: DuckDBConnection
}

/**
 * Reach the lake, now or later, and remove the segments of the log whose rows are in it, as far as that is known.
 *
 * @returns names of those segments
 * @throws ExtensionError if DuckDB lacks what a lake needs, or if the store's name in the ledger cannot be kept
 */
export async function openLakeStore(
  options: LakeOptions,
  world: LakeWorld,
): Promise<{ store: LakeStore; sealedSegments: ReadonlySet<string> }> {
  const { files, dataDir, logDirectory, extensionDirectory, connect, now, onFault, onWell } = world
  const id = storeId(files, dataDir)
  const connection = await connect()
  const ownSealConnection = await connect()
  const sealConnection = world.sealConnection?.(ownSealConnection) ?? ownSealConnection
  await loadExtensions(connection, options, extensionDirectory)
  const lake = new Lake({ options, store: id, connection, onFault, onWell })
  const entries = await lake.open(segmentNames(files, logDirectory))
  const sealedSegments = new Set(entries.flatMap((entry) => entry.segments))
  for (const name of sealedSegments) files.remove(join(logDirectory, name))
  return { store: new LakeStore({ id, lake, options, now, connection, sealConnection }), sealedSegments }
}

/** What a store does with its lake. */
export class LakeStore {
  readonly lake: Lake
  readonly #parts: LakeStoreParts
  readonly #sealer: LakeSealer
  readonly #closing = new AbortController()
  /** What uses the connection of sealing. */
  #busy: Promise<void> = Promise.resolve()

  constructor(parts: LakeStoreParts) {
    const { id: store, lake, now, sealConnection: connection } = parts
    this.lake = lake
    this.#parts = parts
    this.#sealer = new LakeSealer({ lake, store, connection, now })
  }

  get stats(): LakeStats {
    const { reading, lastView } = this.lake
    const contents = lastView?.contents ?? []
    return {
      isReachable: reading !== undefined,
      files: contents.length,
      rows: contents.reduce((sum, { table, rows }) => sum + (isEventTable(table) ? rows : 0), 0),
      bytes: contents.reduce((sum, { bytes }) => sum + bytes, 0),
      committedMs: lastView?.committedMs,
    }
  }

  /**
   * Bring the rows of a generation that takes no more. The step that it resolves with lets searches find them in the
   * lake, and takes the generation out of the catalog.
   *
   * @throws if the lake cannot be reached; to be tried again
   */
  async seal(generation: Generation, catalog: Catalog): Promise<() => void> {
    const settle = await this.#oneByOne(() => this.#sealer.seal(generation)).catch((error: unknown) => {
      throw new Error(lakeFault(error, this.#parts.options), { cause: error })
    })
    return () => {
      settle()
      catalog.discard(generation)
    }
  }

  /** The files of the lake, which have the rows of others too. @throws if it cannot be reached */
  files(): readonly LakeFile[] {
    const { reading, fault } = this.lake
    if (reading === undefined) throw new Error(fault ?? 'the lake has not been reached yet')
    return reading.view.contents
  }

  /** Names of the nodes whose events this store has brought. @throws if the lake cannot be reached */
  async nodes(connection: DuckDBConnection): Promise<readonly string[]> {
    if (this.files().length === 0) return []
    try {
      return await nodesOf(connection, this.#parts.id)
    } catch (error) {
      throw new Error(lakeFault(error, this.#parts.options), { cause: error })
    }
  }

  /** Retention and order in the lake; nothing while it cannot be reached. Never rejects. */
  async keepUp({ policy, segments, onExpired, onFault }: LakeUpkeepOptions): Promise<void> {
    const { id: store, sealConnection: connection, options, now } = this.#parts
    const { signal } = this.#closing
    const note = (error: unknown): void => {
      if (!signal.aborted) onFault(lakeFault(error, options))
    }
    if (this.lake.reading === undefined) return
    try {
      await this.#oneByOne(async () => {
        const nowMs = now()
        const view = await this.lake.readNewest(connection)
        if (view.tables.length === 0) return
        await expireLakeFiles({ connection, view, policy, nowMs, signal, onExpired, onFault: note })
        await keepUp({ connection, store, tables: view.tables, segments, nowMs, signal, onFault: note })
      })
    } catch (error) {
      note(error)
    }
  }

  /** End what runs. */
  async close(): Promise<void> {
    const { connection, sealConnection } = this.#parts
    this.#closing.abort()
    await interruptUntil([connection, sealConnection], Promise.all([this.lake.close(), this.#busy]))
    connection.closeSync()
    sealConnection.closeSync()
  }

  /** @throws if it is closing */
  async #oneByOne<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#busy
    let done: () => void = () => undefined
    this.#busy = new Promise((resolve) => (done = resolve))
    await before
    try {
      this.#closing.signal.throwIfAborted()
      return await work()
    } finally {
      done()
    }
  }
}

/** The name of a data directory in ledgers; undefined if it has never sealed to a lake. */
export function knownStoreId(files: StoreFiles, dataDir: string): string | undefined {
  const path = join(dataDir, ID_FILE)
  return files.size(path) === undefined ? undefined : files.readText(path).trim()
}

/** It is made at its first use: a node's own name may be somebody else's too. */
function storeId(files: StoreFiles, dataDir: string): string {
  const known = knownStoreId(files, dataDir)
  if (known !== undefined) return known
  const path = join(dataDir, ID_FILE)
  const id = randomUUID()
  const temporary = `${path}.tmp`
  files.remove(temporary)
  const fd = files.create(temporary)
  files.write(fd, new TextEncoder().encode(`${id}\n`))
  files.close(fd)
  files.rename(temporary, path)
  return id
}
