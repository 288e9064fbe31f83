import { basename, dirname, join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Catalog, SealedUnit } from './catalog.ts'
import { interruptUntil } from './database.ts'
import type { StoreFiles } from './files.ts'
import { idsPath, writeIdFilters } from './id-files.ts'
import { directoriesOf, type Layout } from './layout.ts'
import {
  type Manifest,
  MANIFEST_EXTENSION,
  removeManifest,
  type SealedFile,
  sealedName,
  writeManifest,
} from './manifest.ts'
import { FILE_ORDER, PARQUET_OPTIONS } from './sealer.ts'

/** Most rows, and bytes of Parquet, of what is merged into one: it is sorted as a whole. */
const MAX_ROWS = 1_000_000
const MAX_BYTES = 256 * 1024 * 1024
/** A merge pays when it brings together so many, or nearly as many rows as it may. */
const MIN_UNITS = 8
const FULL_SHARE = 0.75
const DAY_MS = 86_400_000
/** Pause after a failure. */
const RETRY_MS = 60_000

export interface CompactionOptions {
  readonly catalog: Catalog
  readonly layout: Layout
  readonly files: StoreFiles
  /** Used by nothing else. */
  readonly connection: DuckDBConnection
  /** False while something more urgent has to be done. */
  readonly isQuiet: () => boolean
  readonly onFault: (error: unknown) => void
  readonly now: () => number
}

/**
 * Merges what was sealed in small pieces on one day into larger files, so that a search opens few.
 *
 * Safe to be cut off at any step. The merged files are written, synced and renamed; then comes a manifest that names
 * the ones it replaces. Before it is on disk the new files are no one's and the next start removes them; after it the
 * old manifests do not count any more, and go with their files when nobody reads them.
 */
export class Compaction {
  readonly #options: CompactionOptions
  #running: Promise<void> | undefined
  #isClosed = false
  #isGivingWay = false
  #retryAt = 0

  constructor(options: CompactionOptions) {
    this.#options = options
  }

  /** Merge while there is something to merge and all is quiet. Never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
      this.#isGivingWay = false
    })
    return this.#running
  }

  /**
   * Give up the merge that is running, because something else needs the time or the memory; it is tried again later.
   *
   * @returns false if there is none
   */
  async giveWay(): Promise<boolean> {
    if (this.#running === undefined) return false
    this.#isGivingWay = true
    await interruptUntil([this.#options.connection], this.#running)
    return true
  }

  /** Begin no more; the caller interrupts what runs. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#running
  }

  async #run(): Promise<void> {
    const { catalog, isQuiet, onFault, now } = this.#options
    while (!this.#isClosed && isQuiet() && now() >= this.#retryAt) {
      const units = unitsToMerge(catalog.units)
      if (units === undefined) return
      try {
        await this.#merge(units)
      } catch (error) {
        this.#retryAt = now() + RETRY_MS
        // Whoever has interrupted it knows.
        if (isQuiet() && !this.#isGivingWay) onFault(error)
      }
    }
  }

  async #merge(units: readonly SealedUnit[]): Promise<void> {
    const { catalog, layout, files } = this.#options
    const name = this.#nameOf(units)
    const merged: SealedFile[] = []
    let isDone = false
    try {
      for (const sources of byDirectory(units)) merged.push(await this.#mergeFiles(sources, name))
      for (const directory of directoriesOf(layout, merged)) await files.syncPath(directory)
      const withIds = await writeIdFilters(this.#options, name, merged)
      // Retention may have been faster.
      if (units.some((unit) => unit.isExpired)) return
      const manifest = manifestOf(units, withIds, this.#manifestNames())
      await writeManifest(files, layout.sealed, name, manifest)
      isDone = true
      catalog.merge(units, name, manifest)
    } finally {
      const unnamed = [...merged.map(({ path }) => join(layout.dataDir, path)), idsPath(layout, name)]
      if (!isDone) for (const path of unnamed) files.remove(path)
    }
    for (const unit of units) removeManifest(files, layout.sealed, unit.name)
    await files.syncPath(layout.sealed)
  }

  /** Merge files of one table and day. */
  async #mergeFiles(sources: readonly SealedFile[], name: string): Promise<SealedFile> {
    const { layout, files, connection } = this.#options
    const [first] = sources
    const path = `${dirname(first?.path ?? '')}/${name}.parquet`
    const target = join(layout.dataDir, path)
    const temporary = `${target}.tmp`
    const rows = sources.reduce((sum, source) => sum + source.rows, 0)
    const list = sources.map((source) => quoted(join(layout.dataDir, source.path))).join(', ')
    try {
      const result = await connection.run(
        `COPY (SELECT * FROM read_parquet([${list}], union_by_name = true, hive_partitioning = false) ORDER BY ${FILE_ORDER})
         TO ${quoted(temporary)} (FORMAT parquet, ${PARQUET_OPTIONS})`,
      )
      if (result.rowsChanged !== rows) throw new Error(`${path}: ${result.rowsChanged} rows written, ${rows} expected`)
      await files.syncPath(temporary)
      files.rename(temporary, target)
    } finally {
      files.remove(temporary)
    }
    return {
      table: first?.table ?? 'hep_proto_0_default',
      path,
      rows,
      bytes: files.size(target) ?? 0,
      minTsUs: Math.min(...sources.map(({ minTsUs }) => minTsUs)),
      maxTsUs: Math.max(...sources.map(({ maxTsUs }) => maxTsUs)),
    }
  }

  #nameOf(units: readonly SealedUnit[]): string {
    const ranges = units.flatMap(({ manifest }) => manifest.ranges)
    const taken = this.#manifestNames()
    let copy = 0
    while (taken.has(sealedName({ ranges }, copy))) copy++
    return sealedName({ ranges }, copy)
  }

  #manifestNames(): Set<string> {
    const { files, layout } = this.#options
    return new Set(files.list(layout.sealed).map((file) => basename(file, MANIFEST_EXTENSION)))
  }
}

