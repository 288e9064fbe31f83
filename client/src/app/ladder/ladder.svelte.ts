import { maskLadder, maskLadderMessage, maskLaneId, realLaneId } from '../privacy/mask-ladder.ts'
import { privacy } from '../privacy/privacy.svelte.ts'
import type { CallRow, LadderUpdate } from '../../worker/protocol.ts'
import { getStoredMessages, type StoredMessages } from '../http/stored-messages.ts'
import { type AliasTable, NO_ALIASES } from './aliases/alias-table.ts'
import { DEFAULT_VIEW, type LadderView } from './ladder-view.ts'
import { LadderModel } from './layout.ts'
import type { LadderMessage } from './message.ts'
import type { LadderRow, Lane, MessageRow } from './row.ts'
import type { Scene } from './scene.ts'
import { renameLanes, toggleCompare, toggleCopies, toggleFold } from './view-changes.ts'
import { formatLadderView, parseLadderView } from './view-text.ts'
import { ViewHistory } from './view-history.ts'

/** Asks for events of some calls from before the page was opened. */
export type AskStore = typeof getStoredMessages

/** How far the stored part of a ladder is. */
export type StoredState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'loaded' }
  | { readonly kind: 'off' }
  | { readonly kind: 'failed'; readonly message: string }

/** What there is to show of a message's payload. */
export type PayloadState =
  | { readonly kind: 'text'; readonly text: string; readonly raw: Uint8Array | undefined }
  | { readonly kind: 'loading' }
  /** The server does not hand it to this user. */
  | { readonly kind: 'forbidden' }
  /** The live copy came without, and the store does not have it. */
  | { readonly kind: 'not-stored'; readonly isStoreOff: boolean }
  | { readonly kind: 'failed'; readonly message: string }

/** One of two messages that are compared. */
export interface ComparedMessage {
  readonly message: LadderMessage
  readonly payload: PayloadState
}

/** A call that began before it was heard of here may have begun so much earlier. */
const MARGIN_MS = 24 * 3600_000
/** What was captured a moment ago may not be stored yet. */
const PAYLOAD_TRIES = 4
const PAYLOAD_RETRY_MS = 700

