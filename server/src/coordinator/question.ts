/** How the rows that answer a question are told apart and put into order. */
export interface RowOrder {
  /** Members of a row, all numbers, by which its place is found: the second where the first is the same, and so on. */
  readonly order: readonly string[]
  /** Members that name a row: rows that have the same in all of them are one row, found twice. */
  readonly identity: readonly string[]
  /** Else oldest first. */
  readonly isNewestFirst: boolean
}

/** A question as it was asked, found to be right. */
export interface Question extends RowOrder {
  /** Name of the kind, e.g. `search`; a node has a route of that name. */
  readonly kind: string
  readonly body: unknown
  /** Most rows of the answer. */
  readonly limit: number
}

/** What can be said of a place's answer when all its rows are here. */
export interface AnswerEnd {
  /** Members of its rows. */
  readonly keys: readonly string[]
  readonly hasMore: boolean
  /** Member `time_range` of its meta. */
  readonly timeRange: unknown
  /** Rows that it has and cannot find yet, as its meta says it. */
  readonly incomplete: { readonly reason: string; readonly pending_bytes: number } | undefined
  /** What kept it from giving payloads that were asked for. */
  readonly withheld: string | undefined
}

/** A place that has stored rows: this server's own store, or a node. */
export interface RowSource {
  /** Name by which it is known here. */
  readonly name: string
  readonly isLocal: boolean
  /**
   * It is asked when the others have begun to answer: what they seal to a lake meanwhile is in the lake when this one
   * reads it, and not between the two.
   */
  readonly isAskedLast: boolean
  /** How long it may let us wait in all, ms. */
  readonly timeoutMs: number
  /** Begin to ask; nothing is read yet. */
  ask(question: Question, signal: AbortSignal): SourceAnswer
}

/** An answer on its way. */
export interface SourceAnswer {
  /**
   * NDJSON in pieces of any size: a row a line, and last `{"keys": [...], "meta": {...}}` or `{"error": {...}}`.
   *
   * @throws SourceError if there is none
   */
  readonly pieces: AsyncIterator<Uint8Array>
  /** What the place calls itself in the member `node` of its rows; known with the first piece. */
  readonly ownName: () => string | undefined
  /** Why it gives no payloads; known with the first piece. */
  readonly withheld: () => string | undefined
}

/** A place did not answer, or not in a way that can be read; `message` says why, for people. */
export class SourceError extends Error {
  override readonly name = 'SourceError'
  /** It has no stored rows at all, and that is no fault of anybody. */
  readonly hasNoStore: boolean

  constructor(message: string, options: ErrorOptions & { readonly hasNoStore?: boolean } = {}) {
    super(message, options)
    this.hasNoStore = options.hasNoStore ?? false
  }
}
