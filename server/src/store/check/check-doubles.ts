import { join, relative } from 'node:path'
import type { StoreFiles } from '../files.ts'
import type { Layout } from '../layout.ts'
import type { CheckedSegment } from './check-log.ts'
import type { CheckedManifest, SealedCheck } from './check-sealed.ts'
import { doOverlap } from './parquet-reader.ts'

const eventFiles = ({ files }: CheckedManifest): string[] =>
  files.flatMap(({ path, ranges }) => (ranges.length > 0 ? [path] : []))

/** Look for events that were sealed twice. */
export async function checkSealedDoubles(check: SealedCheck, manifests: readonly CheckedManifest[]): Promise<void> {
  const { parquet, findings } = check
  for (const [i, manifest] of manifests.entries()) {
    const own = await parquet.countDoubles(eventFiles(manifest))
    if (own > 0) {
      const message = `${own} events are twice or more in its files: searches find them so often`
      await findings.add({ severity: 'damage', path: `sealed/${manifest.name}.json`, message })
    }
    const others = manifests.slice(i + 1).filter(({ ranges }) => doOverlap(ranges, manifest.ranges))
    for (const other of others) {
      const count = await parquet.countShared(eventFiles(manifest), eventFiles(other))
      if (count === 0) continue
      await findings.add({
        severity: 'damage',
        path: `sealed/${manifest.name}.json`,
        message: `${count} events are also in the files of sealed/${other.name}.json: searches find them twice`,
      })
    }
  }
}

/** Put a segment whose rows are sealed where it is kept for viewers who ask for the past. */
export function keepSegment({ name, path }: CheckedSegment, files: StoreFiles, layout: Layout): string {
  files.makeDirectory(layout.keptLog)
  files.rename(path, join(layout.keptLog, name))
  return 'moved to log/kept'
}

/** Look for segments of the log whose events are sealed: the next start would store them again. */
export async function checkLogDoubles(
  check: SealedCheck,
  segments: readonly CheckedSegment[],
  manifests: readonly CheckedManifest[],
): Promise<void> {
  const { files, layout, parquet, findings } = check
  const named = new Set(manifests.flatMap((manifest) => manifest.segments))
  for (const segment of segments) {
    const path = relative(layout.dataDir, segment.path)
    const keep = (): string => keepSegment(segment, files, layout)
    if (named.has(segment.name)) {
      await findings.add({ severity: 'note', path, message: 'its rows are sealed', repair: keep })
      continue
    }
    const sealed = manifests.filter(({ ranges }) => doOverlap(ranges, segment.ranges)).flatMap(eventFiles)
    const count = await parquet.countWithin(sealed, segment.ranges)
    if (count === 0) continue
    const isAll = count === segment.rows && segment.damagedBytes === 0
    await findings.add({
      severity: 'damage',
      path,
      message: `${count} of its ${segment.rows} rows are sealed already: the next start would store them again`,
      repair: isAll ? keep : undefined,
    })
  }
}
