import type { DuckDBConnection } from '@duckdb/node-api'
import type { TableName } from '../schema.ts'
import { LAKE } from './lake-connection.ts'
import { LEDGER } from './lake-tables.ts'

const DAY_MS = 86_400_000
/** How long old versions of the lake can be read: longer than any search. Files that only they have go then. */
const VERSIONS_KEPT = '1 hour'
/** Files of a table that are put together in one go; the rest is for the next time. */
const MAX_MERGED_FILES = 500

export interface UpkeepOptions {
  readonly connection: DuckDBConnection
  readonly store: string
  readonly tables: readonly TableName[]
  /** Days after which rows are removed, counted from their sealing; 0: never. */
  readonly retentionDays: number
  /** Log segments that this store has; what the ledger says of others is of no use any more. */
  readonly segments: readonly string[]
  readonly nowMs: number
  /** One of the steps failed, e.g. because another node did the same just then; the next time will do. */
  readonly onFault: (error: unknown) => void
}

/**
 * Remove what is older than the retention, put small files together, and remove the files that only old versions have.
 * Every node does it, and it does not matter which one comes first. Never rejects.
 */
export async function keepUp(options: UpkeepOptions): Promise<void> {
  const { connection, onFault } = options
  for (const statement of statementsOf(options)) {
    try {
      await connection.run(statement)
    } catch (error) {
      onFault(error)
    }
  }
}

function statementsOf({ tables, retentionDays, nowMs, store, segments }: UpkeepOptions): string[] {
  const oldest = new Date(nowMs - retentionDays * DAY_MS).toISOString().slice(0, 10)
  const names = segments.map((name) => `'${name}'`).join(', ')
  return [
    ...(retentionDays === 0
      ? []
      : tables.map((table) => `DELETE FROM ${LAKE}.${table} WHERE stored < DATE '${oldest}'`)),
    `DELETE FROM ${LAKE}.${LEDGER} WHERE store = '${store}' AND NOT list_has_any(segments, CAST([${names}] AS VARCHAR[]))
     AND sealed < make_timestamp(${Math.round(nowMs) * 1000}) - INTERVAL '${VERSIONS_KEPT}'`,
    ...tables.map(
      (table) =>
        `CALL ducklake_merge_adjacent_files('${LAKE}', '${table}', max_compacted_files => ${MAX_MERGED_FILES})`,
    ),
    `CALL ducklake_expire_snapshots('${LAKE}', older_than => now() - INTERVAL '${VERSIONS_KEPT}')`,
    `CALL ducklake_cleanup_old_files('${LAKE}', older_than => now() - INTERVAL '${VERSIONS_KEPT}')`,
  ]
}
