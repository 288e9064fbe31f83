import type { LakeOptions } from './lake/lake-options.ts'
import type { RetentionPolicy } from './retention-plan.ts'

/** Configuration of a store. */
export interface StoreOptions {
  /** Directory of everything that the store writes; made if it is not there. One process at a time. */
  readonly dataDir: string
  /** Memory limit of DuckDB in its notation, e.g. `1GB`; what goes beyond is moved to `dataDir/duckdb-tmp`. Default `512MB`. */
  readonly memoryLimit?: string
  /** Threads of one DuckDB query. Default 1, which is right for two cores. */
  readonly threads?: number
  /** How often the log is synced to disk, ms: what a power cut may cost. Default 500. */
  readonly syncIntervalMs?: number
  /** Size at which a log segment is closed, bytes. Default 64 MiB. */
  readonly segmentBytes?: number
  /** Most bytes of the log on disk; past it blocks are dropped, cause `log-full`. Default 4 GiB. */
  readonly logMaxBytes?: number
  /** Bytes of segments that are kept after their sealing, for viewers who ask for the past. Default 256 MiB. */
  readonly logKeepBytes?: number
  /** How long a block may wait for others before it is inserted, ms. Default 100. */
  readonly insertDelayMs?: number
  /** Most bytes of blocks in memory that wait to be inserted; the rest is read back from the log. Default 32 MiB. */
  readonly pendingBytes?: number
  /** Rows after which a generation of hot tables is sealed. Default 250,000. */
  readonly sealRows?: number
  /** Bytes of log after which it is. Default 256 MiB. */
  readonly sealBytes?: number
  /** Age at which it is, ms. Default 15 minutes. */
  readonly sealIntervalMs?: number
  /** What is kept of sealed files. Default: all. */
  readonly retention?: RetentionPolicy
  /** Most calls, registrations and so on that are followed at a time; the oldest that ended go first. Default 50,000. */
  readonly maxCalls?: number
  /** Searches that run at the same time; others wait. Default 2. */
  readonly searches?: number
  /** Longest time of a search, waiting included, ms. Default 30,000. */
  readonly searchTimeoutMs?: number
  /** Where rows are sealed to, instead of files in `dataDir`. */
  readonly lake?: LakeOptions
  /** Directory with the extensions of DuckDB that a lake needs. Default `''`: DuckDB fetches them. */
  readonly extensionDirectory?: string
}

export type StoreSettings = Required<Omit<StoreOptions, 'lake'>> & Pick<StoreOptions, 'lake'>

const DEFAULTS: Omit<StoreSettings, 'dataDir'> = {
  memoryLimit: '512MB',
  threads: 1,
  syncIntervalMs: 500,
  segmentBytes: 64 * 1024 * 1024,
  logMaxBytes: 4 * 1024 * 1024 * 1024,
  logKeepBytes: 256 * 1024 * 1024,
  insertDelayMs: 100,
  pendingBytes: 32 * 1024 * 1024,
  sealRows: 250_000,
  sealBytes: 256 * 1024 * 1024,
  sealIntervalMs: 15 * 60_000,
  retention: { days: 0, maxBytes: 0, tables: {} },
  maxCalls: 50_000,
  searches: 2,
  searchTimeoutMs: 30_000,
  extensionDirectory: '',
}

/** Options with their defaults. */
export function settingsOf(options: StoreOptions): StoreSettings {
  return { ...DEFAULTS, ...options }
}
