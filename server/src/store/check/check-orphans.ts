import { statSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { MANIFEST_EXTENSION, type SealedFile, writeManifest } from '../manifest.ts'
import { loneIdFiles, parquetFiles, TEMPORARY_EXTENSION } from '../recovery.ts'
import { isTableName, type TableName } from '../schema.ts'
import { type CheckedSegment, moveAside, removed } from './check-log.ts'
import type { CheckedManifest, SealedCheck } from './check-sealed.ts'
import { doOverlap, type ParquetContent, type SeqRange } from './parquet-reader.ts'

/** Parquet files of one sealing that no manifest names. */
interface Orphans {
  /** Name of the manifest that should be there. */
  readonly name: string
  readonly whole: readonly { readonly path: string; readonly table: TableName; readonly content: ParquetContent }[]
  readonly broken: readonly { readonly path: string; readonly reason: string }[]
}

/**
 * Look at the Parquet files that no readable manifest names. A start would remove those without a manifest, as remains
 * of a sealing that was cut off; here it is made sure that their rows are elsewhere.
 */
export async function checkOrphans(
  check: SealedCheck,
  segments: readonly CheckedSegment[],
  manifests: readonly CheckedManifest[],
  unreadable: readonly string[],
): Promise<void> {
  const { files, layout, findings } = check
  await checkTemporary(check)
  const known = new Set(manifests.flatMap(({ named }) => named))
  const groups = new Map<string, string[]>()
  for (const path of parquetFiles(files, layout)) {
    if (path.endsWith(TEMPORARY_EXTENSION) || known.has(path)) continue
    const name = basename(path, '.parquet')
    groups.set(name, [...(groups.get(name) ?? []), path])
  }
  for (const name of unreadable) if (!groups.has(name)) groups.set(name, [])
  for (const [name, paths] of groups) {
    const orphans = await readOrphans(check, name, paths)
    for (const { path, reason } of orphans.broken) {
      await findings.add({
        severity: 'damage',
        path: relative(layout.dataDir, path),
        message: `no manifest names it, and it cannot be read: ${reason}`,
        repair: () => moveAside(files, path),
      })
    }
    if (unreadable.includes(name)) await reportManifest(check, orphans)
    else if (orphans.whole.length > 0) await reportOrphans(check, orphans, segments, manifests)
  }
}

async function checkTemporary({ files, layout, findings }: SealedCheck): Promise<void> {
  for (const path of loneIdFiles(files, layout)) {
    await findings.add({
      severity: 'note',
      path: relative(layout.dataDir, path),
      message: 'the manifest that names it is gone',
      repair: () => removed(files, path),
    })
  }
  const manifests = files.list(layout.sealed).map((name) => join(layout.sealed, name))
  for (const path of [...manifests, ...parquetFiles(files, layout)]) {
    if (!path.endsWith(TEMPORARY_EXTENSION)) continue
    await findings.add({
      severity: 'note',
      path: relative(layout.dataDir, path),
      message: 'left behind by a sealing that was cut off',
      repair: () => removed(files, path),
    })
  }
}

async function readOrphans({ parquet, layout }: SealedCheck, name: string, paths: readonly string[]): Promise<Orphans> {
  const whole: { path: string; table: TableName; content: ParquetContent }[] = []
  const broken: { path: string; reason: string }[] = []
  for (const path of paths) {
    const [table = ''] = relative(layout.parquet, path).split('/')
    if (!isTableName(table)) continue
    const result = await parquet.read(path, table)
    if (result.ok) whole.push({ path, table, content: result.content })
    else broken.push({ path, reason: result.reason })
  }
  return { name, whole, broken }
}

/** A manifest that cannot be read: nothing of it is searched, but its files are still there. */
async function reportManifest(check: SealedCheck, orphans: Orphans): Promise<void> {
  const { files, layout, findings } = check
  const path = join(layout.sealed, orphans.name + MANIFEST_EXTENSION)
  await findings.add({
    severity: 'damage',
    path: relative(layout.dataDir, path),
    message: `not a manifest that this version reads; ${rowsOf(orphans)} rows in ${orphans.whole.length} files of its name are not searched`,
    repair: async () => {
      moveAside(files, path)
      if (orphans.whole.length === 0) return 'moved aside as *.damaged'
      await adopt(check, orphans)
      return 'moved aside as *.damaged, and made anew from the files'
    },
  })
}

async function reportOrphans(
  check: SealedCheck,
  orphans: Orphans,
  segments: readonly CheckedSegment[],
  manifests: readonly CheckedManifest[],
): Promise<void> {
  const { files, layout, parquet, findings } = check
  const events = orphans.whole.filter(({ content }) => content.ranges.length > 0)
  const ranges = events.flatMap(({ content }) => content.ranges)
  const others = manifests.filter((manifest) => doOverlap(manifest.ranges, ranges))
  const lone = await parquet.countOnlyIn(
    events.map(({ path }) => path),
    segments.flatMap((segment) => segment.ranges),
    others.flatMap((manifest) => manifest.files.flatMap((file) => (file.ranges.length > 0 ? [file.path] : []))),
  )
  const total = rowsOf({ ...orphans, whole: events })
  const paths = orphans.whole.map(({ path }) => path)
  const path = relative(layout.dataDir, paths[0] ?? '')
  const more = paths.length > 1 ? ` (and ${paths.length - 1} more of this name)` : ''
  if (lone === 0) {
    await findings.add({
      severity: 'note',
      path,
      message: `no manifest names it${more}; all its rows are elsewhere`,
      repair: () => {
        for (const file of paths) files.remove(file)
        return 'removed'
      },
    })
    return
  }
  await findings.add({
    severity: 'damage',
    path,
    message: `no manifest names it${more}, and nothing else has ${lone} of its ${total} rows: the next start would remove them`,
    repair: async () => {
      if (lone < total) {
        for (const file of paths) moveAside(files, file)
        return 'moved aside as *.damaged, as other rows of it are stored elsewhere'
      }
      await adopt(check, orphans)
      return `sealed/${orphans.name}${MANIFEST_EXTENSION} was made from the files`
    },
  })
}

/** Write the manifest of files that have none. */
async function adopt({ files, layout }: SealedCheck, { name, whole }: Orphans): Promise<void> {
  const sealed = whole.map(({ path, table, content: { rows, minTsUs = 0, maxTsUs = 0 } }): SealedFile => {
    return { table, path: relative(layout.dataDir, path), rows, bytes: files.size(path) ?? 0, minTsUs, maxTsUs }
  })
  const sealedMs = Math.max(...whole.map(({ path }) => statSync(path).mtimeMs))
  const ranges: SeqRange[] = whole.flatMap(({ content }) => content.ranges)
  const manifest = { version: 1 as const, sealedMs, segments: [], ranges: merged(ranges), files: sealed }
  await writeManifest(files, layout.sealed, name, manifest)
}

/** One range of each node and epoch. */
function merged(ranges: readonly SeqRange[]): SeqRange[] {
  const found = new Map<string, SeqRange>()
  for (const range of ranges) {
    const key = `${range.epoch} ${range.node}`
    const { firstSeq, lastSeq } = found.get(key) ?? range
    found.set(key, {
      ...range,
      firstSeq: Math.min(firstSeq, range.firstSeq),
      lastSeq: Math.max(lastSeq, range.lastSeq),
    })
  }
  return [...found.values()]
}

function rowsOf({ whole }: Orphans): number {
  return whole.reduce((sum, { content }) => sum + content.rows, 0)
}
