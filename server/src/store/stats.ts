import type { LogRefusal } from './block-log.ts'

/** Why events were not stored. Closed set: each is a metric label. */
export type DropCause =
  | LogRefusal
  /** Too many bytes were on their way to the worker. */
  | 'queue-full'
  /** The worker died, or had died. */
  | 'worker-down'
  /** The store was closing. */
  | 'closed'
  /** In the log, but DuckDB refused them again and again. */
  | 'insert-failed'

export interface StoreFault {
  /** What failed, e.g. `disk-full`, `seal`, `insert`, `torn-tail`. */
  readonly cause: string
  readonly message: string
}

/** A lake as a store last saw it: what all that seal to it have brought. */
export interface LakeStats {
  readonly isReachable: boolean
  readonly files: number
  /** Events; what is derived from them, such as calls, does not count. */
  readonly rows: number
  readonly bytes: number
  /** When it last changed, ms since 1970; undefined before it was reached for the first time. */
  readonly committedMs: number | undefined
}

/** State of a store. Counters begin at 0 with each start. */
export interface StoreStats {
  /** `degraded`: something failed and is being retried. `down`: the worker is gone; nothing is stored any more. */
  readonly state: 'ok' | 'degraded' | 'down'
  /** What fails now; undefined while the state is `ok`. */
  readonly lastError: string | undefined
  /** Rows that arrived in this run and can be searched. */
  readonly storedRows: number
  /** Rows of earlier runs that were read back from the log. */
  readonly replayedRows: number
  /** Rows that were not stored, by cause. */
  readonly dropped: Readonly<Partial<Record<DropCause, number>>>
  /** Bytes on their way to the worker. */
  readonly queueBytes: number
  /** Most of them; blocks beyond are dropped. */
  readonly queueLimitBytes: number
  /** Calls, registrations and so on that are followed now. */
  readonly calls: number
  /** Rows of calls written, one for each version. */
  readonly callRows: number
  /** Events of which no call knows, because they came faster than calls could be followed. */
  readonly callSkippedRows: number
  /** Bytes of the log on disk. */
  readonly logBytes: number
  readonly logSegments: number
  /** Bytes of segments that are sealed, and kept for viewers who ask for the past. */
  readonly logKeptBytes: number
  /** Rows that retention has removed, by what they were too much of. */
  readonly expiredRows: Readonly<Record<'age' | 'table-size' | 'size', number>>
  /** Bytes of the log that cannot be searched yet. */
  readonly pendingBytes: number
  /** Those of them that an earlier run has written: searches miss its newest rows until this is 0. */
  readonly replayBytes: number
  /** Age of the newest block that can be searched, while others wait; 0 if none does. */
  readonly lagMs: number
  readonly hotRows: number
  /** In files and, if there is one, in the lake, whoever has brought them. */
  readonly sealedRows: number
  readonly sealedFiles: number
  readonly sealedBytes: number
  /** undefined: rows are sealed to files. */
  readonly lake: LakeStats | undefined
  readonly isSealing: boolean
}

/** Stats of a store that holds nothing. */
export const EMPTY_STATS: StoreStats = {
  state: 'ok',
  lastError: undefined,
  storedRows: 0,
  replayedRows: 0,
  dropped: {},
  queueBytes: 0,
  queueLimitBytes: 0,
  calls: 0,
  callRows: 0,
  callSkippedRows: 0,
  logBytes: 0,
  logSegments: 0,
  logKeptBytes: 0,
  expiredRows: { age: 0, 'table-size': 0, size: 0 },
  pendingBytes: 0,
  replayBytes: 0,
  lagMs: 0,
  hotRows: 0,
  sealedRows: 0,
  sealedFiles: 0,
  sealedBytes: 0,
  lake: undefined,
  isSealing: false,
}
