import { Generation } from './generation.ts'
import type { Manifest, SealedFile } from './manifest.ts'

/** A manifest that is on disk. */
export interface KnownManifest {
  /** File name without extension. */
  readonly name: string
  readonly manifest: Manifest
  /** Those of its files that are there. */
  readonly readable: readonly SealedFile[]
}

/** A manifest and who reads its files. */
export interface SealedUnit extends KnownManifest {
  readers: number
  /** True once no new search may use it. */
  isExpired: boolean
}

/** What one search reads. It stays readable until `release`. */
export interface Snapshot {
  readonly generations: readonly Generation[]
  readonly units: readonly SealedUnit[]
  release(): void
}

export interface CatalogEvents {
  /** Its rows are in sealed files and nobody reads its tables any more. */
  readonly onGenerationUnused: (generation: Generation) => void
  /** It has expired and nobody reads its files any more. */
  readonly onUnitUnused: (unit: SealedUnit) => void
}

/**
 * Where every stored row is: in exactly one generation or one sealed unit, at any moment.
 *
 * A snapshot is taken in one step, so a search sees a row that is being sealed once.
 */
export class Catalog {
  readonly #events: CatalogEvents
  readonly #generations: Generation[]
  readonly #units: SealedUnit[]
  /** Expired, and still read. */
  readonly #leaving = new Set<SealedUnit>()
  #nextId = 2

  constructor(manifests: readonly KnownManifest[], events: CatalogEvents) {
    this.#events = events
    this.#generations = [new Generation(1)]
    this.#units = manifests.map((known) => ({ ...known, readers: 0, isExpired: false }))
  }

  /** Oldest first; the last takes the rows. */
  get generations(): readonly Generation[] {
    return this.#generations
  }

  get units(): readonly SealedUnit[] {
    return this.#units
  }

  /** The generation that takes rows. */
  get filling(): Generation {
    const last = this.#generations.at(-1)
    if (last === undefined) throw new Error('a catalog always has a generation')
    return last
  }

  /** Generations that take no more rows and are to be sealed, oldest first. */
  get full(): readonly Generation[] {
    return this.#generations.slice(0, -1)
  }

  /** Begin a new generation; the former is full. */
  rotate(): void {
    this.#generations.push(new Generation(this.#nextId++))
  }

  /** The rows of a generation are in a unit from now on. */
  replace(generation: Generation, name: string, manifest: Manifest): void {
    this.#units.push({ name, manifest, readable: manifest.files, readers: 0, isExpired: false })
    this.discard(generation)
  }

  /** Forget a generation, because it is sealed or empty. */
  discard(generation: Generation): void {
    this.#generations.splice(this.#generations.indexOf(generation), 1)
    generation.isSealed = true
    if (generation.readers === 0) this.#events.onGenerationUnused(generation)
  }

  /** The rows of some units are in one from now on. */
  merge(units: readonly SealedUnit[], name: string, manifest: Manifest): void {
    this.#units.push({ name, manifest, readable: manifest.files, readers: 0, isExpired: false })
    // Some of their files may have expired since.
    const names = new Set(units.map((unit) => unit.name))
    for (const unit of this.#units.filter((known) => names.has(known.name) && known.name !== name)) this.expire(unit)
  }

  /** Let no new search use a unit. */
  expire(unit: SealedUnit): void {
    this.#units.splice(this.#units.indexOf(unit), 1)
    unit.isExpired = true
    this.#leaving.add(unit)
    if (unit.readers === 0) this.#leave(unit)
  }

  /** Let no new search use those files of a unit that its new manifest does not name. */
  narrow(unit: SealedUnit, manifest: Manifest): void {
    const paths = new Set(manifest.files.map(({ path }) => path))
    const readable = unit.readable.filter(({ path }) => paths.has(path))
    this.#units.splice(this.#units.indexOf(unit), 0, {
      name: unit.name,
      manifest,
      readable,
      readers: 0,
      isExpired: false,
    })
    this.expire(unit)
  }

  /** Nobody reads an expired unit any more; files that another unit has too stay. */
  #leave(unit: SealedUnit): void {
    this.#leaving.delete(unit)
    const others = [...this.#units, ...this.#leaving].filter(({ name }) => name === unit.name)
    const needed = new Set(others.flatMap(({ manifest }) => manifest.files.map(({ path }) => path)))
    const files = unit.manifest.files.filter(({ path }) => !needed.has(path))
    this.#events.onUnitUnused({ ...unit, manifest: { ...unit.manifest, files } })
  }

  snapshot(): Snapshot {
    const generations = [...this.#generations]
    const units = [...this.#units]
    for (const generation of generations) generation.readers++
    for (const unit of units) unit.readers++
    let isReleased = false
    const release = (): void => {
      if (isReleased) return
      isReleased = true
      for (const generation of generations) {
        if (--generation.readers === 0 && generation.isSealed) this.#events.onGenerationUnused(generation)
      }
      for (const unit of units) {
        if (--unit.readers === 0 && unit.isExpired) this.#leave(unit)
      }
    }
    return { generations, units, release }
  }
}
