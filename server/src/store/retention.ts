import { join } from 'node:path'
import type { Catalog, SealedUnit } from './catalog.ts'
import type { StoreFiles } from './files.ts'
import type { Layout } from './layout.ts'
import { MANIFEST_EXTENSION } from './manifest.ts'

const DAY_MS = 86_400_000

/**
 * Expire what was sealed more than `days` ago: whole manifests, oldest first. The manifest goes at once, its Parquet
 * files when no search reads them (see `removeParquet`); if that is cut off, the next start removes them.
 *
 * Counted from the sealing and not from the times in the packets, which are the senders' and may be anywhere.
 *
 * @throws if the file system fails
 */
export async function expireUnits(
  catalog: Catalog,
  files: StoreFiles,
  layout: Layout,
  days: number,
  nowMs: number,
): Promise<void> {
  const expired = catalog.units.filter(({ manifest }) => manifest.sealedMs < nowMs - days * DAY_MS)
  for (const unit of expired) {
    // Without its manifest a segment that could not be removed before would be replayed.
    for (const segment of unit.manifest.segments) files.remove(join(layout.log, segment))
    files.remove(join(layout.sealed, unit.name + MANIFEST_EXTENSION))
    catalog.expire(unit)
  }
  if (expired.length > 0) await files.syncPath(layout.sealed)
}

/** Remove the Parquet files of an expired unit. */
export function removeParquet(unit: SealedUnit, files: StoreFiles, layout: Layout): void {
  for (const file of unit.manifest.files) files.remove(join(layout.dataDir, file.path))
}
