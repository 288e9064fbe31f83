import { metaRemarks, type SearchEnd, type StoredRow, streamRows } from '../app/http/row-stream.ts'
import { StoredCall } from './stored-call.ts'
import type { CallRow, OlderState } from './protocol.ts'

const CALLS = '/api/v4/transactions/calls'
/** What is asked for next may change with the next key. */
const WAIT_MS = 250
/** A failure is tried again after so long, if somebody still looks. */
const RETRY_MS = 5000

/** What is wanted of the store. */
export interface OlderQuestion {
  /** Expression, or empty. */
  readonly q: string
  /** Calls alone, not every dialog. */
  readonly isCallsOnly: boolean
  /** Milliseconds since 1970; calls that began later are here already. */
  readonly beforeMs: number
}

export interface OlderOptions {
  /** Milliseconds since 1970 before which nothing is asked for; 0 for everything. */
  readonly fromMs: number
  /** Calls of one question. */
  readonly pageSize: number
  /** Most calls that are kept. */
  readonly limit: number
  /** A call with one of these Call-IDs is here already. */
  readonly isKnown: (callIds: readonly string[]) => boolean
  /** Calls came: the newest first, each older than all before. */
  readonly onCalls: (calls: readonly StoredCall[]) => void
  readonly onState: () => void
}

/** Fetches calls from before those that are in memory, a page at a time. */
export class OlderCalls {
  state: OlderState = { kind: 'idle', remarks: [] }
  readonly #options: OlderOptions
  readonly #byCallId = new Map<string, StoredCall>()
  #count = 0
  /** Calls that began later were asked for; undefined before the first question. */
  #nextMs: number | undefined
  #abort: AbortController | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #failedMs = -Infinity

  constructor(options: OlderOptions) {
    this.#options = options
  }

  /** Forget everything: something else is wanted now. */
  reset(): void {
    this.#cancel()
    this.#byCallId.clear()
    this.#count = 0
    this.#nextMs = undefined
    this.#failedMs = -Infinity
    this.#tell({ kind: 'idle', remarks: [] })
  }

  /** The next page is wanted, unless it is on its way or there is none. */
  want(question: () => OlderQuestion): void {
    const { kind } = this.state
    if (kind === 'loading' || kind === 'end' || kind === 'full' || this.#timer !== undefined) return
    if (kind === 'failed' && performance.now() - this.#failedMs < RETRY_MS) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      void this.#ask(question())
    }, WAIT_MS)
  }

  /** Stop what is on its way; what came stays. */
  stop(): void {
    this.#cancel()
    if (this.state.kind === 'loading') this.#tell({ ...this.state, kind: 'idle' })
  }

  row(callId: string): CallRow | undefined {
    return this.#byCallId.get(callId)?.row()
  }

  /** A call is followed live from now on. Returns its stored form, which nobody needs any more. */
  take(callId: string): StoredCall | undefined {
    if (this.#byCallId.size === 0) return undefined
    const call = this.#byCallId.get(callId)
    for (const leg of call?.legs ?? []) this.#byCallId.delete(leg)
    return call
  }

  async #ask(question: OlderQuestion): Promise<void> {
    const { pageSize, fromMs, limit } = this.#options
    const abort = new AbortController()
    this.#abort = abort
    this.#tell({ ...this.state, kind: 'loading' })
    const toMs = this.#nextMs ?? question.beforeMs
    let oldestMs = toMs
    let news = 0
    const body = {
      q: question.q,
      filter: question.isCallsOnly ? { kind: 'call' } : {},
      param: { limit: pageSize },
      timestamp: { from: fromMs, to: toMs },
    }
    const end = await streamRows(CALLS, body, abort.signal, (rows) => {
      if (abort.signal.aborted) return
      const calls = this.#take(rows)
      news += calls.length
      oldestMs = Math.min(oldestMs, ...calls.map(({ startUs }) => Math.floor(startUs / 1000)))
      if (calls.length > 0) this.#options.onCalls(calls)
    })
    if (abort.signal.aborted) return
    // Calls of the same millisecond stand on both pages, or fill one.
    this.#nextMs = news === 0 || oldestMs >= toMs ? toMs - 1 : oldestMs
    this.#ended(end, this.#count >= limit)
  }

  #ended(end: SearchEnd, isFull: boolean): void {
    if (end.kind === 'cancelled') this.#tell({ ...this.state, kind: 'idle' })
    else if (end.kind === 'failed') {
      this.#failedMs = performance.now()
      this.#tell({ kind: 'failed', remarks: [end.message] })
    } else {
      const kind = !end.meta.hasMore ? 'end' : isFull ? 'full' : 'idle'
      this.#tell({ kind, remarks: metaRemarks(end.meta) })
    }
  }

  #take(rows: readonly StoredRow[]): StoredCall[] {
    const calls: StoredCall[] = []
    for (const row of rows) {
      const call = new StoredCall(row, -1 - this.#count)
      const { legs } = call
      if (legs.some((leg) => this.#byCallId.has(leg)) || this.#options.isKnown(legs)) continue
      this.#count++
      for (const leg of legs) this.#byCallId.set(leg, call)
      calls.push(call)
    }
    return calls
  }

  #cancel(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#abort?.abort()
  }

  #tell(state: OlderState): void {
    this.state = state
    this.#options.onState()
  }
}
