import type { DuckDBConnection } from '@duckdb/node-api'
import type { EventRange, Generation, HotTable } from '../generation.ts'
import { Parameters } from '../parameters.ts'
import { columnsOf, hotRows, kindOf } from '../schema.ts'
import { sortedRows } from '../sealer.ts'
import type { Lake } from './lake.ts'
import { LAKE } from './lake-connection.ts'
import { LakeTables, rollback } from './lake-tables.ts'
import { enterLedger, ledgerEntries } from './ledger.ts'
import { outsideOf } from '../outside.ts'

/** Days of one table and sealing that get a file of their own; clocks of senders may be anywhere. */
const MAX_DAYS = 31

export interface LakeSealerOptions {
  readonly lake: Lake
  /** Names this store in the ledger. */
  readonly store: string
  /** Used by nothing else. */
  readonly connection: DuckDBConnection
  readonly now: () => number
}

/**
 * Puts generations into the lake.
 *
 * One transaction brings the rows and writes down in the ledger whose they are. Whatever stops it, and whether or not
 * the catalog got the commit, the next attempt, of this run or a later one, asks the ledger first.
 */
export class LakeSealer {
  readonly #options: LakeSealerOptions
  readonly #tables = new LakeTables()

  constructor(options: LakeSealerOptions) {
    this.#options = options
  }

  /**
   * Bring all rows of a generation that takes no more.
   *
   * @returns what is to be done in the step in which the generation leaves the hot tables
   * @throws if the catalog or the data path cannot be reached; it is to be tried again
   */
  async seal(generation: Generation): Promise<() => void> {
    const { lake, store, connection } = this.#options
    lake.requireAttached()
    try {
      const names = generation.segments.map(({ name }) => name)
      const entries = await ledgerEntries(connection, store, names)
      const brought = new Set(entries.flatMap(({ segments }) => segments))
      if (names.length > 0 && names.every((name) => brought.has(name))) {
        const view = await lake.readNewest(connection)
        return () => lake.settle(view)
      }
      // What is uncertain is this generation's commit, and the ledger has nothing of it.
      if (lake.isUncertain) lake.clear()
      await this.#tables.ensure(connection, generation.tables.keys())
      await this.#bring(
        generation,
        entries.flatMap(({ ranges }) => ranges),
      )
      return await this.#commit()
    } catch (error) {
      this.#tables.forget()
      throw error
    }
  }

  async #bring(generation: Generation, covered: readonly EventRange[]): Promise<void> {
    const { connection, store, now } = this.#options
    await connection.run('BEGIN')
    try {
      for (const table of generation.tables.values()) await this.#insert(table, covered)
      await enterLedger(connection, store, generation, now())
    } catch (error) {
      await rollback(connection)
      throw error
    }
  }

  async #commit(): Promise<() => void> {
    const { lake, connection } = this.#options
    lake.hold()
    try {
      await connection.run('COMMIT')
      const view = await lake.readNewest(connection)
      return () => lake.settle(view)
    } catch (error) {
      lake.lose()
      await rollback(connection)
      throw error
    }
  }

  async #insert(hot: HotTable, covered: readonly EventRange[]): Promise<void> {
    const { connection, now } = this.#options
    const { table, rows } = hot
    const kind = kindOf(table)
    const columns = columnsOf(kind)
      .map(({ name }) => name)
      .join(', ')
    const parameters = new Parameters()
    // The newest version of a call counts, wherever its first event is.
    const where = kind === 'calls' ? 'TRUE' : outsideOf(covered, parameters)
    const days = (await this.#fullestDays(hot)).map((day) => `DATE '${day}'`).join(', ')
    const { sql, values, types } = parameters.statement(
      `INSERT INTO ${LAKE}.${table} (stored, date, ${columns})
       SELECT CAST(make_timestamp(${Math.round(now()) * 1000}) AS DATE),
         CASE WHEN CAST(timestamp AS DATE) IN (${days}) THEN CAST(timestamp AS DATE) END, ${columns}
       FROM (${sortedRows(hot, where)})`,
    )
    const { rowsChanged } = await connection.run(sql, values, types)
    // Of a call only the newest version goes.
    if (covered.length === 0 && kind !== 'calls' && rowsChanged !== rows)
      throw new Error(`${table}: ${rowsChanged} rows written, ${rows} expected`)
  }

  async #fullestDays({ table, sqlName }: HotTable): Promise<string[]> {
    const reader = await this.#options.connection.runAndReadAll(
      `SELECT CAST(CAST(timestamp AS DATE) AS VARCHAR) FROM ${hotRows(kindOf(table), sqlName)}
       GROUP BY CAST(timestamp AS DATE) ORDER BY count(*) DESC, 1 LIMIT ${MAX_DAYS}`,
    )
    return reader.getRows().map(([day]) => String(day))
  }
}
