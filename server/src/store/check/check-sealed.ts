import { join, relative } from 'node:path'
import type { StoreFiles } from '../files.ts'
import { readIdFilter } from '../id-files.ts'
import type { Layout } from '../layout.ts'
import { type Manifest, MANIFEST_EXTENSION, readManifest, type SealedFile, writeManifest } from '../manifest.ts'
import { columnsOf, kindOf } from '../schema.ts'
import { moveAside } from './check-log.ts'
import type { Findings } from './findings.ts'
import type { ParquetContent, ParquetReader, SeqRange } from './parquet-reader.ts'

/** A file that a manifest names and that was read to its end. */
export interface CheckedFile {
  /** Absolute. */
  readonly path: string
  readonly rows: number
  readonly bytes: number
  readonly ranges: readonly SeqRange[]
}

/** A manifest, and what is really there of it. */
export interface CheckedManifest {
  /** File name without extension. */
  readonly name: string
  readonly segments: readonly string[]
  /** Absolute paths of all the files that it names. */
  readonly named: readonly string[]
  /** Those of them that can be read. */
  readonly files: readonly CheckedFile[]
  /** Of all its files together. */
  readonly ranges: readonly SeqRange[]
}

export interface SealedCheck {
  readonly files: StoreFiles
  readonly layout: Layout
  readonly parquet: ParquetReader
  readonly findings: Findings
}

/** A manifest's entry, and what was found in its place. */
interface Entry {
  readonly listed: SealedFile
  /** What the manifest should say; undefined if there is nothing to be searched. */
  readonly found: SealedFile | undefined
  readonly checked: CheckedFile | undefined
  readonly fault: string | undefined
  readonly isUnreadable: boolean
}

/** Hold every manifest that holds against its files, each of which is read to the last value. */
export async function checkManifests(check: SealedCheck): Promise<{
  readonly manifests: readonly CheckedManifest[]
  /** Names of manifests in whose place another has come. */
  readonly replaced: readonly string[]
  /** Names of manifests that cannot be read. */
  readonly unreadable: readonly string[]
}> {
  const { files, layout } = check
  const names = files
    .list(layout.sealed)
    .filter((file) => file.endsWith(MANIFEST_EXTENSION))
    .map((file) => file.slice(0, -MANIFEST_EXTENSION.length))
  const found = new Map<string, Manifest>()
  const unreadable: string[] = []
  for (const name of names) {
    const manifest = readManifest(files, join(layout.sealed, name + MANIFEST_EXTENSION))
    if (manifest === undefined) unreadable.push(name)
    else found.set(name, manifest)
  }
  const replaced = [...found.values()].flatMap(({ replaces }) => replaces ?? []).filter((name) => found.delete(name))
  const manifests: CheckedManifest[] = []
  for (const [name, manifest] of found) manifests.push(await checkManifest(check, name, manifest))
  return { manifests, replaced, unreadable }
}

async function checkManifest(check: SealedCheck, name: string, manifest: Manifest): Promise<CheckedManifest> {
  const { files, layout, findings } = check
  const path = join(layout.sealed, name + MANIFEST_EXTENSION)
  const entries: Entry[] = []
  for (const listed of manifest.files) entries.push(await readEntry(check, listed))
  // A running server may have removed it meanwhile, files first or last.
  const faulty = files.size(path) === undefined ? [] : entries.filter(({ fault }) => fault !== undefined)
  for (const [i, { listed, found, fault, isUnreadable }] of faulty.entries()) {
    await findings.add({
      severity: 'damage',
      path: listed.path,
      message: `${fault} (${listed.rows} rows by ${relative(layout.dataDir, path)})`,
      repair: async () => {
        const aside = isUnreadable ? `${moveAside(files, join(layout.dataDir, listed.path))}; ` : ''
        // Once for all: each rewriting takes over whatever was found so far.
        if (i === 0) await rewrite(check, name, manifest, entries)
        return `${aside}${found === undefined ? 'taken out of the manifest' : 'the manifest says what is there'}`
      },
    })
  }
  const checked = entries.flatMap((entry) => entry.checked ?? [])
  return {
    name,
    segments: manifest.segments,
    named: manifest.files.map((file) => join(layout.dataDir, file.path)),
    files: checked,
    ranges: checked.flatMap(({ ranges }) => ranges),
  }
}

async function readEntry(check: SealedCheck, listed: SealedFile): Promise<Entry> {
  const { files, layout, parquet } = check
  const path = join(layout.dataDir, listed.path)
  const nothing = { listed, found: undefined, checked: undefined }
  const bytes = files.size(path)
  if (bytes === undefined) return { ...nothing, fault: 'missing', isUnreadable: false }
  const result = await parquet.read(path, listed.table)
  if (!result.ok) return { ...nothing, fault: `cannot be read: ${result.reason}`, isUnreadable: true }
  const { content } = result
  const schemaFault = faultOfSchema(listed, content)
  if (schemaFault !== undefined) return { ...nothing, fault: schemaFault, isUnreadable: true }
  const idsFault = await faultOfIds(check, listed)
  const found = {
    ...listed,
    ids: idsFault === undefined ? listed.ids : undefined,
    bytes,
    rows: content.rows,
    minTsUs: content.minTsUs ?? listed.minTsUs,
    maxTsUs: content.maxTsUs ?? listed.maxTsUs,
  }
  const differences = (['rows', 'bytes', 'minTsUs', 'maxTsUs'] as const).flatMap((key) =>
    found[key] === listed[key] ? [] : [`${key} ${found[key]} instead of ${listed[key]}`],
  )
  if (idsFault !== undefined) differences.push(idsFault)
  return {
    listed,
    found,
    checked: { path, rows: content.rows, bytes, ranges: content.ranges },
    fault: differences.length === 0 ? undefined : differences.join(', '),
    isUnreadable: false,
  }
}

/** What is wrong with the filter of a file's Call-IDs; that there is none is not. */
async function faultOfIds({ files, layout, parquet }: SealedCheck, listed: SealedFile): Promise<string | undefined> {
  const filter = await readIdFilter(listed, layout, files)
  if (filter === undefined) return undefined
  const wanted = await parquet.idFilter(join(layout.dataDir, listed.path), listed.table)
  const isRight = wanted !== undefined && Buffer.from(filter.buffer).equals(Buffer.from(wanted.buffer))
  return isRight ? undefined : 'the filter of its Call-IDs is of other rows: searches miss some'
}

/** Columns that a search needs and that are not there, or of another type. */
function faultOfSchema({ table }: SealedFile, { columns }: ParquetContent): string | undefined {
  const wrong = columnsOf(kindOf(table)).flatMap(({ name, type }) => {
    const found = columns.get(name)
    if (found === undefined) return [`no column ${name}`]
    return found === type ? [] : [`column ${name} is ${found} instead of ${type}`]
  })
  return wrong.length === 0 ? undefined : wrong.join(', ')
}

async function rewrite(check: SealedCheck, name: string, manifest: Manifest, entries: readonly Entry[]): Promise<void> {
  const { files, layout } = check
  await writeManifest(files, layout.sealed, name, { ...manifest, files: entries.flatMap(({ found }) => found ?? []) })
}
