import { metaRemarks, streamRows } from '../http/row-stream.ts'
import { maskResult, type MessageResult, messageResult } from './message-row.ts'
import { shownWords } from '../privacy/shown-words.ts'
import { Shown } from '../privacy/shown.ts'
import type { TimeRange } from './range.ts'

const SEARCH = '/api/v4/transactions/search'
/** Most messages of one search. */
const LIMIT = 5000
/** What is typed is searched for when nothing more is typed for so long. */
const WAIT_MS = 350

export type SearchPhase = 'idle' | 'running' | 'ended' | 'cancelled' | 'failed'

/** Stored messages that an expression finds, newest first, as they come. */
export class MessageSearch {
  #rows = $state.raw<readonly MessageResult[]>([])
  phase = $state<SearchPhase>('idle')
  /** There is more than the list takes. */
  hasMore = $state(false)
  #remarks = $state.raw<readonly string[]>([])
  readonly #shown = new Shown<readonly MessageResult[]>((rows, masker) => rows.map((row) => maskResult(row, masker)))
  #asked = ''
  #abort = new AbortController()
  #timer: ReturnType<typeof setTimeout> | undefined

  get rows(): readonly MessageResult[] {
    return this.#shown.of(this.#rows)
  }

  /** What to know of the answer, or why there is none, in words. */
  get remarks(): readonly string[] {
    return this.#remarks.map(shownWords)
  }

  /** Search, unless that is what was searched for last. */
  ask(q: string, range: TimeRange): void {
    const asked = `${range.fromMs} ${range.toMs} ${q}`
    if (asked === this.#asked) return
    this.#asked = asked
    this.#stop()
    this.phase = 'running'
    this.#timer = setTimeout(() => void this.#run(q, range), WAIT_MS)
  }

  /** Leave it at what has come. */
  cancel(): void {
    this.#stop()
    if (this.phase === 'running') this.phase = 'cancelled'
  }

  /** Search once more, after a failure. */
  again(): void {
    this.#asked = ''
  }

  close(): void {
    this.#stop()
  }

  #stop(): void {
    clearTimeout(this.#timer)
    this.#abort.abort()
  }

  async #run(q: string, range: TimeRange): Promise<void> {
    const abort = new AbortController()
    this.#abort = abort
    this.#rows = this.#remarks = []
    this.hasMore = false
    const body = {
      q,
      // Without an expression only tables of SIP can be named at once.
      ...(q.trim() === '' && { filter: { proto_type: 1, event_type: 'all' } }),
      param: { limit: LIMIT },
      timestamp: { from: range.fromMs, to: range.toMs },
      with_payload: false,
    }
    const end = await streamRows(SEARCH, body, abort.signal, (rows) => {
      if (!abort.signal.aborted) this.#rows = [...this.#rows, ...rows.map(messageResult)]
    })
    if (abort.signal.aborted) return
    if (end.kind === 'ended') {
      this.hasMore = end.meta.hasMore
      this.#remarks = metaRemarks(end.meta)
      this.phase = 'ended'
    } else {
      this.#remarks = end.kind === 'failed' ? [end.message] : []
      this.phase = end.kind
    }
  }
}
