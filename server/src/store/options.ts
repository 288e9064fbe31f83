/** Configuration of a store. */
export interface StoreOptions {
  /** Directory of everything that the store writes; made if it is not there. One process at a time. */
  readonly dataDir: string
  /** Memory limit of DuckDB in its notation, e.g. `1GB`; what goes beyond is moved to `dataDir/duckdb-tmp`. Default `1GB`. */
  readonly memoryLimit?: string
  /** Threads of one DuckDB query. Default 1, which is right for two cores. */
  readonly threads?: number
  /** How often the log is synced to disk, ms: what a power cut may cost. Default 500. */
  readonly syncIntervalMs?: number
  /** Size at which a log segment is closed, bytes. Default 64 MiB. */
  readonly segmentBytes?: number
  /** Most bytes of the log on disk; past it blocks are dropped, cause `log-full`. Default 4 GiB. */
  readonly logMaxBytes?: number
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
  /** Days after which sealed files are removed, counted from their sealing; 0 keeps them. Default 0. */
  readonly retentionDays?: number
  /** Searches that run at the same time; others wait. Default 2. */
  readonly searches?: number
  /** Longest time of a search, waiting included, ms. Default 30,000. */
  readonly searchTimeoutMs?: number
}

export type StoreSettings = Required<StoreOptions>

const DEFAULTS: Omit<StoreSettings, 'dataDir'> = {
  memoryLimit: '1GB',
  threads: 1,
  syncIntervalMs: 500,
  segmentBytes: 64 * 1024 * 1024,
  logMaxBytes: 4 * 1024 * 1024 * 1024,
  insertDelayMs: 100,
  pendingBytes: 32 * 1024 * 1024,
  sealRows: 250_000,
  sealBytes: 256 * 1024 * 1024,
  sealIntervalMs: 15 * 60_000,
  retentionDays: 0,
  searches: 2,
  searchTimeoutMs: 30_000,
}

/** Options with their defaults. */
export function settingsOf(options: StoreOptions): StoreSettings {
  return { ...DEFAULTS, ...options }
}
