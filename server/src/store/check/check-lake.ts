import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { openDatabase } from '../database.ts'
import type { StoreFiles } from '../files.ts'
import { attach, ExtensionError, lakeFault, loadExtensions } from '../lake/lake-connection.ts'
import type { LakeOptions } from '../lake/lake-options.ts'
import { knownStoreId } from '../lake/lake-store.ts'
import { knownPaths, newestVersion, readView } from '../lake/lake-view.ts'
import { ledgerEntries } from '../lake/ledger.ts'
import type { Layout } from '../layout.ts'
import { settingsOf } from '../options.ts'
import { isEventTable } from '../schema.ts'
import { keepSegment } from './check-doubles.ts'
import type { CheckedSegment } from './check-log.ts'
import type { Findings } from './findings.ts'

/** The lake that a data directory seals to. */
export interface CheckedLake {
  readonly options: LakeOptions
  /** Where DuckDB's extensions are; `''`: DuckDB fetches them. */
  readonly extensionDirectory: string
}

/** What all that seal to a lake have brought. */
export interface LakeTotals {
  readonly files: number
  /** Events; what is derived from them, such as calls, does not count. */
  readonly rows: number
  readonly bytes: number
}

export interface LakeCheck {
  readonly files: StoreFiles
  readonly layout: Layout
  readonly dataDir: string
  readonly findings: Findings
}

interface FoundFile {
  readonly bytes: number
  /** More than a day. */
  readonly isOld: boolean
}

/** A lake could not be looked at. */
export class LakeCheckError extends Error {
  override readonly name = 'LakeCheckError'
}

/** Looks at a lake, and changes nothing in it. */
export class LakeChecker {
  readonly #options: LakeOptions
  readonly #database: DuckDBInstance
  readonly #connection: DuckDBConnection
  readonly #directory: string

  constructor(options: LakeOptions, database: DuckDBInstance, connection: DuckDBConnection, directory: string) {
    this.#options = options
    this.#database = database
    this.#connection = connection
    this.#directory = directory
  }

  /** @throws LakeCheckError if the lake cannot be reached */
  static async open({ options, extensionDirectory }: CheckedLake): Promise<LakeChecker> {
    const directory = mkdtempSync(join(tmpdir(), 'hepscope-check-'))
    const settings = settingsOf({ dataDir: directory, extensionDirectory })
    const database = await openDatabase({ ...settings, temporaryDirectory: directory })
    const connection = await database.connect()
    const checker = new LakeChecker(options, database, connection, directory)
    try {
      await loadExtensions(connection, options, extensionDirectory)
      await attach(connection, options, 'read')
      return checker
    } catch (error) {
      checker.close()
      throw checker.#failure(error)
    }
  }

  /**
   * Hold the files that the newest version has against the data path, and the log against the ledger.
   *
   * @param segments of the log; none while a server may be sealing them
   * @throws LakeCheckError if catalog or data path cannot be read
   */
  async check(check: LakeCheck, segments: readonly CheckedSegment[]): Promise<LakeTotals> {
    try {
      const totals = await this.#checkFiles(check)
      await this.#checkLog(check, segments)
      return totals
    } catch (error) {
      throw this.#failure(error)
    }
  }

  close(): void {
    this.#connection.closeSync()
    this.#database.closeSync()
    rmSync(this.#directory, { recursive: true, force: true })
  }

  async #checkFiles({ findings }: LakeCheck): Promise<LakeTotals> {
    const connection = this.#connection
    const options = this.#options
    const { contents } = await readView(connection, await newestVersion(connection), options)
    const found = await this.#found()
    for (const { path, table, rows, bytes } of contents) {
      const size = found.get(path)?.bytes
      if (size === bytes) continue
      const fault = size === undefined ? 'is not there' : `has ${size} bytes instead of ${bytes}`
      const message = `${fault}: searches of ${table} that need its ${rows} rows fail`
      await findings.add({ severity: 'damage', path, message })
    }
    const known = new Set((await knownPaths(connection, options)).map((path) => basename(path)))
    // Younger ones may be of a sealing that goes on.
    const lost = [...found].filter(([path, { isOld }]) => isOld && !known.has(basename(path)))
    if (lost.length > 0) {
      const message = `${lost.length} files that the lake does not know, as a killed sealing leaves them; ducklake_delete_orphaned_files removes them`
      await findings.add({ severity: 'note', path: options.dataPath, message })
    }
    return {
      files: contents.length,
      rows: contents.reduce((sum, { table, rows }) => sum + (isEventTable(table) ? rows : 0), 0),
      bytes: contents.reduce((sum, { bytes }) => sum + bytes, 0),
    }
  }

  /** The Parquet files at the data path. */
  async #found(): Promise<ReadonlyMap<string, FoundFile>> {
    const pattern = `${this.#options.dataPath.replace(/\/$/, '')}/**/*.parquet`
    // Where there is none, DuckDB has nothing to read either.
    const some = await this.#connection.runAndReadAll('FROM glob($1) LIMIT 1', [pattern])
    if (some.currentRowCount === 0) return new Map()
    const listed = await this.#connection.runAndReadAll(
      'SELECT filename, size, last_modified < now() - INTERVAL 1 DAY FROM read_blob($1)',
      [pattern],
    )
    return new Map(
      listed.getRows().map(([path, size, isOld]) => [String(path), { bytes: Number(size), isOld: isOld === true }]),
    )
  }

  async #checkLog({ files, layout, dataDir, findings }: LakeCheck, segments: readonly CheckedSegment[]): Promise<void> {
    const store = knownStoreId(files, dataDir)
    if (store === undefined) return
    const names = segments.map(({ name }) => name)
    const entries = await ledgerEntries(this.#connection, store, names)
    const brought = new Set(entries.flatMap((entry) => entry.segments))
    for (const segment of segments.filter(({ name }) => brought.has(name))) {
      await findings.add({
        severity: 'note',
        path: relative(dataDir, segment.path),
        message: 'its rows are in the lake',
        repair: () => keepSegment(segment, files, layout),
      })
    }
  }

  #failure(error: unknown): LakeCheckError {
    const reason = error instanceof ExtensionError ? error.message : lakeFault(error, this.#options)
    return new LakeCheckError(`the lake cannot be looked at: ${reason}`, { cause: error })
  }
}
