import { join } from 'node:path'
import { z } from 'zod'
import type { StoreFiles } from './files.ts'
import type { EventRange } from './generation.ts'
import { isTableName } from './schema.ts'

const sealedFile = z.object({
  table: z.string().refine(isTableName),
  /** Relative to the data directory, with `/`. */
  path: z.string().min(1),
  rows: z.number(),
  bytes: z.number(),
  /** Smallest and largest time in the file, microseconds since 1970. */
  minTsUs: z.number(),
  maxTsUs: z.number(),
  /** Where the filter of the Call-IDs in it is, in the file of filters beside the manifest; files of older versions have none. */
  ids: z.object({ at: z.number(), bytes: z.number() }).optional(),
})

const manifest = z.object({
  version: z.literal(1),
  /** When it was sealed, ms since 1970: what retention goes by. */
  sealedMs: z.number(),
  /** Log segments whose rows are all in `files`. */
  segments: z.array(z.string()),
  ranges: z.array(z.object({ node: z.string(), epoch: z.number(), firstSeq: z.number(), lastSeq: z.number() })),
  files: z.array(sealedFile),
  /** Names of manifests that do not count beside this one: its files have their rows. */
  replaces: z.array(z.string()).optional(),
})

/** A Parquet file that a manifest names. */
export type SealedFile = z.infer<typeof sealedFile>

/** What a sealing made: the Parquet files are stored when this is on disk, and not before. */
export type Manifest = z.infer<typeof manifest>

export const MANIFEST_EXTENSION = '.json'
export const IDS_EXTENSION = '.ids'

/** Name, without extension, of what events are sealed into; there must be some. */
export function sealedName({ ranges }: { readonly ranges: readonly EventRange[] }, copy: number): string {
  const first = ranges[0]
  const last = ranges.at(-1)
  const name = `${first?.epoch ?? 0}-${first?.firstSeq ?? 0}-${last?.lastSeq ?? 0}`
  return copy === 0 ? name : `${name}-${copy}`
}

/** True for the name, without extension, of a sealed file; others in our directories are left alone. */
export function isSealedName(name: string): boolean {
  return /^\d+-\d+-\d+(?:-\d+)?$/.test(name)
}

/** Put a manifest on disk; when this resolves it survives a power cut, and if it throws there is none. */
export async function writeManifest(
  files: StoreFiles,
  directory: string,
  name: string,
  content: Manifest,
): Promise<void> {
  const path = join(directory, name + MANIFEST_EXTENSION)
  const temporary = `${path}.tmp`
  files.remove(temporary)
  const fd = files.create(temporary)
  try {
    files.write(fd, new TextEncoder().encode(JSON.stringify(content)))
    await files.sync(fd)
  } finally {
    files.close(fd)
  }
  files.rename(temporary, path)
  await files.syncPath(directory)
}

/** Remove a manifest and its filters. @throws if the file system fails; whatever is left then is no harm */
export function removeManifest(files: StoreFiles, directory: string, name: string): void {
  files.remove(join(directory, name + MANIFEST_EXTENSION))
  files.remove(join(directory, name + IDS_EXTENSION))
}

/** Read a manifest; undefined if it is none. */
export function readManifest(files: StoreFiles, path: string): Manifest | undefined {
  try {
    return manifest.parse(JSON.parse(files.readText(path)))
  } catch {
    return undefined
  }
}
