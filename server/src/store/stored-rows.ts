import type { Catalog } from './catalog.ts'
import { fileView } from './file-view.ts'
import type { EventRange, Generation } from './generation.ts'
import type { IdFilters } from './id-files.ts'
import type { Lake } from './lake/lake.ts'
import type { SealedFile } from './manifest.ts'
import { overlaps, type SealedView, unitedView } from './sealed-view.ts'
import type { TimeRange } from './search-request.ts'

/** All rows that one search reads: each is in exactly one generation or once in what is sealed. */
export interface StoredRows {
  readonly generations: readonly Generation[]
  readonly sealed: SealedView
  /** Events that are sealed although a generation has them too: these of its rows are left out. */
  readonly covered: readonly EventRange[]
}

/** Rows that stay readable until `release`. */
export interface TakenRows extends StoredRows {
  /** True if the lake's are among them. */
  readonly hasLake: boolean
  /**
   * The same rows without sealed ones that cannot be of a time, or have none of some ids in their `LINK_COLUMNS`. Never
   * rejects.
   */
  having(ids: readonly string[], time: TimeRange): Promise<StoredRows>
  release(): void
}

/** Where the rows of a store are. */
export interface RowPlaces {
  readonly catalog: Catalog
  readonly dataDir: string
  readonly idFilters: IdFilters
  /** undefined: rows are sealed to files. */
  readonly lake: Lake | undefined
}

/**
 * Take what is stored now, in one step: a row that is being sealed is in it once. Beside a lake there may be files
 * from before there was one.
 */
export function takeRows({ catalog, dataDir, idFilters, lake }: RowPlaces, withLake: boolean): TakenRows {
  const snapshot = catalog.snapshot()
  const readable = snapshot.units.flatMap((unit) => unit.readable)
  const reading = lake?.reading
  const hasLake = withLake && reading !== undefined
  const rowsIn = (sealed: readonly SealedFile[]): StoredRows => {
    const view = fileView(sealed, dataDir)
    return {
      generations: snapshot.generations,
      sealed: hasLake ? unitedView(view, reading.view) : view,
      // Also for who asks for the rest only: they read the lake themselves.
      covered: reading !== undefined && (hasLake || !withLake) ? reading.covered : [],
    }
  }
  return {
    ...rowsIn(readable),
    hasLake,
    having: async (ids, time) => {
      const within = readable.filter((file) => overlaps(time, file.minTsUs, file.maxTsUs))
      return rowsIn(await idFilters.filesWith(ids, within))
    },
    release: () => snapshot.release(),
  }
}
