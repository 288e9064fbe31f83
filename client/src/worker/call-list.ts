import type { ListEntry } from './list-entry.ts'
import { compareEntries } from './sort.ts'
import type { CallRow, GapListRow, GapNotice, ListRow, ListScope, ListView, SortOrder } from './protocol.ts'

/** One line of the list, with the key that orders it by arrival. */
type Item = { readonly key: number; readonly record: ListEntry } | { readonly key: number; readonly row: GapListRow }

/** Most gap rows; older ones leave. */
const MAX_GAPS = 200
/** Other orders than by arrival are made anew at most so often, for they cost a sort. */
const RESORT_MS = 500

/**
 * The calls that the list shows, in its order, and the part of them that is on the screen.
 *
 * While paused, order and membership stay as they were and what would be new is counted; rows still change.
 */
export class CallList {
  /** By key, lowest first. */
  #items: Item[] = []
  #gapCount = 0
  /** Order on the screen if it is not simply `#items` from the end. */
  #sorted: readonly Item[] | undefined
  #sortedMs = 0
  #frozen: readonly Item[] | undefined
  /** Gaps among `#frozen`. */
  #frozenGaps: number | undefined
  #waiting = 0
  #order: SortOrder = { key: 'arrival', isDescending: true }
  #first = 0
  #count = 0
  #cursor: number | undefined
  #scope: ListScope = 'calls'
  /** The filter says what kinds of dialogs it means, so the scope does not count. */
  #namesKind = false
  /** What the page has of the window. */
  #shown = new Map<number, ListRow>()
  #lastKeys: readonly number[] = []
  #lastSummary = ''

  get isFollowing(): boolean {
    return this.#frozen === undefined
  }

  setFollowing(isFollowing: boolean): void {
    if (isFollowing === this.isFollowing) return
    if (isFollowing) this.#frozen = this.#frozenGaps = undefined
    else this.#freeze()
    this.#waiting = 0
  }

  setWindow(first: number, count: number): void {
    this.#first = Math.max(0, first)
    this.#count = Math.max(0, Math.min(count, 500))
  }

  /** The last rows of an order in which the oldest come last are on the screen, or nearly. */
  get isNearOldest(): boolean {
    const { key, isDescending } = this.#order
    const isByAge = key === 'arrival' || key === 'start'
    const total = this.#frozen?.length ?? this.#items.length
    return isByAge && isDescending && this.#first + this.#count >= total
  }

  setCursor(key: number | undefined): void {
    this.#cursor = key
  }

