import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DuckDBConnection, DuckDBInstance, DuckDBValue } from '@duckdb/node-api'
import { firstLine, openDatabase } from '../database.ts'
import { filterOf } from '../id-files.ts'
import { settingsOf } from '../options.ts'
import { isEventTable, type TableName } from '../schema.ts'

/** Events of one node and epoch, both ends included. */
export interface SeqRange {
  readonly node: string
  readonly epoch: number
  readonly firstSeq: number
  readonly lastSeq: number
}

/** What a Parquet file holds. */
export interface ParquetContent {
  readonly rows: number
  /** Microseconds since 1970; undefined in a table without times. */
  readonly minTsUs: number | undefined
  readonly maxTsUs: number | undefined
  /** DuckDB's type by name of the column. */
  readonly columns: ReadonlyMap<string, string>
  /** The events in it; empty in a table of something else. */
  readonly ranges: readonly SeqRange[]
}

export type ParquetResult =
  { readonly ok: true; readonly content: ParquetContent } | { readonly ok: false; readonly reason: string }

/** Ranges of one question; a longer list is asked about in parts. */
const MAX_RANGES = 500

/** Reads Parquet files to their last value. */
export class ParquetReader {
  readonly #database: DuckDBInstance
  readonly #connection: DuckDBConnection
  readonly #directory: string

  constructor(database: DuckDBInstance, connection: DuckDBConnection, directory: string) {
    this.#database = database
    this.#connection = connection
    this.#directory = directory
  }

  static async open(): Promise<ParquetReader> {
    const directory = mkdtempSync(join(tmpdir(), 'hepscope-check-'))
    const database = await openDatabase({ ...settingsOf({ dataDir: directory }), temporaryDirectory: directory })
    return new ParquetReader(database, await database.connect(), directory)
  }

  close(): void {
    this.#connection.closeSync()
    this.#database.closeSync()
    rmSync(this.#directory, { recursive: true, force: true })
  }

  /**
   * Read every value of a file. Never throws for what the file is.
   *
   * @param table whose rows it should hold; of one that holds no events there are no ranges
   */
  async read(path: string, table: TableName): Promise<ParquetResult> {
    const from = `read_parquet(${quoted(path)}, hive_partitioning = false)`
    try {
      const described = await this.#rows(`DESCRIBE SELECT * FROM ${from}`)
      const columns = new Map(described.map(([name, type]) => [String(name), String(type)]))
      const times = columns.has('timestamp') ? 'epoch_us(min(timestamp)), epoch_us(max(timestamp))' : 'NULL, NULL'
      const [first] = await this.#rows(`SELECT count(*), ${times}, bit_xor(hash(COLUMNS(*))) FROM ${from}`)
      const [rows, minTsUs, maxTsUs] = first ?? []
      const hasEvents = isEventTable(table) && ['node', 'epoch', 'seq'].every((name) => columns.has(name))
      const ranges = hasEvents
        ? await this.#rows(`SELECT node, epoch, min(seq), max(seq) FROM ${from} GROUP BY ALL ORDER BY ALL`)
        : []
      const content = {
        rows: Number(rows),
        minTsUs: numberOf(minTsUs),
        maxTsUs: numberOf(maxTsUs),
        columns,
        ranges: ranges.map(([node, epoch, firstSeq, lastSeq]) => ({
          node: String(node),
          epoch: Number(epoch),
          firstSeq: Number(firstSeq),
          lastSeq: Number(lastSeq),
        })),
      }
      return { ok: true, content }
    } catch (error) {
      return { ok: false, reason: firstLine(error) }
    }
  }

  /** The filter that a file of a table should have; undefined if none. The file must be whole. */
  idFilter(path: string, table: TableName): Promise<Uint32Array<ArrayBuffer> | undefined> {
    return filterOf(this.#connection, path, table)
  }

  /** Events of these ranges that the files hold, each counted once. The files must be whole. */
  async countWithin(paths: readonly string[], ranges: readonly SeqRange[]): Promise<number> {
    if (paths.length === 0) return 0
    let count = 0
    for (let at = 0; at < ranges.length; at += MAX_RANGES) {
      const within = ranges
        .slice(at, at + MAX_RANGES)
        .map(isWithin)
        .join(' OR ')
      const [row] = await this.#rows(
        `SELECT count(*) FROM (SELECT DISTINCT node, epoch, seq FROM ${listed(paths)} WHERE ${within})`,
      )
      count += Number(row?.[0] ?? 0)
    }
    return count
  }

  /** Events that these files hold more than once. */
  async countDoubles(paths: readonly string[]): Promise<number> {
    if (paths.length === 0) return 0
    const [row] = await this.#rows(
      `SELECT count(*) FROM (SELECT 1 FROM ${listed(paths)} GROUP BY node, epoch, seq HAVING count(*) > 1)`,
    )
    return Number(row?.[0] ?? 0)
  }

