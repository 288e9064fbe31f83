import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'

export interface DatabaseOptions {
  /** DuckDB's notation, e.g. `1GB`. */
  readonly memoryLimit: string
  readonly threads: number
  /** Where DuckDB puts what does not fit its memory limit. */
  readonly temporaryDirectory: string
  /** Where extensions are; `''` or none: where DuckDB itself puts them. */
  readonly extensionDirectory?: string
}

/** Open an empty DuckDB in memory that never fetches an extension by itself. */
export async function openDatabase(options: DatabaseOptions): Promise<DuckDBInstance> {
  const database = await DuckDBInstance.create(':memory:', {
    memory_limit: options.memoryLimit,
    threads: String(options.threads),
    temp_directory: options.temporaryDirectory,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    ...((options.extensionDirectory ?? '') !== '' && { extension_directory: options.extensionDirectory }),
    // A checkpoint would compress the hot tables while rows come in: two to four times the cost of an insert, for
    // tables that live minutes.
    checkpoint_threshold: '1TB',
    // Memory of finished transactions goes back to the system at once, not when the allocator feels like it.
    allocator_background_threads: 'true',
    allocator_flush_threshold: '8MiB',
  })
  // Sealed files never change: what is in their footers need not be read for each search.
  const connection = await database.connect()
  await connection.run('SET GLOBAL parquet_metadata_cache = true')
  connection.closeSync()
  return database
}

/** Pause between interrupts: DuckDB forgets one that comes before the query has begun. */
const INTERRUPT_MS = 250

/** Interrupt what some connections run, until `work` has ended, however it ends. */
export async function interruptUntil(connections: readonly DuckDBConnection[], work: Promise<unknown>): Promise<void> {
  const interrupt = (): void => {
    for (const connection of connections) connection.interrupt()
  }
  interrupt()
  const again = setInterval(interrupt, INTERRUPT_MS)
  await work.catch(() => undefined)
  clearInterval(again)
}

/** DuckDB's errors quote the statement behind their first line. */
export function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? ''
}

export function isOutOfMemory(error: unknown): boolean {
  return firstLine(error).startsWith('Out of Memory')
}
