import type { DuckDBAppender, DuckDBConnection } from '@duckdb/node-api'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { MAX_ROWS } from '@hepscope/shared/event/columns.ts'
import type { EventRange, Generation, HotTable } from './generation.ts'
import { type HotBlock, HotBlocks } from './hot-blocks.ts'
import { HotChunk } from './hot-chunk.ts'
import { HotFunctions } from './hot-functions.ts'
import { hotDefinition, kindOf, type TableName, tableOf } from './schema.ts'

/** Rows that are handed to DuckDB in one go; it holds the thread for some 15 ms, and meanwhile no block gets to the log. */
const FLUSH_ROWS = 8192

/** The rows of one block that go to one table. */
interface Share {
  readonly table: TableName
  readonly rows: Uint16Array
  count: number
  minTsUs: number
  maxTsUs: number
}

/**
 * Puts the rows of blocks into the hot tables of a generation, in transactions that may stay open for many blocks.
 *
 * DuckDB keeps a table in groups of 122,880 rows. A transaction that brings a whole group hands it over as it is;
 * the rows of a smaller one are copied once more when it is committed, which costs as much as the insert.
 */
export class HotTables {
  readonly #connection: DuckDBConnection
  readonly #blocks = new HotBlocks()
  /** For another database that is to read the hot rows. */
  readonly functions = new HotFunctions(this.#blocks)
  readonly #chunk = new HotChunk()
  readonly #shares = new Map<TableName, Share>()
  readonly #appenders = new Map<TableName, DuckDBAppender>()
  #generation: Generation | undefined
  #isOpen = false
  #unflushedRows = 0
  /** Of the open transaction. */
  #ranges: EventRange[] = []
  #openBlocks: HotBlock[] = []
  #totals = new Map<TableName, HotTable>()

  /** @param connection used by nothing else */
  constructor(connection: DuckDBConnection) {
    this.#connection = connection
    this.functions.register(connection)
  }

  /** Rows that the open transaction has for the table that gets most. */
  get openRows(): number {
    let most = 0
    for (const { rows } of this.#totals.values()) most = Math.max(most, rows)
    return most
  }

  /** All rows of the open transaction. */
  get openTotalRows(): number {
    let all = 0
    for (const { rows } of this.#totals.values()) all += rows
    return all
  }

  /**
   * Add all rows of some blocks to the open transaction, or to a new one. They can be searched after `commit`.
   *
   * @param generation the same for the whole transaction
   * @throws DuckDB's error; the caller must `rollback` then
   */
  async add(generation: Generation, blocks: readonly EventBlock[]): Promise<void> {
    if (this.#generation !== generation) this.release()
    this.#generation = generation
    for (const table of this.#count(generation, blocks)) await this.#prepare(generation, table)
    if (!this.#isOpen) await this.#connection.run('BEGIN')
    this.#isOpen = true
    for (const block of blocks) {
      this.#append(block)
      this.#unflushedRows += block.count
      if (this.#unflushedRows >= FLUSH_ROWS) this.#flush()
    }
  }

  /** Make what was added visible; it counts to the generation then. @throws DuckDB's error, as `add` */
  async commit(): Promise<void> {
    this.#flush()
    if (this.#isOpen) await this.#connection.run('COMMIT')
    this.#isOpen = false
    if (this.#generation !== undefined) {
      for (const range of this.#ranges.splice(0)) this.#generation.addRange(range)
      for (const total of this.#totals.values()) mergeTotals(this.#generation, total)
      for (const block of this.#openBlocks.splice(0)) this.#generation.blocks.push(block)
    }
    this.#totals.clear()
  }

  /** Take back what was added since the last commit. Never throws. */
  async rollback(): Promise<void> {
    // Closing an appender flushes it: that must happen inside the transaction.
    this.#closeAppenders()
    this.#unflushedRows = 0
    this.#ranges = []
    this.#totals.clear()
    this.#blocks.remove(this.#openBlocks.splice(0))
    if (!this.#isOpen) return
    this.#isOpen = false
    try {
      await this.#connection.run('ROLLBACK')
    } catch {
      // A commit that failed has ended the transaction already.
    }
  }

  /** Let go of the tables that were filled last, so that they can be dropped. */
  release(): void {
    this.#closeAppenders()
    this.#generation = undefined
  }

  /** Drop the tables of a generation that nobody reads any more, and let go of its blocks. @throws DuckDB's error */
  async drop(generation: Generation, connection: DuckDBConnection): Promise<void> {
    for (const { sqlName } of generation.tables.values()) await connection.run(`DROP TABLE IF EXISTS ${sqlName}`)
    this.#blocks.remove(generation.blocks)
  }

  /** Note what the blocks bring; returns the tables they go to. */
  #count(generation: Generation, blocks: readonly EventBlock[]): Set<TableName> {
    const tables = new Set<TableName>()
    for (const block of blocks) {
      const { node, epoch, firstSeq, lastSeq } = block
      this.#ranges.push({ node, epoch, firstSeq, lastSeq })
      this.#share(block)
      for (const share of this.#shares.values()) {
        if (share.count === 0) continue
        tables.add(share.table)
        addTotals(this.#totals, generation, share)
      }
    }
    return tables
  }

  #flush(): void {
    this.#unflushedRows = 0
    for (const appender of this.#appenders.values()) appender.flushSync()
  }

  async #prepare(generation: Generation, table: TableName): Promise<void> {
    if (this.#appenders.has(table)) return
    const sqlName = generation.sqlNameOf(table)
    await this.#connection.run(`CREATE TABLE IF NOT EXISTS ${sqlName} (${hotDefinition(kindOf(table))})`)
    this.#appenders.set(table, await this.#connection.createAppender(sqlName))
  }

  #append(block: EventBlock): void {
    const hot = this.#blocks.add(block)
    this.#openBlocks.push(hot)
    this.#share(block)
    for (const { table, rows, count } of this.#shares.values()) {
      if (count === 0) continue
      this.#chunk.fill(block, hot, rows, count)
      this.#appenders.get(table)?.appendDataChunk(this.#chunk.chunk)
    }
  }

  /** Sort the rows of a block by table. */
  #share(block: EventBlock): void {
    for (const share of this.#shares.values()) {
      share.count = 0
      share.minTsUs = Infinity
      share.maxTsUs = 0
    }
    for (let row = 0; row < block.count; row++) {
      const table = tableOf(block.proto[row] ?? 0, block.method[row] ?? 0)
      let share = this.#shares.get(table)
      if (share === undefined) {
        share = { table, rows: new Uint16Array(MAX_ROWS), count: 0, minTsUs: Infinity, maxTsUs: 0 }
        this.#shares.set(table, share)
      }
      const tsUs = block.tsUs[row] ?? 0
      if (tsUs < share.minTsUs) share.minTsUs = tsUs
      if (tsUs > share.maxTsUs) share.maxTsUs = tsUs
      share.rows[share.count++] = row
    }
  }

  #closeAppenders(): void {
    for (const appender of this.#appenders.values()) {
      try {
        appender.closeSync()
      } catch {
        // After a failed flush it has nothing more to give.
      }
    }
    this.#appenders.clear()
  }
}

function addTotals(totals: Map<TableName, HotTable>, generation: Generation, share: Share): void {
  const { table, count, minTsUs, maxTsUs } = share
  const total = totals.get(table)
  if (total === undefined) {
    totals.set(table, { table, sqlName: generation.sqlNameOf(table), rows: count, minTsUs, maxTsUs })
    return
  }
  total.rows += count
  total.minTsUs = Math.min(total.minTsUs, minTsUs)
  total.maxTsUs = Math.max(total.maxTsUs, maxTsUs)
}

function mergeTotals(generation: Generation, total: HotTable): void {
  generation.rows += total.rows
  const table = generation.tables.get(total.table)
  if (table === undefined) {
    generation.tables.set(total.table, total)
    return
  }
  table.rows += total.rows
  table.minTsUs = Math.min(table.minTsUs, total.minTsUs)
  table.maxTsUs = Math.max(table.maxTsUs, total.maxTsUs)
}
