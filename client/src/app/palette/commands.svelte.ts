import { untrack } from 'svelte'

/** Something that can be done now. */
export interface Command {
  readonly name: string
  /** As in `KeyBinding`; none if it has no key. */
  readonly keys: readonly string[]
  /** Undefined for what only its key does, or what cannot be done now. */
  readonly run: (() => void) | undefined
}

/** Commands that belong together, e.g. those of the list. */
export interface CommandGroup {
  readonly title: string
  readonly commands: readonly Command[]
}

type GetGroups = () => readonly CommandGroup[]

/** What the page can do now: the one table of both the palette and the sheet of keys. */
export class Commands {
  /** Which of the two is on the screen. */
  shown = $state<'palette' | 'keys'>()
  #providers = $state.raw<readonly GetGroups[]>([])
  readonly groups: readonly CommandGroup[] = $derived(this.#providers.flatMap((get) => get()))

  /** Offer commands until the returned function is called. The latest come first. */
  provide(get: GetGroups): () => void {
    // Who provides within an effect does not depend on who else does.
    untrack(() => (this.#providers = [get, ...this.#providers]))
    return () => {
      untrack(() => (this.#providers = this.#providers.filter((each) => each !== get)))
    }
  }

  show(what: 'palette' | 'keys' | undefined): void {
    this.shown = what
  }
}
