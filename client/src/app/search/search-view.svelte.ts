import { Live, type LiveSource } from '../calls/live.svelte.ts'
import type { SearchCommand } from '../../worker/search-protocol.ts'
import { MessageSearch } from './message-search.svelte.ts'
import { lastRange, type RangeAddress, rangeOf } from './range.ts'

const USUAL_MINUTES = 60

/** Stored calls and messages of a time range. The list is that of live calls, filled from the store alone. */
export class SearchView {
  readonly live: Live
  readonly messages = new MessageSearch()
  range = $state.raw<RangeAddress>({ fromMs: 0, toMs: 0, lastMinutes: 0 })
  /** Messages are listed, not calls. */
  isMessages = $state(false)
  readonly #worker: Worker

  constructor(source: Pick<LiveSource, 'router' | 'onFault'>) {
    this.#worker = new Worker(new URL('../../worker/search.worker.ts', import.meta.url), { type: 'module' })
    this.live = new Live({ ...source, view: 'search', worker: this.#worker })
  }

  /** Search what the address names; the last hour if it names no time. */
  readAddress(): void {
    const { address } = this.live
    this.isMessages = address.isMessages
    const nowMs = Date.now()
    const named = rangeOf(address, nowMs)
    if (named?.fromMs === this.range.fromMs && named.toMs === this.range.toMs) return
    const range = named ?? lastRange(USUAL_MINUTES, nowMs)
    this.open({ ...range, lastMinutes: named === undefined ? USUAL_MINUTES : address.lastMinutes })
  }

  /** Search another time, and say so in the address. */
  open(range: RangeAddress): void {
    this.range = range
    const { fromMs, toMs } = range
    this.#worker.postMessage({ type: 'search', fromMs, toMs } satisfies SearchCommand)
    this.live.noteAddress(range)
  }

  showMessages(isMessages: boolean): void {
    this.isMessages = isMessages
    this.live.noteAddress({ isMessages })
  }

  /** Search once more; a preset then ends now. */
  again(): void {
    const { range } = this
    this.messages.again()
    this.open(range.lastMinutes > 0 ? { ...range, ...lastRange(range.lastMinutes, Date.now()) } : { ...range })
  }

  cancel(): void {
    this.messages.cancel()
    this.live.feed.send({ type: 'older', isWanted: false })
  }

  /** Fetch the next page of calls. */
  more(): void {
    this.live.feed.send({ type: 'older', isWanted: true })
  }

  close(): void {
    this.messages.close()
    this.live.close()
  }
}
