import type { Masker } from './masker.ts'
import { privacy } from './privacy.svelte.ts'

/** What is shown of a value: itself, or with pseudonyms while privacy is on. The same object for the same value. */
export class Shown<T> {
  readonly #mask: (value: T, masker: Masker) => T
  #last: { readonly value: T; readonly masker: Masker; readonly masked: T } | undefined

  constructor(mask: (value: T, masker: Masker) => T) {
    this.#mask = mask
  }

  of(value: T): T {
    const { masker } = privacy
    if (masker === undefined) return value
    const last = this.#last
    if (last !== undefined && last.value === value && last.masker === masker) return last.masked
    const masked = this.#mask(value, masker)
    this.#last = { value, masker, masked }
    return masked
  }
}
