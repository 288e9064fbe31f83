import type { DropCause, StoreFault } from './stats.ts'

/** Parts of a store that may be in trouble and come out of it again. */
export type TroublePart = 'log' | 'insert' | 'seal' | 'lake'

/** The same fault is not reported again within this time. */
const REPEAT_MS = 60_000
const MAX_REMEMBERED = 100

/** What goes wrong in a store: reported and kept for its stats, never thrown. */
export class Troubles {
  readonly #now: () => number
  readonly #onFault: (fault: StoreFault) => void
  readonly #parts = new Map<TroublePart, string>()
  readonly #dropped = new Map<DropCause, number>()
  /** When each fault was reported last. */
  readonly #reported = new Map<string, number>()

  constructor(now: () => number, onFault: (fault: StoreFault) => void) {
    this.#now = now
    this.#onFault = onFault
  }

  /** What does not work now; undefined if everything does. */
  get current(): string | undefined {
    return this.#parts.size === 0 ? undefined : [...this.#parts.values()].join('; ')
  }

  get dropped(): Readonly<Partial<Record<DropCause, number>>> {
    return Object.fromEntries(this.#dropped)
  }

  /** A part does not work now, and is being retried. */
  begin(part: TroublePart, cause: string, error: unknown): void {
    this.#parts.set(part, `${cause}: ${messageOf(error)}`)
    this.note(cause, error)
  }

  /** A part works again. */
  end(part: TroublePart): void {
    this.#parts.delete(part)
  }

  /** Something happened that a person should know of. */
  note(cause: string, error: unknown): void {
    const fault = { cause, message: messageOf(error) }
    const key = `${fault.cause} ${fault.message}`
    const nowMs = this.#now()
    const reportedMs = this.#reported.get(key)
    if (reportedMs !== undefined && nowMs - reportedMs < REPEAT_MS) return
    if (this.#reported.size >= MAX_REMEMBERED) this.#reported.clear()
    this.#reported.set(key, nowMs)
    this.#onFault(fault)
  }

  /** Do something that may fail without harm. */
  guard(cause: string, action: () => void): void {
    try {
      action()
    } catch (error) {
      this.note(cause, error)
    }
  }

  drop(cause: DropCause, rows: number): void {
    this.#dropped.set(cause, (this.#dropped.get(cause) ?? 0) + rows)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
