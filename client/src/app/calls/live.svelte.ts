import { parseExpression } from '@hepscope/shared/filter/expression.ts'
import { STREAM_PATH } from '../../sdk/stream-url.ts'
import type { CallRow, LadderUpdate, ListScope, SortKey, SortOrder } from '../../worker/protocol.ts'
import type { ServerConfig, User } from '../http/server.ts'
import { Ladder } from '../ladder/ladder.svelte.ts'
import { formatViewAddress, parseViewAddress, type ViewAddress } from '../views/view-url.ts'
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
const DESCENDING_FIRST: ReadonlySet<SortKey> = new Set(['arrival', 'start', 'setup', 'time', 'messages'])

/** The live view: what is filtered, followed, marked and open, and the address that says so. */
export class Live {
  readonly feed: LiveFeed
  filter = $state('')
  filterFault = $state.raw<FilterProblem | undefined>(undefined)
  scope = $state<ListScope>('calls')
  order = $state.raw<SortOrder>({ key: 'arrival', isDescending: true })
  /** The row that keys act on. */
  cursor = $state.raw<CallRow | undefined>(undefined)
  /** Calls marked for a joint ladder, by key. */
  marks = $state.raw<ReadonlyMap<number, CallRow>>(new Map())
  ladder = $state.raw<Ladder | undefined>(undefined)
  #filterTimer: ReturnType<typeof setTimeout> | undefined
  #mayRead = false

  constructor(onFault: (message: string) => void) {
    this.feed = new LiveFeed({ onLadder: (update) => this.#receiveLadder(update), onFault })
  }

  /** Connect, in the state that the address names. */
  start(config: ServerConfig | undefined, user: User): void {
    this.#mayRead = user.isAdmin && config?.allowsPayload === true
    const url = new URL(STREAM_PATH, location.href).href
    this.feed.send({
      type: 'connect',
      url,
      history: Math.min(MOST_HISTORY, config?.historyLimit ?? 0),
      includePayload: this.#mayRead,
    })
    this.readAddress()
  }

  close(): void {
    clearTimeout(this.#filterTimer)
    this.ladder?.close()
    this.feed.close()
  }

  /** The text as it is typed; it takes effect when it is whole. */
  typeFilter(text: string): void {
    this.filter = text
    const parsed = text.trim() === '' ? undefined : parseExpression(text)
    this.filterFault = parsed?.ok === false ? parsed : undefined
    clearTimeout(this.#filterTimer)
    if (this.filterFault !== undefined) return
    this.#filterTimer = setTimeout(() => {
      this.feed.send({ type: 'filter', text })
      this.#writeAddress('replace')
    }, FILTER_WAIT_MS)
  }

  setScope(scope: ListScope): void {
    this.scope = scope
    this.feed.send({ type: 'scope', scope })
    this.#writeAddress('replace')
  }

  /** Order by a column, or turn its order around. */
  sortBy(key: SortKey): void {
    const isSame = this.order.key === key
    this.order = { key, isDescending: isSame ? !this.order.isDescending : DESCENDING_FIRST.has(key) }
    this.feed.send({ type: 'sort', order: this.order })
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

  clearMarks(): void {
    if (this.marks.size > 0) this.marks = new Map()
  }

  openRow(row: CallRow): void {
    this.#openRows([row])
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

  selectMessage(key: string): void {
    this.ladder?.select(key)
    this.#writeAddress('replace')
  }

  /** After a step through the browser's history, or at the start. */
  readAddress(): void {
    const view = parseViewAddress(location.hash)
    if (view.scope !== this.scope) this.setScope(view.scope)
    if (view.filter !== this.filter) this.typeFilter(view.filter)
    if (view.callIds.length === 0) this.#shut()
    else if (view.callIds.join('\n') !== this.ladder?.callIds.join('\n')) this.#open(view.callIds, view.atMs)
    if (view.messageKey !== '') this.ladder?.select(view.messageKey)
  }

  #openRows(rows: readonly CallRow[]): void {
    if (rows.length === 0) return
    const startUs = Math.min(...rows.map((row) => row.startUs))
    this.#open([...new Set(rows.map((row) => row.id))], Math.floor(startUs / 1000))
    this.#writeAddress('push')
  }

  #open(callIds: readonly string[], atMs: number): void {
    this.ladder?.close()
    this.ladder = new Ladder(callIds, atMs, this.#mayRead)
    this.feed.send({ type: 'ladder', callIds })
  }

  #shut(): void {
    this.ladder?.close()
    this.ladder = undefined
    this.feed.send({ type: 'ladder', callIds: [] })
  }

  #receiveLadder(update: LadderUpdate): void {
    if (update.asked.join('\n') === this.ladder?.callIds.join('\n')) this.ladder.receive(update)
  }

  #writeAddress(way: 'push' | 'replace'): void {
    const view: ViewAddress = {
      filter: this.filter,
      scope: this.scope,
      callIds: this.ladder?.callIds ?? [],
      messageKey: this.ladder?.selectedKey ?? '',
      atMs: this.ladder?.atMs ?? 0,
    }
    const address = formatViewAddress(view) || location.pathname
    if (way === 'push') history.pushState(undefined, '', address)
    else history.replaceState(undefined, '', address)
  }
}
