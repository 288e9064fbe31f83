import { parseCallExpression } from '@hepscope/shared/filter/call-expression.ts'
import { STREAM_PATH } from '../../sdk/stream-url.ts'
import type { CallRow, LadderUpdate, ListScope, SortKey, SortOrder } from '../../worker/protocol.ts'
import type { ServerConfig, User } from '../http/server.ts'
import type { AskStore, Ladder } from '../ladder/ladder.svelte.ts'
import { privacy } from '../privacy/privacy.svelte.ts'
import type { Router } from '../views/router.svelte.ts'
import { PLAIN_ADDRESS, type ViewAddress, type ViewName } from '../views/view-url.ts'
import { ColumnChoice } from './column-choice.svelte.ts'
import { LiveFeed } from './live-feed.svelte.ts'

/** Where a filter text is wrong. */
export interface FilterProblem {
  readonly at: number
  readonly message: string
}

/** Events from before that a page begins with. */
const MOST_HISTORY = 5000
const FILTER_WAIT_MS = 120
/** Columns that are first shown with the greatest on top. */
const DESCENDING_FIRST: ReadonlySet<SortKey> = new Set([
  'arrival',
  'start',
  'setup',
  'ring',
  'talk',
  'time',
  'messages',
  'repeats',
  'legs',
  'code',
  'evidence',
  'problems',
])

/** Where a list of calls comes from, and which view it belongs to. */
export interface LiveSource {
  readonly view: ViewName
  readonly router: Router
  /** Holds the calls and speaks the protocol of `worker/protocol.ts`. */
  readonly worker: Worker
  /** Asks for the stored part of a ladder; the server's store unless told otherwise. */
  readonly askStore?: AskStore
  readonly onFault: (message: string) => void
}

/** A view of calls: what is filtered, followed, marked and open, and the address that says so. */
export class Live {
  readonly feed: LiveFeed
  readonly view: ViewName
  filter = $state('')
  filterFault = $state.raw<FilterProblem | undefined>(undefined)
  scope = $state<ListScope>('calls')
  order = $state.raw<SortOrder>({ key: 'arrival', isDescending: true })
  /** The row that keys act on. */
  cursor = $state.raw<CallRow | undefined>(undefined)
  /** Calls marked for a joint ladder, by key. */
  marks = $state.raw<ReadonlyMap<number, CallRow>>(new Map())
  ladder = $state.raw<Ladder | undefined>(undefined)
  readonly columns = new ColumnChoice()
  #filterTimer: ReturnType<typeof setTimeout> | undefined
  #mayRead = false
  #endLadder = (): void => {}
  #Ladder: typeof Ladder | undefined
  #loading: Promise<void> | undefined
  /** Names a ladder that opens when what makes one is loaded. */
  #due: ViewAddress | undefined
  readonly #router: Router
  readonly #askStore: AskStore | undefined
  readonly #onFault: (message: string) => void
  /** As it was read or written last; what is not ours in it stays. */
  #address: ViewAddress
  readonly #unwatch = privacy.watch(() => this.reopenLadder())

