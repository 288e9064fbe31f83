import { basename, join } from 'node:path'
import { DuckDBBlobValue, type DuckDBConnection } from '@duckdb/node-api'
import type { StoreFiles } from './files.ts'
import { hashId, ID_BLOCK_BYTES, idFilter, mayHaveId } from './id-filter.ts'
import type { Layout } from './layout.ts'
import { IDS_EXTENSION, type SealedFile } from './manifest.ts'
import { columnsOf, isEventTable, kindOf, LINK_COLUMNS, type TableName } from './schema.ts'

/** Of filters in memory: those of some 200 million rows with seven to a call. */
const MAX_CACHED_BYTES = 64 * 1024 * 1024

export interface IdFilesOptions {
  readonly layout: Layout
  readonly files: StoreFiles
  /** Used by nothing else at the time. */
  readonly connection: DuckDBConnection
}

/**
 * Write the filters of some Parquet files, one behind another, for the manifest that will name them; when this resolves
 * they survive a power cut.
 *
 * @param name of the manifest
 * @returns the files, each with where its filter is
 * @throws if DuckDB or the file system fails
 */
export async function writeIdFilters(
  { layout, files, connection }: IdFilesOptions,
  name: string,
  sealed: readonly SealedFile[],
): Promise<SealedFile[]> {
  const filters: Uint32Array<ArrayBuffer>[] = []
  const withIds: SealedFile[] = []
  let at = 0
  for (const file of sealed) {
    const filter = await filterOf(connection, join(layout.dataDir, file.path), file.table)
    withIds.push(filter === undefined ? file : { ...file, ids: { at, bytes: filter.byteLength } })
    if (filter === undefined) continue
    filters.push(filter)
    at += filter.byteLength
  }
  if (filters.length === 0) return withIds
  const path = idsPath(layout, name)
  // Of an attempt that failed.
  files.remove(path)
  const fd = files.create(path)
  try {
    for (const filter of filters) files.write(fd, new Uint8Array(filter.buffer))
    await files.sync(fd)
  } finally {
    files.close(fd)
  }
  return withIds
}

/** Filter of the ids that a Parquet file has; undefined in a table without. @throws DuckDB's error */
export async function filterOf(
  connection: DuckDBConnection,
  path: string,
  table: TableName,
): Promise<Uint32Array<ArrayBuffer> | undefined> {
  if (!isEventTable(table)) return undefined
  const columns = columnsOf(kindOf(table)).filter(({ name }) => LINK_COLUMNS.includes(name))
  const from = `read_parquet('${path.replaceAll("'", "''")}', hive_partitioning = false)`
  const ids = columns.map(({ name }) => `SELECT ${name} AS id FROM ${from}`).join(' UNION ')
  // As bytes: a text loses its byte order mark on the way.
  const result = await connection.stream(`SELECT encode(id) FROM (${ids})`)
  const hashes: number[] = []
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    for (const id of chunk.getColumnValues(0)) if (id instanceof DuckDBBlobValue) hashes.push(hashId(id.bytes))
  }
  return idFilter(hashes)
}

/** Says which sealed files a lookup of ids has to open. Filters that were read stay in memory, up to `MAX_CACHED_BYTES`. */
export class IdFilters {
  readonly #layout: Layout
  readonly #files: StoreFiles
  /** By entry of a manifest, not by path: one name must never get another's filter. Those used last are at the end. */
  readonly #cached = new Map<SealedFile, Uint32Array>()
  #cachedBytes = 0

  constructor(layout: Layout, files: StoreFiles) {
    this.#layout = layout
    this.#files = files
  }

  /** Those of some files that may have a row with one of some ids in its `LINK_COLUMNS`. Never rejects. */
  async filesWith(ids: readonly string[], sealed: readonly SealedFile[]): Promise<SealedFile[]> {
    const hashes = ids.map((id) => hashId(Buffer.from(id)))
    const found: SealedFile[] = []
    for (const file of sealed) {
      const filter = this.#fromCache(file) ?? (await this.#read(file))
      if (filter === undefined || hashes.some((hash) => mayHaveId(filter, hash))) found.push(file)
    }
    return found
  }

  #fromCache(file: SealedFile): Uint32Array | undefined {
    const filter = this.#cached.get(file)
    if (filter === undefined) return undefined
    this.#cached.delete(file)
    this.#cached.set(file, filter)
    return filter
  }

  async #read(file: SealedFile): Promise<Uint32Array | undefined> {
    const filter = await readIdFilter(file, this.#layout, this.#files)
    // Another lookup may have read it meanwhile.
    if (filter === undefined || this.#cached.has(file)) return filter
    this.#cached.set(file, filter)
    this.#cachedBytes += filter.byteLength
    for (const [oldest, { byteLength }] of this.#cached) {
      if (this.#cachedBytes <= MAX_CACHED_BYTES) break
      this.#cached.delete(oldest)
      this.#cachedBytes -= byteLength
    }
    return filter
  }
}

/** Read the filter of a file. @returns undefined if it has none, or none that can be read */
export async function readIdFilter(
  { path, ids }: SealedFile,
  layout: Layout,
  files: StoreFiles,
): Promise<Uint32Array<ArrayBuffer> | undefined> {
  if (ids === undefined || ids.bytes < ID_BLOCK_BYTES || ids.bytes % ID_BLOCK_BYTES !== 0) return undefined
  try {
    const bytes = await files.readPart(idsPath(layout, basename(path, '.parquet')), ids.at, ids.bytes)
    return new Uint32Array(bytes.buffer)
  } catch {
    // Its rows are looked for in the file itself.
    return undefined
  }
}

export function idsPath(layout: Layout, name: string): string {
  return join(layout.sealed, name + IDS_EXTENSION)
}
