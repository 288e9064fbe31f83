import type { Command, Connection, Counters, LadderUpdate, ListRow, ListView, Notice } from '../../worker/protocol.ts'

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
  counters = $state.raw<Counters | undefined>(undefined)
  list = $state.raw<ListSnapshot>(EMPTY)
  readonly #worker: Worker
  readonly #events: LiveFeedEvents
  #rows = new Map<number, ListRow>()

  constructor(events: LiveFeedEvents) {
    this.#events = events
    this.#worker = new Worker(new URL('../../worker/live.worker.ts', import.meta.url), { type: 'module' })
    this.#worker.onmessage = (event: MessageEvent<Notice>) => this.#receive(event.data)
    this.#worker.onerror = (event) => events.onFault(event.message || 'the worker of this page could not start')
  }

  send(command: Command): void {
    this.#worker.postMessage(command)
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
      case 'frame':
        if (notice.list !== undefined) this.#show(notice.list)
        if (notice.counters !== undefined) this.counters = notice.counters
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
    this.list = { ...view, rows }
  }
}