/** One open ladder: live and stored events of its calls, merged, and what is selected. */
export class Ladder {
  readonly callIds: readonly string[]
  calls = $state.raw<readonly CallRow[]>([])
  selectedKey = $state('')
  stored = $state.raw<StoredState>({ kind: 'loading' })
  /** How it is shown; see `change`. */
  view = $state.raw<LadderView>(DEFAULT_VIEW)
  #aliases = $state.raw<{ readonly table: AliasTable } | undefined>(undefined)
  #version = $state(0)
  readonly #model = new LadderModel()
  readonly #history = new ViewHistory()
  readonly scene: Scene = $derived(this.#lay(this.#version, this.view))
  readonly rows: readonly LadderRow[] = $derived(this.scene.rows)
  readonly lanes: readonly Lane[] = $derived(this.scene.lanes)
  /** The chosen message, with the row that it is in. */
  readonly selected: MessageRow | undefined = $derived(this.#find(this.scene, this.selectedKey))
  readonly payload: PayloadState | undefined = $derived(this.#payloadOf(this.selected?.message))
  /** The messages that are marked for comparison, as far as they are here. */
  readonly compared: readonly ComparedMessage[] = $derived(this.#comparedOf(this.#version, this.view.compare))
  /** Value of a message that is shown wherever it stands: a tag, branch or Call-ID; `''` for none. */
  linked = $state('')
  #fetched = $state.raw<ReadonlyMap<string, PayloadState>>(new Map())
  readonly #abort = new AbortController()
  readonly #askedStore = new Set<string>()
  readonly atMs: number
  readonly #mayRead: boolean
  readonly #getStored: AskStore
  readonly #masker = privacy.masker
  /** An update has come. */
  #isHeardOf = false
  /** Nobody has chosen a message yet. */
  #isAutomatic = true

  /**
   * @param atMs start of the oldest call, milliseconds since 1970; 0 if unknown
   * @param mayRead this user gets payloads from this server
   * @param askStore who knows what was captured before
   */
  constructor(callIds: readonly string[], atMs: number, mayRead: boolean, askStore: AskStore = getStoredMessages) {
    this.#getStored = askStore
    this.callIds = callIds
    this.atMs = atMs
    this.#mayRead = mayRead
    void this.#loadStored(callIds)
  }

  /** Some of its calls go on. */
  get isLive(): boolean {
    return this.calls.some((call) => call.lengthUs === undefined)
  }

  /** The view as a line of text for an address, without pseudonyms; `''` for the default one. */
  get viewText(): string {
    const masker = this.#masker
    return formatLadderView(masker === undefined ? this.view : renameLanes(this.view, (id) => realLaneId(id, masker)))
  }

  /** Show it as a text of `viewText` says. */
  showText(text: string): void {
    if (text === this.viewText) return
    const masker = this.#masker
    const view = parseLadderView(text)
    this.view = masker === undefined ? view : renameLanes(view, (id) => maskLaneId(id, masker))
  }

  /** Show it in another way. */
  change(view: LadderView): void {
    this.#history.note(this.view, view)
    this.view = view
  }

  /** Take the last change of lanes or folds back. */
  undo(): void {
    this.view = this.#history.undo(this.view)
  }

  /** Name lanes by a table of aliases, now and when it changes. */
  useAliases(aliases: { readonly table: AliasTable }): void {
    this.#aliases = aliases
  }

  /** Everything that is known, for what is more than one row. */
  get model(): LadderModel {
    return this.#model
  }

  /** Masked if privacy is on; see `Live`, which makes another ladder when that changes. */
  receive(given: LadderUpdate): void {
    const masker = this.#masker
    const update = masker === undefined ? given : maskLadder(given, masker)
    const isFirst = !this.#isHeardOf
    this.#isHeardOf = true
    this.calls = update.calls
    this.#model.add(update.messages)
    for (const gap of update.gaps) this.#model.addGap(gap)
    if (isFirst) this.#model.reorder(this.#legs())
    this.#refresh()
    // A leg that joined later may have begun before the page was opened, too.
    const unasked = this.#legs().filter((callId) => !this.#askedStore.has(privacy.realCallId(callId)))
    if (unasked.length > 0) void this.#loadStored(unasked.map((callId) => privacy.realCallId(callId)))
  }

  /** Select a message; it need not be there yet. */
  select(key: string): void {
    this.#isAutomatic = false
    this.#choose(key)
  }

  /**
   * Whether the selected row can be folded into its transaction, or the other way unfolded: into the messages that it
   * stands for or the copies that it has.
   */
  canFold(isToFold: boolean): boolean {
    const row = this.selected
    if (row === undefined) return false
    if (isToFold) return row.fold === undefined && (row.transactionKey !== '' || this.#listsCopies(row))
    return row.fold !== undefined || (row.copies.length > 0 && !this.#listsCopies(row))
  }

  /** Show the messages that a row stands for, or list its copies. */
  unfold(row: MessageRow): void {
    if (row.fold !== undefined) this.#toggleTransaction(row)
    else if (row.copies.length > 0) this.#toggleCopies(row)
  }

  /** Hide the copies that a row lists, or fold it into its transaction. */
  fold(row: MessageRow): void {
    if (this.#listsCopies(row)) this.#toggleCopies(row)
    else if (row.transactionKey !== '') this.#toggleTransaction(row)
  }

  #toggleTransaction({ message }: MessageRow): void {
    this.change(toggleFold(this.view, this.#model.transactionKeys(message.key)))
  }

  #toggleCopies({ message }: MessageRow): void {
    this.change(toggleCopies(this.view, this.#model.rowKey(message.key, false)))
  }

  /** Mark the selected message for comparison, or unmark it. */
  toggleCompare(): void {
    const { selected } = this
    if (selected === undefined) return
    this.change(toggleCompare(this.view, selected.message.key))
    this.#needPayloads()
  }

  #listsCopies(row: MessageRow): boolean {
    return this.view.copies.includes(this.#model.rowKey(row.message.key, false))
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
    this.#needPayloads()
  }

  /** Fetch the payloads that are shown unless they are here or on their way. */
  #needPayloads(): void {
    for (const key of new Set([this.selectedKey, ...this.view.compare])) this.#needPayload(key)
  }

  #needPayload(key: string): void {
    const message = this.#model.message(key)
    if (message === undefined || message.payload !== undefined || this.#fetched.has(message.key)) return
    // It comes with the stored part of the ladder, most likely.
    if (this.stored.kind !== 'loading') void this.#fetchPayload(message)
  }

  #lay(_version: number, view: LadderView): Scene {
    return this.#model.scene(view, this.#aliases?.table ?? NO_ALIASES)
  }

  /** Index of the row that a message is in, folded or as a copy too; -1 if it has none. */
  indexOf(key: string): number {
    if (key === '') return -1
    const { rows } = this.scene
    const own = rows.findIndex((row) => row.key === key)
    if (own >= 0) return own
    const first = this.#model.rowKey(key, false)
    const copied = first === key ? -1 : rows.findIndex((row) => row.key === first)
    if (copied >= 0) return copied
    const folded = this.#model.rowKey(key, true)
    return folded === key ? -1 : rows.findIndex((row) => row.key === folded)
  }

  #find({ rows }: Scene, key: string): MessageRow | undefined {
    const row = rows[this.indexOf(key)]
    if (row?.kind !== 'message') return undefined
    const message = this.#model.message(key)
    // It may be folded into the row of another one.
    return message === undefined || row.message === message ? row : { ...row, message }
  }

  #legs(): string[] {
    const calls = this.calls.toSorted((a, b) => a.startUs - b.startUs)
    return [...new Set(calls.flatMap((call) => call.legs))]
  }

  #refresh(): void {
    this.#version = this.#model.version
    if (this.#isAutomatic) {
      const first = this.rows.find((row) => row.kind === 'message')
      if (first !== undefined && first.key !== this.selectedKey) this.#choose(first.key)
    }
    this.#needPayloads()
  }

  async #loadStored(callIds: readonly string[]): Promise<void> {
    for (const callId of callIds) this.#askedStore.add(callId)
    const result = await this.#askStore(callIds)
    if (this.#abort.signal.aborted) return
    if (result.kind === 'found') {
      this.#model.add(result.messages)
      // Later, lanes that somebody looks at must not move.
      if (this.stored.kind === 'loading') this.#model.reorder(this.#legs())
      this.stored = { kind: 'loaded' }
    } else {
      this.stored = result
    }
    this.#refresh()
  }

  async #askStore(callIds: readonly string[]): Promise<StoredMessages> {
    const range =
      this.atMs === 0 ? undefined : { fromMs: this.atMs - MARGIN_MS, toMs: Math.max(Date.now(), this.atMs) + MARGIN_MS }
    const answer = await this.#getStored(callIds, range, this.#abort.signal)
    const masker = this.#masker
    if (masker === undefined || answer.kind !== 'found') return answer
    return { kind: 'found', messages: answer.messages.map((message) => maskLadderMessage(message, masker)) }
  }

  async #fetchPayload(message: LadderMessage): Promise<void> {
    this.#setPayload(message.key, { kind: 'loading' })
    for (let attempt = 1; ; attempt++) {
      const result = await this.#askStore([privacy.realCallId(message.callId)])
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

  #comparedOf(_version: number, keys: readonly string[]): readonly ComparedMessage[] {
    return keys.flatMap((key) => {
      const message = this.#model.message(key)
      const payload = this.#payloadOf(message)
      return message === undefined || payload === undefined ? [] : [{ message, payload }]
    })
  }

  #payloadOf(message: LadderMessage | undefined): PayloadState | undefined {
    if (message === undefined) return undefined
    const { payload, raw, key } = message
    if (payload !== undefined) return { kind: 'text', text: payload, raw }
    return this.#fetched.get(key) ?? { kind: 'loading' }
  }
}

function payloadFrom(result: StoredMessages, key: string, mayRead: boolean): PayloadState {
  if (result.kind === 'off') return { kind: 'not-stored', isStoreOff: true }
  if (result.kind === 'failed') return result
  const found = result.messages.find((message) => message.key === key)
  if (found === undefined) return { kind: 'not-stored', isStoreOff: false }
  if (found.payload !== undefined) return { kind: 'text', text: found.payload, raw: found.raw }
  return mayRead ? { kind: 'text', text: '', raw: undefined } : { kind: 'forbidden' }
}
