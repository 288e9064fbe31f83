import { join } from 'node:path'
import type { StoreFiles } from './files.ts'
import type { Layout } from './layout.ts'
import type { KnownManifest } from './catalog.ts'
import { IDS_EXTENSION, isSealedName, type Manifest, MANIFEST_EXTENSION, readManifest } from './manifest.ts'
import { isTableName } from './schema.ts'

export const TEMPORARY_EXTENSION = '.tmp'

export interface Recovered {
  readonly manifests: readonly KnownManifest[]
  /** Names of segments that the manifests cover: the log must not replay them. */
  readonly sealedSegments: ReadonlySet<string>
  /** What a person should look at. */
  readonly faults: readonly string[]
}

/**
 * Bring the directories of a store to a state that a sealing could have left, whatever stopped the last run.
 *
 * Removes Parquet files that no manifest names (their rows are still in the log) and segments that a manifest
 * covers. A manifest that cannot be read stops the removal of Parquet, because some of it may be that manifest's.
 *
 * @throws if the directories cannot be made or listed
 */
export function recover(files: StoreFiles, layout: Layout): Recovered {
  const faults: string[] = []
  const found: { readonly name: string; readonly manifest: Manifest }[] = []
  files.makeDirectory(layout.sealed)
  files.makeDirectory(layout.log)
  files.makeDirectory(layout.parquet)
  files.removeDirectory(layout.temporary)
  files.makeDirectory(layout.temporary)
  const remove = (path: string): void => {
    try {
      files.remove(path)
    } catch (error) {
      faults.push(`cannot remove ${path}: ${String(error)}`)
    }
  }

  let isComplete = true
  for (const fileName of files.list(layout.sealed)) {
    const path = join(layout.sealed, fileName)
    if (fileName.endsWith(TEMPORARY_EXTENSION)) remove(path)
    if (!fileName.endsWith(MANIFEST_EXTENSION)) continue
    const manifest = readManifest(files, path)
    if (manifest === undefined) {
      isComplete = false
      faults.push(`not a manifest: ${path}`)
      continue
    }
    found.push({ name: fileName.slice(0, -MANIFEST_EXTENSION.length), manifest })
  }
  const replaced = new Set(found.flatMap(({ manifest }) => manifest.replaces ?? []))
  for (const name of replaced) remove(join(layout.sealed, name + MANIFEST_EXTENSION))
  for (const path of loneIdFiles(files, layout)) remove(path)
  const manifests = found
    .filter(({ name }) => !replaced.has(name))
    .map(({ name, manifest }): KnownManifest => {
      // One missing file must not make every search fail.
      const readable = manifest.files.filter((file) => {
        const isPresent = files.size(join(layout.dataDir, file.path)) === file.bytes
        if (!isPresent) faults.push(`missing or of another size: ${file.path} (${file.rows} rows)`)
        return isPresent
      })
      return { name, manifest, readable }
    })
  manifests.sort((a, b) => a.manifest.sealedMs - b.manifest.sealedMs)

  const known = new Set(
    manifests.flatMap(({ manifest }) => manifest.files.map((file) => join(layout.dataDir, file.path))),
  )
  for (const path of parquetFiles(files, layout)) {
    if (path.endsWith(TEMPORARY_EXTENSION) || (isComplete && !known.has(path))) remove(path)
  }
  const sealedSegments = new Set(manifests.flatMap(({ manifest }) => manifest.segments))
  for (const name of files.list(layout.log)) {
    if (sealedSegments.has(name)) remove(join(layout.log, name))
  }
  return { manifests, sealedSegments, faults }
}

/** Files of filters whose manifest is not there. */
export function loneIdFiles(files: StoreFiles, layout: Layout): string[] {
  const names = files.list(layout.sealed)
  const known = new Set(names)
  return names
    .filter((name) => name.endsWith(IDS_EXTENSION))
    .filter((name) => !known.has(name.slice(0, -IDS_EXTENSION.length) + MANIFEST_EXTENSION))
    .map((name) => join(layout.sealed, name))
}

/** The same with more segments that the log must not replay. */
export function withSegments(recovered: Recovered, segments: ReadonlySet<string>): Recovered {
  return { ...recovered, sealedSegments: new Set([...recovered.sealedSegments, ...segments]) }
}

/** Our Parquet files, finished or not. */
export function* parquetFiles(files: StoreFiles, layout: Layout): Generator<string> {
  for (const table of files.list(layout.parquet)) {
    if (!isTableName(table)) continue
    const tableDirectory = join(layout.parquet, table)
    for (const day of files.list(tableDirectory)) {
      if (!day.startsWith('date=')) continue
      const directory = join(tableDirectory, day)
      for (const name of files.list(directory)) {
        const stem = name.replace(/\.parquet(?:\.tmp)?$/, '')
        if (stem !== name && isSealedName(stem)) yield join(directory, name)
      }
    }
  }
}