  setOrder(order: SortOrder): void {
    this.#order = order
    this.#sorted = undefined
    if (this.#frozen !== undefined) this.#freeze()
  }

  get scope(): ListScope {
    return this.#namesKind ? 'all' : this.#scope
  }

  setScope(scope: ListScope): void {
    this.#scope = scope
  }

  setNamesKind(namesKind: boolean): void {
    this.#namesKind = namesKind
  }

  /** True if a record belongs to the list as filter and scope are now. */
  belongs(record: ListEntry): boolean {
    return record.isMatched && (this.scope === 'all' || record.kind === 'call')
  }

  /** Add or take out a record, as it belongs. */
  update(record: ListEntry): void {
    const belongs = this.belongs(record)
    if (record.isListed === belongs) return
    if (!belongs) {
      this.remove(record)
      return
    }
    record.isListed = true
    this.#items.splice(this.#find(record.key), 0, { key: record.key, record })
    if (this.#frozen !== undefined) this.#waiting++
  }

  /** Calls from before those that are here: they come in at the old end, also while the list stands still. */
  addOlder(records: readonly ListEntry[]): void {
    const added: Item[] = []
    for (const record of records) {
      record.isListed = this.belongs(record)
      if (record.isListed) added.push({ key: record.key, record })
    }
    added.sort((a, b) => a.key - b.key)
    this.#items = [...added, ...this.#items]
    this.#sorted = undefined
    if (this.#frozen === undefined) return
    if (this.#isByArrival()) this.#frozen = [...added, ...this.#frozen]
    else this.#freeze()
  }

  /** Take out a record that is no longer known. */
  remove(record: ListEntry): void {
    if (!record.isListed) return
    record.isListed = false
    this.#items.splice(this.#find(record.key), 1)
  }

  addGap(key: number, gap: GapNotice): void {
    this.#items.splice(this.#find(key), 0, { key, row: { type: 'gap', key, gap } })
    this.#gapCount++
    if (this.#gapCount <= MAX_GAPS) return
    const oldest = this.#items.findIndex((item) => 'row' in item)
    this.#items.splice(oldest, 1)
    this.#gapCount--
  }

  /** Begin again with these records, after a change of filter or scope; gaps stay. */
  replace(records: Iterable<ListEntry>): void {
    const gaps = this.#items.filter((item) => 'row' in item)
    const calls: Item[] = []
    for (const record of records) {
      record.isListed = this.belongs(record)
      if (record.isListed) calls.push({ key: record.key, record })
    }
    this.#items = [...calls, ...gaps].sort((a, b) => a.key - b.key)
    this.#sorted = undefined
    this.#waiting = 0
    if (this.#frozen !== undefined) this.#freeze()
  }

  clear(): void {
    this.#items = []
    this.#gapCount = 0
    this.replace([])
  }

  /** What changed on the screen since the last call; undefined if nothing did. */
  view(nowMs: number): ListView | undefined {
    const order = this.#frozen ?? this.#currentOrder(nowMs)
    const isReversed = this.#isByArrival() && this.#order.isDescending
    const at = (index: number): Item | undefined => order[isReversed ? order.length - 1 - index : index]
    const first = Math.min(this.#first, Math.max(0, order.length - this.#count))
    const keys: number[] = []
    const changed: ListRow[] = []
    const shown = new Map<number, ListRow>()
    for (let index = first; index < first + this.#count; index++) {
      const item = at(index)
      if (item === undefined) break
      const row = 'row' in item ? item.row : item.record.row()
      keys.push(item.key)
      shown.set(item.key, row)
      if (this.#shown.get(item.key) !== row) changed.push(row)
    }
    const view: ListView = {
      first,
      keys,
      changed,
      total: order.length,
      callCount: order.length - (this.#isByArrival() ? (this.#frozenGaps ?? this.#gapCount) : 0),
      waiting: this.#waiting,
      isFollowing: this.isFollowing,
      cursorIndex: this.#cursorIndex(order, isReversed),
    }
    const summary = `${first} ${view.total} ${view.callCount} ${view.waiting} ${view.isFollowing} ${view.cursorIndex}`
    const isSame = changed.length === 0 && summary === this.#lastSummary && sameKeys(keys, this.#lastKeys)
    this.#shown = shown
    this.#lastKeys = keys
    this.#lastSummary = summary
    return isSame ? undefined : view
  }

  /** The calls of the list in its order, at most so many. */
  rows(most: number): CallRow[] {
    const order = this.#frozen ?? this.#currentOrder(Infinity)
    const isReversed = this.#isByArrival() && this.#order.isDescending
    const rows: CallRow[] = []
    for (let i = 0; i < order.length && rows.length < most; i++) {
      const item = order[isReversed ? order.length - 1 - i : i]
      if (item !== undefined && 'record' in item) rows.push(item.record.row())
    }
    return rows
  }

  #freeze(): void {
    this.#frozen = this.#currentOrder(Infinity)
    this.#frozenGaps = this.#gapCount
  }

  #isByArrival(): boolean {
    return this.#order.key === 'arrival'
  }

  /** Gaps have a place among arrivals only. */
  #currentOrder(nowMs: number): readonly Item[] {
    if (this.#isByArrival()) return nowMs === Infinity ? [...this.#items] : this.#items
    if (this.#sorted === undefined || nowMs - this.#sortedMs >= RESORT_MS) {
      const order = this.#order
      const calls = this.#items.filter((item) => 'record' in item)
      this.#sorted = calls.sort((a, b) => compareEntries(a.record, b.record, order))
      this.#sortedMs = nowMs === Infinity ? 0 : nowMs
    }
    return this.#sorted
  }

  #cursorIndex(order: readonly Item[], isReversed: boolean): number {
    const key = this.#cursor
    if (key === undefined) return -1
    const index = this.#isByArrival() ? indexOfKey(order, key) : order.findIndex((item) => item.key === key)
    return index < 0 || !isReversed ? index : order.length - 1 - index
  }

  /** Where a key is among the items, or belongs. */
  #find(key: number): number {
    return lowerBound(this.#items, key)
  }
}

function lowerBound(items: readonly Item[], key: number): number {
  let low = 0
  let high = items.length
  // Nearly always the newest.
  if ((items.at(-1)?.key ?? -1) < key) return high
  while (low < high) {
    const middle = (low + high) >> 1
    if ((items[middle]?.key ?? 0) < key) low = middle + 1
    else high = middle
  }
  return low
}

function indexOfKey(items: readonly Item[], key: number): number {
  const at = lowerBound(items, key)
  return items[at]?.key === key ? at : -1
}

function sameKeys(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((key, i) => key === b[i])
}
