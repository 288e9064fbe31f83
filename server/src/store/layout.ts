import { dirname, join } from 'node:path'
import type { TableName } from './schema.ts'

/** Directories of a store below its data directory. */
export interface Layout {
  readonly dataDir: string
  /** Segments of the block log. */
  readonly log: string
  /** Segments that are sealed already, kept for viewers who ask for the past. */
  readonly keptLog: string
  /** Manifests. */
  readonly sealed: string
  readonly parquet: string
  /** What DuckDB moves out of memory; emptied at each start. */
  readonly temporary: string
}

export function layoutOf(dataDir: string): Layout {
  return {
    dataDir,
    log: join(dataDir, 'log'),
    keptLog: join(dataDir, 'log', 'kept'),
    sealed: join(dataDir, 'sealed'),
    parquet: join(dataDir, 'parquet'),
    temporary: join(dataDir, 'duckdb-tmp'),
  }
}

/** Hive's name of the partition of rows that have none. */
export const NO_DATE = '__HIVE_DEFAULT_PARTITION__'

/**
 * Path of a Parquet file relative to the data directory.
 *
 * @param date UTC, `YYYY-MM-DD`, or `NO_DATE`
 */
export function parquetPath(table: TableName, date: string, name: string): string {
  return `parquet/${table}/date=${date}/${name}.parquet`
}

/** Directories in which names were made: those of the files and all above, up to the data directory. */
export function directoriesOf(layout: Layout, files: readonly { readonly path: string }[]): Set<string> {
  const directories = new Set<string>()
  for (const { path } of files) {
    for (let at = dirname(path); at !== '.'; at = dirname(at)) directories.add(join(layout.dataDir, at))
  }
  directories.add(layout.dataDir)
  return directories
}
