import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Catalog } from '../catalog.ts'
import { interruptUntil } from '../database.ts'
import type { StoreFiles } from '../files.ts'
import type { Generation } from '../generation.ts'
import { parseSegmentName } from '../segment.ts'
import { Lake } from './lake.ts'
import { lakeFault, loadExtensions } from './lake-connection.ts'
import type { LakeOptions } from './lake-options.ts'
import { LakeSealer } from './lake-sealer.ts'
import { keepUp } from './lake-upkeep.ts'

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
  const segments = files.list(logDirectory).filter((name) => parseSegmentName(name) !== undefined)
  const entries = await lake.open(segments)
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

  /** Retention and order in the lake; nothing while it cannot be reached. Never rejects. */
  async keepUp(retentionDays: number, segments: readonly string[], onFault: (error: unknown) => void): Promise<void> {
    const { id: store, sealConnection: connection, now } = this.#parts
    const tables = this.lake.reading?.view.tables ?? []
    if (tables.length === 0) return
    await this.#oneByOne(() => keepUp({ connection, store, tables, retentionDays, segments, nowMs: now(), onFault }))
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

/** The name of a data directory in ledgers, made at its first use: a node's own name may be somebody else's too. */
function storeId(files: StoreFiles, dataDir: string): string {
  const path = join(dataDir, ID_FILE)
  if (files.size(path) !== undefined) return files.readText(path).trim()
  const id = randomUUID()
  const temporary = `${path}.tmp`
  files.remove(temporary)
  const fd = files.create(temporary)
  files.write(fd, new TextEncoder().encode(`${id}\n`))
  files.close(fd)
  files.rename(temporary, path)
  return id
}
