import type { DuckDBConnection } from '@duckdb/node-api'
import type { TableName } from '../schema.ts'
import { LAKE } from './lake-connection.ts'
import { LEDGER } from './lake-tables.ts'

/** How long old versions of the lake can be read: longer than any search. Files that only they have go then. */
const VERSIONS_KEPT_MS = 3_600_000
/** Files of a table that are put together in one go; the rest is for the next time. */
const MAX_MERGED_FILES = 500

export interface UpkeepOptions {
  readonly connection: DuckDBConnection
  readonly store: string
  readonly tables: readonly TableName[]
  /** Log segments that this store has; what the ledger says of others is of no use any more. */
  readonly segments: readonly string[]
  readonly nowMs: number
  readonly signal: AbortSignal
  /** One of the steps failed, e.g. because another node did the same just then; the next time will do. */
  readonly onFault: (error: unknown) => void
}

/**
 * Put small files together, and remove the files that only old versions have.
 * Every node does it, and it does not matter which one comes first. Never rejects.
 */
export async function keepUp(options: UpkeepOptions): Promise<void> {
  const { connection, signal, onFault } = options
  for (const statement of statementsOf(options)) {
    if (signal.aborted) return
    try {
      await connection.run(statement)
    } catch (error) {
      onFault(error)
    }
  }
}

function statementsOf({ tables, nowMs, store, segments }: UpkeepOptions): string[] {
  const names = segments.map((name) => `'${name}'`).join(', ')
  const oldest = `make_timestamp(${Math.round(nowMs - VERSIONS_KEPT_MS) * 1000})`
  const oldestVersion = `older_than => CAST('${new Date(nowMs - VERSIONS_KEPT_MS).toISOString()}' AS TIMESTAMPTZ)`
  return [
    // The newest entry stays: it says whose events this store has.
    `DELETE FROM ${LAKE}.${LEDGER} WHERE store = '${store}' AND NOT list_has_any(segments, CAST([${names}] AS VARCHAR[]))
     AND sealed < ${oldest} AND sealed < (SELECT max(sealed) FROM ${LAKE}.${LEDGER} WHERE store = '${store}')`,
    ...tables.map(
      (table) =>
        `CALL ducklake_merge_adjacent_files('${LAKE}', '${table}', max_compacted_files => ${MAX_MERGED_FILES})`,
    ),
    `CALL ducklake_expire_snapshots('${LAKE}', ${oldestVersion})`,
    `CALL ducklake_cleanup_old_files('${LAKE}', ${oldestVersion})`,
  ]
}
