/**
 * Gives each row on the screen a place of its own; a row that comes takes the place of one that has left.
 *
 * What is drawn by place is drawn anew for the other row, which costs a fraction of making it.
 */
export class RowSlots {
  #byKey = new Map<number, number>()

  /** @returns places of these keys, in their order; each as long as its key stays, and none twice */
  assign(keys: readonly number[]): readonly number[] {
    const kept = new Map<number, number>()
    const taken = new Set<number>()
    for (const key of keys) {
      const slot = this.#byKey.get(key)
      if (slot === undefined) continue
      kept.set(key, slot)
      taken.add(slot)
    }
    let next = 0
    const slots = keys.map((key) => {
      const slot = kept.get(key)
      if (slot !== undefined) return slot
      while (taken.has(next)) next++
      kept.set(key, next)
      return next++
    })
    this.#byKey = kept
    return slots
  }
}
