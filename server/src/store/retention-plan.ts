import type { SealedUnit } from './catalog.ts'
import type { SealedFile } from './manifest.ts'
import type { TableName } from './schema.ts'

/** How much is kept; 0 is no limit. */
export interface RetentionLimit {
  /** Age of the newest row of a file, days. */
  readonly days: number
  /** Bytes of all its Parquet files. */
  readonly maxBytes: number
}

/** What is kept of everything, and of single tables. */
export interface RetentionPolicy extends RetentionLimit {
  /** `days` in the place of those for everything; `maxBytes` of the table alone. */
  readonly tables: Readonly<Partial<Record<TableName, Partial<RetentionLimit>>>>
}

/** A file that has to go. */
export interface Expired {
  readonly unit: SealedUnit
  readonly file: SealedFile
  readonly why: 'age' | 'table-size' | 'size'
}

const DAY_MS = 86_400_000

/**
 * The files that a policy does not keep, oldest first: those that are too old, then the oldest of each table that is too
 * large, then the oldest of all while all together are too large.
 */
export function filesToExpire(units: readonly SealedUnit[], policy: RetentionPolicy, nowMs: number): Expired[] {
  const all = units
    .flatMap((unit) => unit.readable.map((file) => ({ unit, file, newestMs: newestMs(unit, file) })))
    .sort((a, b) => a.newestMs - b.newestMs)
  const expired: Expired[] = []
  const kept = all.filter(({ unit, file, newestMs }) => {
    const days = policy.tables[file.table]?.days ?? policy.days
    const isOld = days > 0 && newestMs < nowMs - days * DAY_MS
    if (isOld) expired.push({ unit, file, why: 'age' })
    return !isOld
  })
  const bytesOf = new Map<TableName, number>()
  for (const { file } of kept) bytesOf.set(file.table, (bytesOf.get(file.table) ?? 0) + file.bytes)
  let total = kept.reduce((sum, { file }) => sum + file.bytes, 0)
  const fitting = kept.filter(({ unit, file }) => {
    const most = policy.tables[file.table]?.maxBytes ?? 0
    const bytes = bytesOf.get(file.table) ?? 0
    if (most === 0 || bytes <= most) return true
    bytesOf.set(file.table, bytes - file.bytes)
    total -= file.bytes
    expired.push({ unit, file, why: 'table-size' })
    return false
  })
  for (const { unit, file } of fitting) {
    if (policy.maxBytes === 0 || total <= policy.maxBytes) break
    total -= file.bytes
    expired.push({ unit, file, why: 'size' })
  }
  return expired
}

/** Times in packets are the senders': no row is newer than its sealing. */
function newestMs({ manifest }: SealedUnit, { maxTsUs }: SealedFile): number {
  return Math.min(maxTsUs / 1000, manifest.sealedMs)
}
