import type { Lane } from './row.ts'

/** Vertical lines in order of appearance. Once there, a lane keeps its place; new ones come to the right. */
export class Lanes {
  readonly #byAddress: boolean
  readonly #indexes = new Map<string, number>()
  #lanes: readonly Lane[] = []

  /** @param byAddress one lane for all ports of an address */
  constructor(byAddress: boolean) {
    this.#byAddress = byAddress
  }

  /** A new array when a lane was added. */
  get all(): readonly Lane[] {
    return this.#lanes
  }

  /** Place of an endpoint; a new lane if it has none. */
  indexOf(ip: string, port: number): number {
    const id = ip === '' ? '?' : this.#byAddress ? ip : ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
    const known = this.#indexes.get(id)
    if (known !== undefined) return known
    const index = this.#lanes.length
    this.#indexes.set(id, index)
    this.#lanes = [...this.#lanes, { id, ip, port: this.#byAddress || ip === '' ? undefined : port }]
    return index
  }
}
