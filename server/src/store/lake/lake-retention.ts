import type { DuckDBConnection } from '@duckdb/node-api'
import { type ExpiryCause, overLimits, type RetentionPolicy } from '../retention-plan.ts'
import { LAKE, quoted } from './lake-connection.ts'
import type { LakeFile, LakeView } from './lake-view.ts'

const DAY_MS = 86_400_000

export interface LakeRetentionOptions {
  readonly connection: DuckDBConnection
  /** The newest version. */
  readonly view: LakeView
  readonly policy: RetentionPolicy
  readonly nowMs: number
  readonly signal: AbortSignal
  readonly onExpired: (what: string, rows: number, why: ExpiryCause) => void
  /** Some could not be removed, e.g. because another node did just then. */
  readonly onFault: (error: unknown) => void
}

/**
 * Remove the files of a lake that a policy does not keep, whosever rows they have. The age of a file is that of the day
 * of its sealing: times in packets are the senders'. Never rejects.
 */
export async function expireLakeFiles(options: LakeRetentionOptions): Promise<void> {
  const { connection, view, policy, nowMs, signal, onExpired, onFault } = options
  const files = [...view.contents]
    .sort((a, b) => a.maxTsUs - b.maxTsUs)
    .map((file) => ({ ...file, newestMs: file.storedMs + DAY_MS - 1 }))
  // Those of a table and day go together.
  const groups = new Map<string, { readonly files: LakeFile[]; readonly why: ExpiryCause }>()
  for (const { one, why } of overLimits(files, policy, nowMs)) {
    const name = `${one.table} of ${dayOf(one)}, ${why}`
    const group = groups.get(name) ?? { files: [], why }
    group.files.push(one)
    groups.set(name, group)
  }
  for (const { files: gone, why } of groups.values()) {
    const [first] = gone
    if (first === undefined || signal.aborted) continue
    try {
      const { rowsChanged } = await connection.run(deleteStatement(first, gone))
      if (rowsChanged > 0) onExpired(`${first.table}, sealed on ${dayOf(first)}`, rowsChanged, why)
    } catch (error) {
      onFault(error)
    }
  }
}

/** DuckLake lets go of a file as a whole if no row of it is left, and writes nothing then. */
function deleteStatement(first: LakeFile, files: readonly LakeFile[]): string {
  const paths = files.map(({ path }) => quoted(path)).join(', ')
  return `DELETE FROM ${LAKE}.${first.table} WHERE stored = DATE '${dayOf(first)}' AND filename IN (${paths})`
}

function dayOf({ storedMs }: LakeFile): string {
  return new Date(storedMs).toISOString().slice(0, 10)
}
