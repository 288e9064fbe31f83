import type { ExportedCalls, ExportFormat } from '../../worker/call-export.ts'
import type {
  CallRow,
  Command,
  Connection,
  Counters,
  FigureUpdate,
  LadderUpdate,
  ListRow,
  ListView,
  Notice,
  OlderState,
  Statistics,
} from '../../worker/protocol.ts'
import { maskCounters, maskFigures, maskListRow, maskOlder, maskRow, maskStatistics } from '../privacy/mask-rows.ts'
import type { Masker } from '../privacy/masker.ts'
import { privacy } from '../privacy/privacy.svelte.ts'
import { Shown } from '../privacy/shown.ts'
import type { FigureWindow } from '../../worker/figures/figure-watch.ts'

/** The rows on the screen and where they are in the list. */
export type ListSnapshot = Omit<ListView, 'keys' | 'changed'> & { readonly rows: readonly ListRow[] }

const EMPTY: ListSnapshot = {
  first: 0,
  rows: [],
  total: 0,
  callCount: 0,
  waiting: 0,
  isFollowing: true,
  cursorIndex: -1,
}

export interface LiveFeedEvents {
  onLadder(update: LadderUpdate): void
  onFault(message: string): void
}

/** The page's end of the worker: sends commands, holds what the last frame said. */
export class LiveFeed {
  connection = $state.raw<Connection>({ state: 'connecting', sinceMs: Date.now() })
  /** When the connection was lost, however often it was tried since; undefined while there is one. */
  lostMs = $state<number>()
  #counters = $state.raw<Counters | undefined>(undefined)
  #list = $state.raw<ListSnapshot>(EMPTY)
  #older = $state.raw<OlderState>({ kind: 'idle', remarks: [] })
  #statistics = $state.raw<Statistics | undefined>(undefined)
  #figures = $state.raw<FigureUpdate | undefined>(undefined)
  // Plain reads, for this outlives the view that made it and what is derived there.
  readonly #shownCounters = maybe(maskCounters)
  readonly #shownList = new Shown(maskList)
  readonly #shownStatistics = maybe(maskStatistics)
  readonly #shownFigures = maybe(maskFigures)
  readonly #shownOlder = new Shown(maskOlder)
  readonly #worker: Worker
  readonly #events: LiveFeedEvents
  #rows = new Map<number, ListRow>()
  #onRows: ((rows: readonly CallRow[]) => void) | undefined
  #onExported: ((exported: ExportedCalls) => void) | undefined
  #watchers = 0

  /** @param worker that speaks the protocol of `worker/protocol.ts`; ended by `close` */
  constructor(worker: Worker, events: LiveFeedEvents) {
    this.#events = events
    this.#worker = worker
    this.#worker.onmessage = (event: MessageEvent<Notice>) => this.#receive(event.data)
    this.#worker.onerror = (event) => events.onFault(event.message || 'the worker of this page could not start')
  }

  get counters(): Counters | undefined {
    return this.#shownCounters.of(this.#counters)
  }

  get list(): ListSnapshot {
    return this.#shownList.of(this.#list)
  }

  /** How it stands with calls from before those in memory. */
  get older(): OlderState {
    return this.#shownOlder.of(this.#older)
  }

  /** As long as `watchStatistics` asks for them; the last ones stay. */
  get statistics(): Statistics | undefined {
    return this.#shownStatistics.of(this.#statistics)
  }

  /** As long as `watchFigures` asks for them; the last ones stay. */
  get figures(): FigureUpdate | undefined {
    return this.#shownFigures.of(this.#figures)
  }

  /** All rows of the list, in its order; at most so many. */
  askRows(most: number): Promise<readonly CallRow[]> {
    return new Promise((resolve) => {
      this.#onRows = resolve
      this.send({ type: 'rows', most })
    })
  }

  /** The messages of calls that the worker has, as a file. */
  askExport(callIds: readonly string[], format: ExportFormat): Promise<ExportedCalls> {
    return new Promise((resolve) => {
      this.#onExported = resolve
      this.send({ type: 'export', callIds, format, maskKey: privacy.key })
    })
  }

  send(command: Command): void {
    this.#worker.postMessage(command)
  }

  /** Have statistics once a second until the returned function is called. */
  watchStatistics(): () => void {
    if (this.#watchers++ === 0) this.send({ type: 'statistics', isWanted: true })
    return () => {
      if (--this.#watchers === 0) this.send({ type: 'statistics', isWanted: false })
    }
  }

  /** Have figures of the last minutes once a second until the returned function is called. */
  watchFigures(minutes: FigureWindow): () => void {
    this.send({ type: 'figures', minutes })
    return () => this.send({ type: 'figures', minutes: undefined })
  }

  close(): void {
    this.#worker.terminate()
  }

  #receive(notice: Notice): void {
    switch (notice.type) {
      case 'connection':
        this.#connected(notice.connection)
        break
      case 'fault':
        this.#events.onFault(notice.message)
        break
      case 'exported':
        this.#onExported?.(notice.exported)
        break
      case 'frame':
        if (notice.list !== undefined) this.#show(notice.list)
        if (notice.counters !== undefined) this.#counters = notice.counters
        if (notice.figures !== undefined) this.#figures = notice.figures
        if (notice.statistics !== undefined) this.#statistics = notice.statistics
        if (notice.older !== undefined) this.#older = notice.older
        if (notice.rows !== undefined) this.#onRows?.(new Shown(maskRows).of(notice.rows))
        if (notice.ladder !== undefined) this.#events.onLadder(notice.ladder)
        // The next frame is made when this one is on the screen, so a slow page gets fewer and no backlog.
        requestAnimationFrame(() => this.send({ type: 'drawn' }))
    }
  }

  #connected(connection: Connection): void {
    this.connection = connection
    if (connection.state === 'live') this.lostMs = undefined
    else if (connection.state === 'waiting') this.lostMs ??= connection.sinceMs
  }

  #show({ keys, changed, ...view }: ListView): void {
    const known = new Map<number, ListRow>()
    for (const row of changed) known.set(row.key, row)
    const rows: ListRow[] = []
    for (const key of keys) {
      const row = known.get(key) ?? this.#rows.get(key)
      if (row === undefined) continue
      known.set(key, row)
      rows.push(row)
    }
    this.#rows = known
    this.#list = { ...view, rows }
  }
}

function maskList(list: ListSnapshot, masker: Masker): ListSnapshot {
  return { ...list, rows: list.rows.map((row) => maskListRow(row, masker)) }
}

function maskRows(rows: readonly CallRow[], masker: Masker): readonly CallRow[] {
  return rows.map((row) => maskRow(row, masker))
}

function maybe<T>(mask: (value: T, masker: Masker) => T): Shown<T | undefined> {
  return new Shown((value, masker) => (value === undefined ? undefined : mask(value, masker)))
}