  constructor({ view, router, worker, askStore, onFault }: LiveSource) {
    this.view = view
    this.#router = router
    this.#askStore = askStore
    this.#onFault = onFault
    this.#address = { ...PLAIN_ADDRESS, view }
    this.feed = new LiveFeed(worker, { onLadder: (update) => this.#receiveLadder(update), onFault })
  }

  /** Connect, in the state that the address names. */
  start(config: ServerConfig | undefined, user: User): void {
    this.letRead(user.isAdmin && config?.allowsPayload === true)
    const url = new URL(STREAM_PATH, location.href).href
    this.feed.send({
      type: 'connect',
      url,
      history: Math.min(MOST_HISTORY, config?.historyLimit ?? 0),
      includePayload: this.#mayRead,
      hasStore: config?.isStoring === true,
    })
    this.readAddress()
  }

  /** Say whether this user gets payloads from this server. */
  letRead(mayRead: boolean): void {
    this.#mayRead = mayRead
  }

  close(): void {
    clearTimeout(this.#filterTimer)
    this.#unwatch()
    this.ladder?.close()
    this.feed.close()
  }

  /** The text as it is typed; it takes effect when it is whole. */
  typeFilter(text: string): void {
    if (!this.#takeFilter(text)) return
    this.#filterTimer = setTimeout(() => {
      this.feed.send({ type: 'filter', text })
      this.#writeAddress('replace')
    }, FILTER_WAIT_MS)
  }

  setScope(scope: ListScope): void {
    this.#takeScope(scope)
    this.#writeAddress('replace')
  }

  /** The address tells the columns, as soon as they are not the usual ones. */
  noteColumns(): void {
    this.noteAddress({ columns: this.columns.text })
  }

  /** Order by the column before or after the one that the list is ordered by. */
  sortBeside(places: 1 | -1): void {
    const ids = this.columns.chosen.map(({ column }) => column.id)
    const at = ids.indexOf(this.order.key)
    const key = ids[at < 0 ? (places > 0 ? 0 : ids.length - 1) : (at + places + ids.length) % ids.length]
    if (key !== undefined) this.sortBy(key)
  }

  /** Order by a column, or turn its order around. */
  sortBy(key: SortKey): void {
    const isSame = this.order.key === key
    this.#setOrder({ key, isDescending: isSame ? !this.order.isDescending : DESCENDING_FIRST.has(key) })
    this.#writeAddress('replace')
  }

  setFollowing(isFollowing: boolean): void {
    this.feed.send({ type: 'follow', isFollowing })
  }

  moveTo(row: CallRow | undefined): void {
    this.cursor = row
    this.feed.send({ type: 'cursor', key: row?.key })
  }

  toggleMark(row: CallRow): void {
    const marks = new Map(this.marks)
    if (!marks.delete(row.key)) marks.set(row.key, row)
    this.marks = marks
  }

  /** Mark rows, beside those that are marked. */
  mark(rows: readonly CallRow[]): void {
    this.marks = new Map([...this.marks, ...rows.map((row) => [row.key, row] as const)])
  }

  clearMarks(): void {
    if (this.marks.size > 0) this.marks = new Map()
  }

  /** Load what makes a ladder, which a list does not need, so that the first one opens at once. */
  loadLadder(): Promise<void> {
    this.#loading ??= import('../ladder/ladder.svelte.ts').then((module) => {
      this.#Ladder = module.Ladder
    })
    this.#loading.catch(() => (this.#loading = undefined))
    return this.#loading
  }

  openRow(row: CallRow): void {
    this.#openRows([row])
  }

