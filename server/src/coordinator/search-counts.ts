import type { Outcome, RowReader } from './row-reader.ts'

/** How long a failure is worth telling of, if nobody asks again. */
const FRESH_MS = 5 * 60_000

/** Also `cancelled`: the one who asked has left. */
type Outcomes = Record<Outcome | 'cancelled', number>

interface Counts {
  readonly outcomes: Outcomes
  waitedMs: number
  failure: { readonly reason: string; readonly atMs: number } | undefined
}

/** How the places that are searched have fared so far. */
export class SearchCounts {
  readonly #byName: ReadonlyMap<string, Counts>

  constructor(names: readonly string[]) {
    this.#byName = new Map(
      names.map((name): [string, Counts] => [
        name,
        {
          outcomes: { ok: 0, failed: 0, timeout: 0, partial: 0, cancelled: 0 },
          waitedMs: 0,
          failure: undefined,
        },
      ]),
    )
  }

  /** @param isGivenUp the one who asked has left */
  add({ source, outcome, waitedMs, fault, hasNoStore }: RowReader, isGivenUp: boolean): void {
    const counts = this.#byName.get(source.name)
    if (counts === undefined) return
    counts.outcomes[isGivenUp ? 'cancelled' : outcome]++
    counts.waitedMs += waitedMs
    if (isGivenUp) return
    counts.failure = fault === undefined || hasNoStore ? undefined : { reason: fault, atMs: Date.now() }
  }

  /** Answers by name of the place and how it ended. */
  get outcomes(): Readonly<Record<string, Readonly<Outcomes>>> {
    return Object.fromEntries([...this.#byName].map(([name, { outcomes }]) => [name, outcomes]))
  }

  /** Time that was spent waiting for each place, seconds. */
  get waitedSeconds(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#byName].map(([name, { waitedMs }]) => [name, waitedMs / 1000]))
  }

  /** Places whose last answer failed, and why; forgotten after some minutes. */
  get failures(): readonly { readonly name: string; readonly reason: string }[] {
    const sinceMs = Date.now() - FRESH_MS
    return [...this.#byName].flatMap(([name, { failure }]) =>
      failure !== undefined && failure.atMs >= sinceMs ? [{ name, reason: failure.reason }] : [],
    )
  }
}
