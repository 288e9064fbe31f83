/** How bad a finding is. `note`: nothing is lost, and the next start of a server deals with it. */
export type Severity = 'damage' | 'note'

/** Something in a data directory that is not as a server leaves it when it stops well. */
export interface Finding {
  readonly severity: Severity
  /** File, relative to the data directory, with `/`. */
  readonly path: string
  readonly message: string
  /** What was done about it; absent if nothing was. */
  readonly repaired?: string
}

/** What is wrong, and a way to repair it, if there is one. */
export interface Fault {
  readonly severity: Severity
  readonly path: string
  readonly message: string
  /** @returns what it did; @throws if it could not */
  readonly repair?: (() => string | Promise<string>) | undefined
}

/** Collects what a check finds, and repairs it where that is wanted. */
export class Findings {
  readonly all: Finding[] = []
  readonly #isRepairing: boolean

  constructor(isRepairing: boolean) {
    this.#isRepairing = isRepairing
  }

  async add({ severity, path, message, repair }: Fault): Promise<void> {
    if (!this.#isRepairing || repair === undefined) {
      this.all.push({ severity, path, message })
      return
    }
    try {
      this.all.push({ severity, path, message, repaired: await repair() })
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.all.push({ severity: 'damage', path, message: `${message}; the repair failed: ${reason}` })
    }
  }
}
