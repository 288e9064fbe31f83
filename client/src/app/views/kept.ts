interface Closable {
  close(): void
}

/** What views leave here outlives them, so that coming back finds it as it was: the traffic in memory, a file, results. */
export class Kept {
  readonly #things = new Map<new (...args: never[]) => Closable, Closable>()

  /** The one of its class; made when it is asked for first. */
  get<T extends Closable>(kind: new (...args: never[]) => T, make: () => T): T {
    const known = this.#things.get(kind)
    if (known instanceof kind) return known
    const made = make()
    this.#things.set(kind, made)
    return made
  }

  close(): void {
    for (const thing of this.#things.values()) thing.close()
    this.#things.clear()
  }
}
