import type { CallRow, LadderUpdate } from '../../worker/protocol.ts'
import { getStoredMessages, type StoredMessages } from '../http/stored-messages.ts'
import { LadderModel } from './layout.ts'
import type { LadderMessage } from './message.ts'
import type { LadderRow, Lane, MessageRow } from './row.ts'

/** What the second time column counts from. */
export type TimeMode = 'previous' | 'start' | 'selected'

/** How far the stored part of a ladder is. */
export type StoredState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'loaded' }
  | { readonly kind: 'off' }
  | { readonly kind: 'failed'; readonly message: string }

/** What there is to show of a message's payload. */
export type PayloadState =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'loading' }
  /** The server does not hand it to this user. */
  | { readonly kind: 'forbidden' }
  /** The live copy came without, and the store does not have it. */
  | { readonly kind: 'not-stored'; readonly isStoreOff: boolean }
  | { readonly kind: 'failed'; readonly message: string }

/** A call that began before it was heard of here may have begun so much earlier. */
const MARGIN_MS = 24 * 3600_000
const NEXT_MODE = { previous: 'start', start: 'selected', selected: 'previous' } as const
/** What was captured a moment ago may not be stored yet. */
const PAYLOAD_TRIES = 4
const PAYLOAD_RETRY_MS = 700

/** One open ladder: live and stored events of its calls, merged, and what is selected. */
export class Ladder {
  readonly callIds: readonly string[]
  calls = $state.raw<readonly CallRow[]>([])
  rows = $state.raw<readonly LadderRow[]>([])
  lanes = $state.raw<readonly Lane[]>([])
  selectedKey = $state('')
  timeMode = $state<TimeMode>('previous')
  stored = $state.raw<StoredState>({ kind: 'loading' })
  readonly selected: MessageRow | undefined = $derived(findMessage(this.rows, this.selectedKey))
  readonly payload: PayloadState | undefined = $derived(this.#payloadOf(this.selected))
  #fetched = $state.raw<ReadonlyMap<string, PayloadState>>(new Map())
  readonly #model = new LadderModel()
  readonly #abort = new AbortController()
  readonly #askedStore = new Set<string>()
  readonly atMs: number
  readonly #mayRead: boolean
  /** Nobody has chosen a message yet. */
  #isAutomatic = true

  /**
   * @param atMs start of the oldest call, milliseconds since 1970; 0 if unknown
   * @param mayRead this user gets payloads from this server
   */
  constructor(callIds: readonly string[], atMs: number, mayRead: boolean) {
    this.callIds = callIds
    this.atMs = atMs
    this.#mayRead = mayRead
    void this.#loadStored(callIds)
  }

  /** Some of its calls go on. */
  get isLive(): boolean {
    return this.calls.some((call) => call.lengthUs === undefined)
  }

  receive(update: LadderUpdate): void {
    const isFirst = this.calls.length === 0
    this.calls = update.calls
    this.#model.add(update.messages)
    for (const gap of update.gaps) this.#model.addGap(gap)
    if (isFirst) this.#model.relayout({ legs: this.#legs() })
    this.#refresh()
    // A leg that joined later may have begun before the page was opened, too.
    const unasked = this.#legs().filter((callId) => !this.#askedStore.has(callId))
    if (unasked.length > 0) void this.#loadStored(unasked)
  }

  /** Select a message; it need not be there yet. */
  select(key: string): void {
    this.#isAutomatic = false
    this.#choose(key)
  }

  nextTimeMode(): void {
    this.timeMode = NEXT_MODE[this.timeMode]
  }

  /** Ask for the payload again, after a failure. */
  retryPayload(): void {
    const { selected } = this
    if (selected !== undefined) void this.#fetchPayload(selected.message)
  }

  close(): void {
    this.#abort.abort()
  }

  #choose(key: string): void {
    this.selectedKey = key
    this.#needPayload()
  }

  /** Fetch the selected message's payload unless it is here or on its way. */
  #needPayload(): void {
    const message = findMessage(this.rows, this.selectedKey)?.message
    if (message === undefined || message.payload !== undefined || this.#fetched.has(message.key)) return
    // It comes with the stored part of the ladder, most likely.
    if (this.stored.kind !== 'loading') void this.#fetchPayload(message)
  }

  #legs(): string[] {
    const calls = this.calls.toSorted((a, b) => a.startUs - b.startUs)
    return [...new Set(calls.flatMap((call) => call.legs))]
  }

  #refresh(): void {
    this.rows = this.#model.rows
    this.lanes = this.#model.lanes
    if (this.#isAutomatic) {
      const first = this.rows.find((row) => row.kind === 'message')
      if (first !== undefined && first.key !== this.selectedKey) this.#choose(first.key)
    }
    this.#needPayload()
  }

  async #loadStored(callIds: readonly string[]): Promise<void> {
    for (const callId of callIds) this.#askedStore.add(callId)
    const result = await this.#askStore(callIds)
    if (this.#abort.signal.aborted) return
    if (result.kind === 'found') {
      this.#model.add(result.messages)
      this.#model.relayout({ legs: this.#legs() })
      this.stored = { kind: 'loaded' }
    } else {
      this.stored = result
    }
    this.#refresh()
  }

  #askStore(callIds: readonly string[]): Promise<StoredMessages> {
    const range =
      this.atMs === 0 ? undefined : { fromMs: this.atMs - MARGIN_MS, toMs: Math.max(Date.now(), this.atMs) + MARGIN_MS }
    return getStoredMessages(callIds, range, this.#abort.signal)
  }

  async #fetchPayload(message: LadderMessage): Promise<void> {
    this.#setPayload(message.key, { kind: 'loading' })
    for (let attempt = 1; ; attempt++) {
      const result = await this.#askStore([message.callId])
      if (this.#abort.signal.aborted) return
      const state = payloadFrom(result, message.key, this.#mayRead)
      if (state.kind !== 'not-stored' || state.isStoreOff || attempt === PAYLOAD_TRIES) {
        this.#setPayload(message.key, state)
        return
      }
      await new Promise((resolve) => setTimeout(resolve, PAYLOAD_RETRY_MS))
    }
  }

  #setPayload(key: string, state: PayloadState): void {
    this.#fetched = new Map(this.#fetched).set(key, state)
  }

  #payloadOf(row: MessageRow | undefined): PayloadState | undefined {
    if (row === undefined) return undefined
    const { payload, key } = row.message
    if (payload !== undefined) return { kind: 'text', text: payload }
    return this.#fetched.get(key) ?? { kind: 'loading' }
  }
}

function payloadFrom(result: StoredMessages, key: string, mayRead: boolean): PayloadState {
  if (result.kind === 'off') return { kind: 'not-stored', isStoreOff: true }
  if (result.kind === 'failed') return result
  const found = result.messages.find((message) => message.key === key)
  if (found === undefined) return { kind: 'not-stored', isStoreOff: false }
  if (found.payload !== undefined) return { kind: 'text', text: found.payload }
  return mayRead ? { kind: 'text', text: '' } : { kind: 'forbidden' }
}

function findMessage(rows: readonly LadderRow[], key: string): MessageRow | undefined {
  if (key === '') return undefined
  for (const row of rows) {
    if (row.kind === 'message' && (row.key === key || row.copies.some((copy) => copy.key === key))) return row
  }
  return undefined
}
