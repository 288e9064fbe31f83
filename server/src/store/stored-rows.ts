import type { Catalog } from './catalog.ts'
import { fileView } from './file-view.ts'
import type { EventRange, Generation } from './generation.ts'
import type { Lake } from './lake/lake.ts'
import { type SealedView, unitedView } from './sealed-view.ts'

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
  release(): void
}

/** Where the rows of a store are. */
export interface RowPlaces {
  readonly catalog: Catalog
  readonly dataDir: string
  /** undefined: rows are sealed to files. */
  readonly lake: Lake | undefined
}

/**
 * Take what is stored now, in one step: a row that is being sealed is in it once. Beside a lake there may be files
 * from before there was one.
 */
export function takeRows({ catalog, dataDir, lake }: RowPlaces, withLake: boolean): TakenRows {
  const snapshot = catalog.snapshot()
  const files = fileView(
    snapshot.units.flatMap(({ readable }) => readable),
    dataDir,
  )
  const reading = lake?.reading
  const hasLake = withLake && reading !== undefined
  return {
    generations: snapshot.generations,
    sealed: hasLake ? unitedView(files, reading.view) : files,
    // Also for who asks for the rest only: they read the lake themselves.
    covered: reading !== undefined && (hasLake || !withLake) ? reading.covered : [],
    hasLake,
    release: () => snapshot.release(),
  }
}