  /** The ladder of a call that was found by one of its messages, which is selected. Microseconds since 1970. */
  openCall(shownId: string, tsUs: number, messageKey: string): void {
    const callId = privacy.realCallId(shownId)
    this.#whenLoaded(() => {
      if (this.ladder?.callIds.includes(callId) !== true) this.#open([callId], Math.floor(tsUs / 1000))
      this.ladder?.select(messageKey)
      this.#writeAddress('push')
    })
  }

  /** One ladder of all marked calls. */
  openMarked(): void {
    this.#openRows([...this.marks.values()])
  }

  closeLadder(): void {
    if (this.ladder === undefined) return
    this.#shut()
    this.#writeAddress('push')
  }

  /** Draw the open ladder anew: time was taken back, so it shows what has not happened yet, or privacy was switched. */
  reopenLadder(): void {
    const { ladder } = this
    if (ladder === undefined) return
    this.#open(ladder.callIds, ladder.atMs)
    this.ladder?.showText(ladder.viewText)
    if (ladder.selectedKey !== '') this.ladder?.select(ladder.selectedKey)
  }

  selectMessage(key: string): void {
    this.ladder?.select(key)
    this.#writeAddress('replace')
  }

  get address(): ViewAddress {
    return this.#address
  }

  /** A part of the address that is not ours: a time range, a moment. */
  noteAddress(part: Partial<ViewAddress>, way: 'push' | 'replace' = 'replace'): void {
    this.#address = { ...this.#address, ...part }
    this.#writeAddress(way)
  }

  /** The ladder is shown in another way. */
  noteLadderView(text: string): void {
    if (text !== this.#address.ladder) this.#writeAddress('replace')
  }

  /** After a step through the browser's history, or at the start. */
  readAddress(): void {
    const view = this.#router.read()
    if (view.view !== this.view) return
    this.#address = view
    if (view.scope !== this.scope) this.#takeScope(view.scope)
    if (view.filter !== this.filter && this.#takeFilter(view.filter))
      this.feed.send({ type: 'filter', text: view.filter })
    if (view.columns !== '') this.columns.show(view.columns)
    const { order } = view
    if (order.key !== this.order.key || order.isDescending !== this.order.isDescending) this.#setOrder(order)
    if (view.callIds.length === 0) {
      this.#shut()
      return
    }
    this.#due = view
    this.#whenLoaded(() => {
      // By then, something else may be wanted.
      if (this.#due === view) this.#showLadder(view)
    })
  }

  #showLadder({ callIds, atMs, ladder, messageKey }: ViewAddress): void {
    if (callIds.join('\n') !== this.ladder?.callIds.join('\n')) this.#open(callIds, atMs)
    this.#due = undefined
    this.ladder?.showText(ladder)
    if (messageKey !== '') this.ladder?.select(messageKey)
  }

  /** Show a filter text and what is wrong with it. Returns whether it can be used. */
  #takeFilter(text: string): boolean {
    this.filter = text
    const parsed = text.trim() === '' ? undefined : parseCallExpression(text)
    this.filterFault = parsed?.ok === false ? parsed : undefined
    clearTimeout(this.#filterTimer)
    return this.filterFault === undefined
  }

  #takeScope(scope: ListScope): void {
    this.scope = scope
    this.feed.send({ type: 'scope', scope })
  }

  #setOrder(order: SortOrder): void {
    this.order = order
    this.feed.send({ type: 'sort', order })
  }

  #openRows(rows: readonly CallRow[]): void {
    if (rows.length === 0) return
    const startUs = Math.min(...rows.map((row) => row.startUs))
    const callIds = [...new Set(rows.map((row) => privacy.realCallId(row.id)))]
    this.#whenLoaded(() => {
      this.#open(callIds, Math.floor(startUs / 1000))
      this.#writeAddress('push')
    })
  }

  /** Do something with a ladder: at once, unless it is the first one. */
  #whenLoaded(run: () => void): void {
    if (this.#Ladder !== undefined) run()
    else this.loadLadder().then(run, () => this.#onFault('The ladder could not be loaded from the server'))
  }

  #open(callIds: readonly string[], atMs: number): void {
    const Kind = this.#Ladder
    if (Kind === undefined) return
    this.#due = undefined
    this.ladder?.close()
    // It may be opened while a view is made, and outlives that view.
    this.#endLadder()
    this.#endLadder = $effect.root(() => {
      this.ladder = new Kind(callIds, atMs, this.#mayRead, this.#askStore)
    })
    this.feed.send({ type: 'ladder', callIds })
  }

  #shut(): void {
    this.#due = undefined
    this.ladder?.close()
    this.ladder = undefined
    this.feed.send({ type: 'ladder', callIds: [] })
  }

  #receiveLadder(update: LadderUpdate): void {
    if (update.asked.join('\n') === this.ladder?.callIds.join('\n')) this.ladder.receive(update)
  }

  #writeAddress(way: 'push' | 'replace'): void {
    this.#address = {
      ...this.#address,
      filter: this.filter,
      scope: this.scope,
      order: this.order,
      callIds: this.#due?.callIds ?? this.ladder?.callIds ?? [],
      messageKey: this.#due?.messageKey ?? this.ladder?.selectedKey ?? '',
      atMs: this.#due?.atMs ?? this.ladder?.atMs ?? 0,
      ladder: this.#due?.ladder ?? this.ladder?.viewText ?? '',
    }
    this.#router.write(this.#address, way)
  }
}
