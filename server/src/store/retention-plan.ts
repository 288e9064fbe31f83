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

/** What a policy is held against. */
export interface Weighed {
  readonly table: TableName
  readonly bytes: number
  /** Time of the newest row, ms since 1970. */
  readonly newestMs: number
}

/** What a file was too much of. */
export type ExpiryCause = 'age' | 'table-size' | 'size'

/** A file that has to go. */
export interface Expired {
  readonly unit: SealedUnit
  readonly file: SealedFile
  readonly why: ExpiryCause
}

const DAY_MS = 86_400_000

/** The sealed files of this machine that a policy does not keep; see `overLimits`. */
export function filesToExpire(units: readonly SealedUnit[], policy: RetentionPolicy, nowMs: number): Expired[] {
  const all = units.flatMap((unit) =>
    unit.readable.map((file) => ({
      unit,
      file,
      table: file.table,
      bytes: file.bytes,
      newestMs: newestMs(unit, file),
    })),
  )
  return overLimits(all, policy, nowMs).map(({ one: { unit, file }, why }) => ({ unit, file, why }))
}

/**
 * What a policy does not keep, oldest first: what is too old, then the oldest of each table that is too large, then the
 * oldest of all while all together are too large.
 */
export function overLimits<T extends Weighed>(
  files: readonly T[],
  policy: RetentionPolicy,
  nowMs: number,
): { one: T; why: ExpiryCause }[] {
  const expired: { one: T; why: ExpiryCause }[] = []
  const kept = [...files]
    .sort((a, b) => a.newestMs - b.newestMs)
    .filter((one) => {
      const days = policy.tables[one.table]?.days ?? policy.days
      const isOld = days > 0 && one.newestMs < nowMs - days * DAY_MS
      if (isOld) expired.push({ one, why: 'age' })
      return !isOld
    })
  const bytesOf = new Map<TableName, number>()
  for (const { table, bytes } of kept) bytesOf.set(table, (bytesOf.get(table) ?? 0) + bytes)
  let total = kept.reduce((sum, { bytes }) => sum + bytes, 0)
  const fitting = kept.filter((one) => {
    const most = policy.tables[one.table]?.maxBytes ?? 0
    const bytes = bytesOf.get(one.table) ?? 0
    if (most === 0 || bytes <= most) return true
    bytesOf.set(one.table, bytes - one.bytes)
    total -= one.bytes
    expired.push({ one, why: 'table-size' })
    return false
  })
  for (const one of fitting) {
    if (policy.maxBytes === 0 || total <= policy.maxBytes) break
    total -= one.bytes
    expired.push({ one, why: 'size' })
  }
  return expired
}

/** Times in packets are the senders': no row is newer than its sealing. */
function newestMs({ manifest }: SealedUnit, { maxTsUs }: SealedFile): number {
  return Math.min(maxTsUs / 1000, manifest.sealedMs)
}
