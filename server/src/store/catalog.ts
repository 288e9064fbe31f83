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

  /** Let no new search use a unit. */
  expire(unit: SealedUnit): void {
    this.#units.splice(this.#units.indexOf(unit), 1)
    unit.isExpired = true
    if (unit.readers === 0) this.#events.onUnitUnused(unit)
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
        if (--unit.readers === 0 && unit.isExpired) this.#events.onUnitUnused(unit)
      }
    }
    return { generations, units, release }
  }
}