  /** Events that some files have and others have too. */
  async countShared(paths: readonly string[], others: readonly string[]): Promise<number> {
    const names = (some: readonly string[]): string => `SELECT node, epoch, seq FROM ${listed(some)}`
    const [row] = await this.#rows(`SELECT count(*) FROM (${names(paths)} INTERSECT ${names(others)})`)
    return Number(row?.[0] ?? 0)
  }

  /** Events of some files that neither the ranges nor the other files hold. */
  async countOnlyIn(paths: readonly string[], ranges: readonly SeqRange[], others: readonly string[]): Promise<number> {
    if (paths.length === 0) return 0
    await this.#rows(
      'CREATE OR REPLACE TEMP TABLE logged (node VARCHAR, epoch BIGINT, first_seq BIGINT, last_seq BIGINT)',
    )
    for (let at = 0; at < ranges.length; at += MAX_RANGES) {
      const values = ranges
        .slice(at, at + MAX_RANGES)
        .map((range) => `(${quoted(range.node)}, ${range.epoch}, ${range.firstSeq}, ${range.lastSeq})`)
      await this.#rows(`INSERT INTO logged VALUES ${values.join(', ')}`)
    }
    const notSealed =
      others.length === 0
        ? ''
        : `AND NOT EXISTS (SELECT 1 FROM ${listed(others)} AS s
             WHERE s.node = o.node AND s.epoch = o.epoch AND s.seq = o.seq)`
    const [row] = await this.#rows(
      `SELECT count(*) FROM ${listed(paths)} AS o
       WHERE NOT EXISTS (SELECT 1 FROM logged AS l
         WHERE l.node = o.node AND l.epoch = o.epoch AND o.seq BETWEEN l.first_seq AND l.last_seq) ${notSealed}`,
    )
    return Number(row?.[0] ?? 0)
  }

  async #rows(sql: string): Promise<DuckDBValue[][]> {
    return (await this.#connection.runAndReadAll(sql)).getRows()
  }
}

/** Whether two lists of ranges have an event in common. */
export function doOverlap(a: readonly SeqRange[], b: readonly SeqRange[]): boolean {
  return a.some((one) =>
    b.some(
      (other) =>
        one.node === other.node &&
        one.epoch === other.epoch &&
        one.firstSeq <= other.lastSeq &&
        other.firstSeq <= one.lastSeq,
    ),
  )
}

function isWithin({ node, epoch, firstSeq, lastSeq }: SeqRange): string {
  return `(node = ${quoted(node)} AND epoch = ${epoch} AND seq BETWEEN ${firstSeq} AND ${lastSeq})`
}

function listed(paths: readonly string[]): string {
  return `read_parquet([${paths.map(quoted).join(', ')}], hive_partitioning = false, union_by_name = true)`
}

/** Names come from files: they may hold anything. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function numberOf(value: DuckDBValue | undefined): number | undefined {
  return value === undefined || value === null ? undefined : Number(value)
}