/** The oldest neighbours of one day that are worth a merge. */
function unitsToMerge(units: readonly SealedUnit[]): readonly SealedUnit[] | undefined {
  let run: SealedUnit[] = []
  let rows = 0
  let bytes = 0
  const isWorthIt = (): boolean => run.length >= MIN_UNITS || (run.length > 1 && rows >= MAX_ROWS * FULL_SHARE)
  for (const unit of [...units].sort((a, b) => a.manifest.sealedMs - b.manifest.sealedMs)) {
    const size = sizeOf(unit)
    const isSmall = size.rows <= MAX_ROWS / 2 && size.bytes <= MAX_BYTES / 2
    if (!isSmall || unit.readable.length < unit.manifest.files.length) continue
    const isFull = rows + size.rows > MAX_ROWS || bytes + size.bytes > MAX_BYTES
    if (isFull || dayOf(unit) !== dayOf(run[0] ?? unit)) {
      if (isWorthIt()) return run
      run = []
      rows = 0
      bytes = 0
    }
    run.push(unit)
    rows += size.rows
    bytes += size.bytes
  }
  return isWorthIt() ? run : undefined
}

function sizeOf({ manifest }: SealedUnit): { readonly rows: number; readonly bytes: number } {
  return {
    rows: manifest.files.reduce((sum, file) => sum + file.rows, 0),
    bytes: manifest.files.reduce((sum, file) => sum + file.bytes, 0),
  }
}

function dayOf({ manifest }: SealedUnit): number {
  return Math.floor(manifest.sealedMs / DAY_MS)
}

/** Files of the units, those of the same table and day together. */
function byDirectory(units: readonly SealedUnit[]): SealedFile[][] {
  const groups = new Map<string, SealedFile[]>()
  for (const file of units.flatMap(({ manifest }) => manifest.files)) {
    const directory = dirname(file.path)
    const group = groups.get(directory)
    if (group === undefined) groups.set(directory, [file])
    else group.push(file)
  }
  return [...groups.values()]
}

function manifestOf(units: readonly SealedUnit[], files: SealedFile[], onDisk: ReadonlySet<string>): Manifest {
  const manifests = units.map(({ manifest }) => manifest)
  // What these have replaced may still be there, and must not come back when they go.
  const earlier = manifests.flatMap(({ replaces }) => replaces ?? []).filter((name) => onDisk.has(name))
  return {
    version: 1,
    sealedMs: Math.max(...manifests.map(({ sealedMs }) => sealedMs)),
    segments: manifests.flatMap(({ segments }) => segments),
    ranges: manifests.flatMap(({ ranges }) => ranges),
    files,
    replaces: [...units.map(({ name }) => name), ...earlier],
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
