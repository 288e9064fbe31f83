import type { EventRef } from './block-ring.ts'

/** Refs of one call's events, in order of arrival. Forgets those that left the ring, so it cannot outgrow it. */
export class EventRefs {
  #refs: EventRef[] = []
  #pruneAt = 64

  get size(): number {
    return this.#refs.length
  }

  /** @param firstRef lowest ref that the ring still has */
  add(ref: EventRef, firstRef: EventRef): void {
    this.#refs.push(ref)
    if (this.#refs.length < this.#pruneAt) return
    this.#refs = this.#refs.filter((each) => each >= firstRef)
    this.#pruneAt = Math.max(64, this.#refs.length * 2)
  }

  addAll(others: EventRefs): void {
    this.#refs = [...this.#refs, ...others.#refs].sort((a, b) => a - b)
    this.#pruneAt = Math.max(64, this.#refs.length * 2)
  }

  values(): readonly EventRef[] {
    return this.#refs
  }
}
