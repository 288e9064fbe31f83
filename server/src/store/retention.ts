import { join } from 'node:path'
import type { BlockLog } from './block-log.ts'
import type { Catalog, SealedUnit } from './catalog.ts'
import type { StoreFiles } from './files.ts'
import type { KeptSegments } from './kept-segments.ts'
import type { LakeStore } from './lake/lake-store.ts'
import type { Layout } from './layout.ts'
import { removeManifest, type SealedFile, writeManifest } from './manifest.ts'
import { type Expired, type ExpiryCause, filesToExpire, type RetentionPolicy } from './retention-plan.ts'

export interface RetentionOptions {
  readonly policy: RetentionPolicy
  readonly catalog: Catalog
  readonly files: StoreFiles
  readonly layout: Layout
  readonly log: BlockLog
  readonly kept: KeptSegments
  readonly lakeStore: LakeStore | undefined
  readonly now: () => number
  /** What was removed, or could not be. */
  readonly onNote: (cause: 'retention' | 'lake-upkeep', message: unknown) => void
}

const DAY_MS = 86_400_000

/** Removes what a policy does not keep, wherever rows are: sealed files, kept log, lake. */
export class Retention {
  readonly #options: RetentionOptions
  readonly #expiredRows: Record<ExpiryCause, number> = { age: 0, 'table-size': 0, size: 0 }

  constructor(options: RetentionOptions) {
    this.#options = options
  }

  /** Rows of the files that this run has removed, by what they were too many of. */
  get expiredRows(): Readonly<Record<ExpiryCause, number>> {
    return this.#expiredRows
  }

  /** Never rejects; what fails is noted, and tried again the next time. */
  async apply(): Promise<void> {
    const { policy, catalog, files, layout, log, kept, lakeStore, now, onNote } = this.#options
    const segments = log.segments.map(({ name }) => name)
    await lakeStore?.keepUp({
      policy,
      segments,
      onExpired: (what, rows, why) => this.#expired(`lake: ${what}`, rows, why),
      onFault: (error) => onNote('lake-upkeep', error),
    })
    const nowMs = now()
    if (policy.days > 0) kept.expire(nowMs - policy.days * DAY_MS)
    try {
      for (const { file, why } of await expireFiles(catalog, files, layout, policy, nowMs)) {
        this.#expired(file.path, file.rows, why)
      }
    } catch (error) {
      onNote('retention', error)
    }
  }

  #expired(what: string, rows: number, why: ExpiryCause): void {
    this.#expiredRows[why] += rows
    this.#options.onNote('retention', `${what}: ${rows} rows removed (${why})`)
  }
}

/**
 * Expire the files that a policy does not keep. The manifest goes at once, or is written without them; the files go when
 * no search reads them (see `removeParquet`); if that is cut off, the next start removes them.
 *
 * @returns what expired
 * @throws if the file system fails
 */
async function expireFiles(
  catalog: Catalog,
  files: StoreFiles,
  layout: Layout,
  policy: RetentionPolicy,
  nowMs: number,
): Promise<readonly Expired[]> {
  const expired = filesToExpire(catalog.units, policy, nowMs)
  const ofUnits = new Map<SealedUnit, Set<SealedFile>>()
  for (const { unit, file } of expired) ofUnits.set(unit, (ofUnits.get(unit) ?? new Set()).add(file))
  for (const [unit, gone] of ofUnits) {
    const rest = unit.manifest.files.filter((file) => !gone.has(file))
    if (rest.length === 0) expireUnit(catalog, unit, files, layout)
    else {
      const manifest = { ...unit.manifest, files: rest }
      await writeManifest(files, layout.sealed, unit.name, manifest)
      // A merge may have taken its rows over meanwhile; they expire the next time.
      if (unit.isExpired) removeManifest(files, layout.sealed, unit.name)
      else catalog.narrow(unit, manifest)
    }
  }
  if (ofUnits.size > 0) await files.syncPath(layout.sealed)
  return expired
}

function expireUnit(catalog: Catalog, unit: SealedUnit, files: StoreFiles, layout: Layout): void {
  // Without its manifest a segment that could not be removed before would be replayed.
  for (const segment of unit.manifest.segments) files.remove(join(layout.log, segment))
  // Nor may those come back that it has replaced.
  const names = [...(unit.manifest.replaces ?? []), unit.name]
  for (const name of names) removeManifest(files, layout.sealed, name)
  catalog.expire(unit)
}

/** Remove the Parquet files of an expired unit. */
export function removeParquet(unit: SealedUnit, files: StoreFiles, layout: Layout): void {
  for (const file of unit.manifest.files) files.remove(join(layout.dataDir, file.path))
}
