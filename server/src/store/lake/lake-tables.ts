import type { DuckDBConnection } from '@duckdb/node-api'
import { columnsOf, kindOf, type TableName } from '../schema.ts'
import { LAKE } from './lake-connection.ts'

/** Which log segments of which store are in the lake; no table of events. */
export const LEDGER = 'hepscope_ledger'

/**
 * Day of the sealing, by which old rows are removed, and day of the packet, NULL for rare ones. Files hold one of
 * each, so that a day goes as whole files.
 */
const DAYS = ['stored DATE', 'date DATE']
/** Rows of one row group. A Call-ID lookup reads at least one whole group. */
const ROW_GROUP_ROWS = 16_384
/** Up to which size small files are put together; that takes some ten times as much of memory or spill. */
const FILE_SIZE = '64MB'
const OPTIONS: Readonly<Record<string, string>> = {
  parquet_compression: 'zstd',
  parquet_row_group_size: String(ROW_GROUP_ROWS),
  target_file_size: FILE_SIZE,
  // They come sorted; only files that are put together are to be sorted there.
  sort_on_insert: 'false',
  // Rows belong into files; the catalog is small and fast.
  data_inlining_row_limit: '0',
}
/** Rows of the ledger are few and small, and a file for each would be waste. */
const LEDGER_OPTIONS: Readonly<Record<string, string>> = { data_inlining_row_limit: '10000' }
const LEDGER_COLUMNS = [
  'store VARCHAR',
  'segments VARCHAR[]',
  'ranges STRUCT(node VARCHAR, epoch BIGINT, first_seq BIGINT, last_seq BIGINT)[]',
  'rows BIGINT',
  'sealed TIMESTAMP',
]

/** Makes tables of the lake, and adds the columns that those of an older version lack. */
export class LakeTables {
  /** Those that are as they should be. */
  readonly #known = new Set<string>()

  /** @throws DuckDB's error, also if another node makes the same table just now: to be tried again */
  async ensure(connection: DuckDBConnection, tables: Iterable<TableName>): Promise<void> {
    await this.#ensure(connection, LEDGER, LEDGER_COLUMNS, LEDGER_OPTIONS, [])
    for (const table of tables) {
      const columns = columnsOf(kindOf(table)).map(({ name, type }) => `${name} ${type}`)
      await this.#ensure(connection, table, [...DAYS, ...columns], OPTIONS, [
        `ALTER TABLE ${LAKE}.${table} SET PARTITIONED BY (stored, date)`,
        `ALTER TABLE ${LAKE}.${table} SET SORTED BY (session_id ASC, timestamp ASC)`,
      ])
    }
  }

  /** Something was wrong: look again. */
  forget(): void {
    this.#known.clear()
  }

  async #ensure(
    connection: DuckDBConnection,
    table: string,
    columns: readonly string[],
    options: Readonly<Record<string, string>>,
    layout: readonly string[],
  ): Promise<void> {
    if (this.#known.has(table)) return
    const reader = await connection.runAndReadAll(
      `SELECT column_name FROM duckdb_columns() WHERE database_name = '${LAKE}' AND schema_name = 'main' AND table_name = $1`,
      [table],
    )
    const present = new Set(reader.getRows().map(([name]) => String(name)))
    if (present.size === 0) {
      await inTransaction(connection, [`CREATE TABLE ${LAKE}.${table} (${columns.join(', ')})`, ...layout])
    } else {
      const missing = columns.filter((column) => !present.has(column.split(' ', 1)[0] ?? ''))
      await inTransaction(
        connection,
        missing.map((column) => `ALTER TABLE ${LAKE}.${table} ADD COLUMN ${column}`),
      )
    }
    await setOptions(connection, table, options)
    this.#known.add(table)
  }
}

/** Set what is not set yet. A table must be there before it can have options. */
async function setOptions(
  connection: DuckDBConnection,
  table: string,
  options: Readonly<Record<string, string>>,
): Promise<void> {
  const reader = await connection.runAndReadAll(
    `SELECT option_name FROM ${LAKE}.options() WHERE scope = 'TABLE' AND scope_entry = $1`,
    [`main.${table}`],
  )
  const present = new Set(reader.getRows().map(([name]) => String(name)))
  for (const [name, value] of Object.entries(options)) {
    if (!present.has(name))
      await connection.run(`CALL ${LAKE}.set_option('${name}', '${value}', table_name => '${table}')`)
  }
}

/** Run statements, all or none. @throws DuckDB's error */
export async function inTransaction(connection: DuckDBConnection, statements: readonly string[]): Promise<void> {
  if (statements.length === 0) return
  await connection.run('BEGIN')
  try {
    for (const statement of statements) await connection.run(statement)
    await connection.run('COMMIT')
  } catch (error) {
    await rollback(connection)
    throw error
  }
}

/** End a transaction that failed. Never throws. */
export async function rollback(connection: DuckDBConnection): Promise<void> {
  try {
    await connection.run('ROLLBACK')
  } catch {
    // A commit that failed has ended it already.
  }
}
