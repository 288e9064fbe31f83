import { dirname, join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { StoreFiles } from './files.ts'
import type { Generation, HotTable } from './generation.ts'
import { writeIdFilters } from './id-files.ts'
import { directoriesOf, type Layout, NO_DATE, parquetPath } from './layout.ts'
import { type Manifest, type SealedFile, sealedName, writeManifest } from './manifest.ts'
import { hotProjection, hotRows, kindOf } from './schema.ts'

/** Rows of one row group. A Call-ID lookup reads at least one whole group. */
const ROW_GROUP_ROWS = 16_384
export const PARQUET_OPTIONS = `COMPRESSION zstd, ROW_GROUP_SIZE ${ROW_GROUP_ROWS}, USE_TMP_FILE false`
/** Order of the rows in a file: a call lies in few row groups. */
export const FILE_ORDER = 'session_id, timestamp, epoch, seq'
/** Days of one table and sealing that get a file of their own; clocks of senders may be anywhere. */
const MAX_DAYS = 31

export interface SealerOptions {
  readonly layout: Layout
  readonly files: StoreFiles
  /** Used by nothing else. */
  readonly connection: DuckDBConnection
  readonly now: () => number
}

export interface Sealed {
  readonly name: string
  readonly manifest: Manifest
}

interface Day {
  readonly date: string
  readonly rows: number
  readonly minTsUs: number
  readonly maxTsUs: number
}

/**
 * Turns generations into Parquet files.
 *
 * Safe to be cut off at any step: Parquet goes to temporary names, is synced and renamed; then the filters of Call-IDs
 * are written and synced, and then the manifest is written, synced and renamed. Before that last step the log still has
 * every row, and files that no manifest names are removed at the next start; after it the manifest names the segments
 * that may go.
 */
export class Sealer {
  readonly #options: SealerOptions

  constructor(options: SealerOptions) {
    this.#options = options
  }

  /**
   * Write all rows of a generation that takes no more.
   *
   * @throws if DuckDB or the file system fails; nothing is sealed then, and it may be tried again
   */
  async seal(generation: Generation): Promise<Sealed> {
    const { layout, files, now } = this.#options
    const name = this.#freeName(generation)
    const sealedFiles: SealedFile[] = []
    for (const table of generation.tables.values()) {
      for (const day of await this.#days(table)) sealedFiles.push(await this.#writeParquet(table, day, name))
    }
    for (const directory of directoriesOf(layout, sealedFiles)) await files.syncPath(directory)
    const manifest: Manifest = {
      version: 1,
      sealedMs: now(),
      segments: generation.segments.map((segment) => segment.name),
      ranges: generation.ranges.map((range) => ({ ...range })),
      files: await writeIdFilters(this.#options, name, sealedFiles),
    }
    await writeManifest(files, layout.sealed, name, manifest)
    return { name, manifest }
  }

  #freeName(generation: Generation): string {
    const { layout, files } = this.#options
    const taken = new Set(files.list(layout.sealed))
    let copy = 0
    while (taken.has(`${sealedName(generation, copy)}.json`)) copy++
    return sealedName(generation, copy)
  }

  async #days(table: HotTable): Promise<Day[]> {
    const reader = await this.#options.connection.runAndReadAll(
      `SELECT CAST(CAST(timestamp AS DATE) AS VARCHAR), count(*), epoch_us(min(timestamp)), epoch_us(max(timestamp))
       FROM ${hotRows(kindOf(table.table), table.sqlName)} GROUP BY CAST(timestamp AS DATE) ORDER BY 2 DESC, 1`,
    )
    const days = reader.getRows().map(([date, rows, min, max]) => ({
      date: String(date),
      rows: Number(rows),
      minTsUs: Number(min),
      maxTsUs: Number(max),
    }))
    const rest = days.splice(MAX_DAYS)
    if (rest.length > 0) {
      days.push({
        date: NO_DATE,
        rows: rest.reduce((sum, day) => sum + day.rows, 0),
        minTsUs: Math.min(...rest.map((day) => day.minTsUs)),
        maxTsUs: Math.max(...rest.map((day) => day.maxTsUs)),
      })
    }
    return days
  }

  async #writeParquet(table: HotTable, day: Day, name: string): Promise<SealedFile> {
    const { layout, files, connection } = this.#options
    const path = parquetPath(table.table, day.date, name)
    const target = join(layout.dataDir, path)
    const temporary = `${target}.tmp`
    files.makeDirectory(dirname(target))
    const isDated = day.date !== NO_DATE
    const where = isDated
      ? 'CAST(timestamp AS DATE) = CAST($1 AS DATE)'
      : `CAST(timestamp AS DATE) NOT IN (${fullestDays(table)})`
    const result = await connection.run(
      `COPY (${sortedRows(table, where)}) TO ${isDated ? '$2' : '$1'} (FORMAT parquet, ${PARQUET_OPTIONS})`,
      isDated ? [day.date, temporary] : [temporary],
    )
    if (result.rowsChanged !== day.rows) {
      throw new Error(`${path}: ${result.rowsChanged} rows written, ${day.rows} expected`)
    }
    await files.syncPath(temporary)
    files.rename(temporary, target)
    const { rows, minTsUs, maxTsUs } = day
    return { table: table.table, path, rows, bytes: files.size(target) ?? 0, minTsUs, maxTsUs }
  }
}

/**
 * The rows of a hot table as files hold them. Their numbers are sorted, and each is read when it is its turn: so a sort
 * holds no payloads.
 */
export function sortedRows({ table, sqlName }: HotTable, where: string): string {
  const kind = kindOf(table)
  if (kind === 'calls') {
    return `SELECT ${hotProjection(kind)} FROM ${hotRows(kind, sqlName)} WHERE ${where} ORDER BY ${FILE_ORDER}`
  }
  const sorted = `SELECT rid, timestamp, epoch, seq FROM (SELECT rid, ${hotProjection(kind)} FROM ${hotRows(kind, sqlName)})
    WHERE ${where} ORDER BY ${FILE_ORDER}`
  return `SELECT ${hotProjection(kind)} FROM ${hotRows(kind, `(${sorted})`, 'all')}`
}

/** The days that have files of their own. */
function fullestDays({ table, sqlName }: HotTable): string {
  return `SELECT CAST(timestamp AS DATE) FROM ${hotRows(kindOf(table), sqlName)} GROUP BY 1
          ORDER BY count(*) DESC, CAST(CAST(timestamp AS DATE) AS VARCHAR) LIMIT ${MAX_DAYS}`
}
