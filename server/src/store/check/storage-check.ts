import { join, relative } from 'node:path'
import { nodeFiles, type StoreFiles } from '../files.ts'
import { type Layout, layoutOf } from '../layout.ts'
import { MANIFEST_EXTENSION, removeManifest } from '../manifest.ts'
import { checkLogDoubles, checkSealedDoubles } from './check-doubles.ts'
import { type CheckedSegment, checkKept, checkSegments, readSegments } from './check-log.ts'
import { checkOrphans } from './check-orphans.ts'
import { type CheckedManifest, checkManifests, type SealedCheck } from './check-sealed.ts'
import { type CheckedLake, LakeChecker, type LakeTotals } from './check-lake.ts'
import { type Finding, Findings } from './findings.ts'
import { ParquetReader } from './parquet-reader.ts'

/** A directory that cannot be checked. */
export class StorageCheckError extends Error {
  override readonly name = 'StorageCheckError'
}

export interface StorageCheckOptions {
  readonly dataDir: string
  /** Repair what can be repaired; no server may run on the directory then. */
  readonly repair: boolean
  /** A server runs on it: what it may be at is no finding. */
  readonly isLive: boolean
  /** Where rows are sealed to, if not to files. */
  readonly lake?: CheckedLake | undefined
}

/** What is in a data directory, and what is wrong with it. */
export interface StorageReport {
  readonly sealed: SealedTotals
  readonly log: LogTotals
  /** Segments that are sealed, and kept for viewers who ask for the past. */
  readonly kept: LogTotals
  /** undefined: rows are sealed to files. */
  readonly lake: LakeTotals | undefined
  readonly findings: readonly Finding[]
}

export interface SealedTotals {
  readonly manifests: number
  readonly files: number
  /** Events; what is derived from them, such as calls, does not count. */
  readonly rows: number
  readonly bytes: number
}

export interface LogTotals {
  readonly segments: number
  readonly blocks: number
  readonly rows: number
  readonly bytes: number
}

/**
 * Hold everything that is stored in a data directory against everything else: manifests against their Parquet files,
 * which are read to the last value, the log against its checksums, both against each other, and what belongs to neither. Of
 * a lake, whose files are those of others too, it looks whether they are there.
 *
 * @throws StorageCheckError if nothing is stored there; LakeCheckError if the lake cannot be reached; the file system's errors
 */
export async function checkStorage({ dataDir, repair, isLive, lake }: StorageCheckOptions): Promise<StorageReport> {
  const layout = layoutOf(dataDir)
  const files = nodeFiles
  if (!isStorage(dataDir)) throw new StorageCheckError(`nothing is stored in ${dataDir}`)
  const findings = new Findings(repair)
  // First: what cannot be reached must not be noticed amid repairs.
  const lakeChecker = lake === undefined ? undefined : await LakeChecker.open(lake)
  const parquet = await ParquetReader.open()
  try {
    const check = { files, layout, dataDir, parquet, findings }
    const { manifests, replaced, unreadable } = await checkManifests(check)
    await checkSealedDoubles(check, manifests)
    // Behind the manifests: a segment may be sealed meanwhile, but not the other way round.
    const segments = readSegments(files, layout.log)
    const kept = readSegments(files, layout.keptLog)
    if (!isLive) {
      await checkSegments(segments, check)
      await checkKept(kept, check)
      await checkLogDoubles(check, segments, manifests)
      await checkReplaced(check, replaced)
      await checkOrphans(check, segments, manifests, unreadable)
    } else {
      await checkSegments(segments.slice(0, -1), check)
      for (const name of unreadable) {
        await findings.add({ severity: 'damage', path: `sealed/${name}.json`, message: 'not a manifest' })
      }
    }
    const lakeTotals = await lakeChecker?.check(check, isLive ? [] : segments)
    await noteSetAside(files, layout, findings)
    return {
      sealed: sealedTotals(manifests),
      log: logTotals(segments),
      kept: logTotals(kept),
      lake: lakeTotals,
      findings: findings.all,
    }
  } finally {
    parquet.close()
    lakeChecker?.close()
  }
}

/** Look for manifests that a merge has replaced and could not remove; a start does, and so their files have none. */
async function checkReplaced({ files, layout, findings }: SealedCheck, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await findings.add({
      severity: 'note',
      path: relative(layout.dataDir, join(layout.sealed, name + MANIFEST_EXTENSION)),
      message: 'left behind by a merge that was cut off: another manifest is in its place',
      repair: () => {
        removeManifest(files, layout.sealed, name)
        return 'removed'
      },
    })
  }
}

/** Whether a server has ever stored something in a directory. */
export function isStorage(dataDir: string): boolean {
  const { log, sealed, parquet } = layoutOf(dataDir)
  return [log, sealed, parquet].some((path) => nodeFiles.size(path) !== undefined)
}

/** What was set aside before: for a person to look at. */
async function noteSetAside(files: StoreFiles, layout: Layout, findings: Findings): Promise<void> {
  for (const directory of [layout.log, layout.sealed]) {
    for (const name of files.list(directory)) {
      if (!name.endsWith('.damaged')) continue
      const path = relative(layout.dataDir, join(directory, name))
      const isNew = findings.all.some((finding) => finding.repaired !== undefined && `${finding.path}.damaged` === path)
      if (isNew) continue
      const message = `${files.size(join(directory, name)) ?? 0} bytes, set aside; nothing looks at them`
      await findings.add({ severity: 'note', path, message })
    }
  }
}

function sealedTotals(manifests: readonly CheckedManifest[]): SealedTotals {
  const found = manifests.flatMap((manifest) => manifest.files)
  return {
    manifests: manifests.length,
    files: found.length,
    rows: found.reduce((sum, { rows, ranges }) => sum + (ranges.length > 0 ? rows : 0), 0),
    bytes: found.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

function logTotals(segments: readonly CheckedSegment[]): LogTotals {
  return {
    segments: segments.length,
    blocks: segments.reduce((sum, { blocks }) => sum + blocks, 0),
    rows: segments.reduce((sum, { rows }) => sum + rows, 0),
    bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}
