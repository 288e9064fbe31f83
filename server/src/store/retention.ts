import { join } from 'node:path'
import type { Catalog, SealedUnit } from './catalog.ts'
import type { StoreFiles } from './files.ts'
import type { Layout } from './layout.ts'
import { MANIFEST_EXTENSION, type SealedFile, writeManifest } from './manifest.ts'
import { type Expired, filesToExpire, type RetentionPolicy } from './retention-plan.ts'

/**
 * Expire the files that a policy does not keep. The manifest goes at once, or is written without them; the files go when
 * no search reads them (see `removeParquet`); if that is cut off, the next start removes them.
 *
 * @returns what expired
 * @throws if the file system fails
 */
export async function expireFiles(
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
      if (unit.isExpired) files.remove(join(layout.sealed, unit.name + MANIFEST_EXTENSION))
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
  for (const name of names) files.remove(join(layout.sealed, name + MANIFEST_EXTENSION))
  catalog.expire(unit)
}

/** Remove the Parquet files of an expired unit. */
export function removeParquet(unit: SealedUnit, files: StoreFiles, layout: Layout): void {
  for (const file of unit.manifest.files) files.remove(join(layout.dataDir, file.path))
}
