import type { DuckDBConnection } from '@duckdb/node-api'
import type { Parameters } from './parameters.ts'
import type { TableName } from './schema.ts'
import type { TimeRange } from './search-request.ts'

/** What a search reads of the rows that are sealed, wherever they are. It does not change. */
export interface SealedView {
  /** Tables that have sealed rows. */
  readonly tables: readonly TableName[]
  /** The rows of some tables and a time, in steps from new to old: a search ends at the first that gives enough. */
  steps(tables: readonly TableName[], time: TimeRange): readonly SealedStep[]
  /** The same rows in as few steps as can be. */
  all(tables: readonly TableName[], time: TimeRange): readonly SealedStep[]
  /** Parquet files of a table, for who reads them by itself. @throws if they cannot be read so, or not now */
  files(table: TableName, connection: DuckDBConnection): Promise<readonly ReadableFile[]>
}

export interface ReadableFile {
  /** Absolute. */
  readonly path: string
  /** A Parquet file with the numbers (`pos`, from 0) of rows that were deleted since. */
  readonly deletedPath?: string
}

/** Sealed rows that one statement reads. Rows outside the time that was asked for may be among them. */
export interface SealedStep {
  /** None of them, and none of a later step, is newer; microseconds since 1970. */
  readonly maxTsUs: number
  /** A lake may be out of reach while this machine's files are not. */
  readonly place: 'files' | 'lake'
  /** What stands behind FROM for the rows of a table; undefined if it has none in this step. */
  from(table: TableName, parameters: Parameters): string | undefined
}

/** Two places as one. */
export function unitedView(a: SealedView, b: SealedView): SealedView {
  return {
    tables: [...new Set([...a.tables, ...b.tables])],
    steps: (tables, time) => [...a.steps(tables, time), ...b.steps(tables, time)].sort(newestFirst),
    all: (tables, time) => [...a.all(tables, time), ...b.all(tables, time)].sort(newestFirst),
    files: async (table, connection) => [...(await a.files(table, connection)), ...(await b.files(table, connection))],
  }
}

function newestFirst(a: SealedStep, b: SealedStep): number {
  return b.maxTsUs - a.maxTsUs
}

/** True if something between two times, microseconds since 1970, may lie in a range. */
export function overlaps({ from, to }: TimeRange, minTsUs: number, maxTsUs: number): boolean {
  return (from === undefined || maxTsUs >= from * 1000) && (to === undefined || minTsUs < (to + 1) * 1000)
}
