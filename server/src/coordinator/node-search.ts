import { randomUUID } from 'node:crypto'
import type { AnswerEnd, Question, RowSource } from './question.ts'
import { mergeRows } from './row-merge.ts'
import { type Outcome, RowReader } from './row-reader.ts'
import { SearchCounts } from './search-counts.ts'

/** What is wrong with a question. */
export interface QuestionFault {
  readonly field: string
  readonly message: string
  readonly at?: number
}

/** As a store answers: a body that is passed on as it is, or why there is none. */
export type NodeSearchAnswer =
  | { readonly ok: true; readonly json: Buffer }
  | {
      readonly ok: false
      readonly kind: 'invalid' | 'unavailable'
      readonly message: string
      readonly fields?: readonly QuestionFault[]
    }

export interface NodeSearchOptions {
  /** Ends the question everywhere. */
  readonly signal?: AbortSignal
  /** Gets the rows in pages as they are found, a JSON text and a line end for each; the answer then has none. */
  readonly onRows?: (lines: Buffer) => void
}

/** How a node fared with a question, as `meta.nodes` has it. */
export interface NodeReport {
  readonly name: string
  readonly state: Outcome
  /** Rows of the answer that are its own. */
  readonly rows: number
  /** This server itself. */
  readonly local?: true
  /** Why rows of it are missing. */
  readonly reason?: string
  /** Rows that it has and cannot find yet. */
  readonly incomplete?: AnswerEnd['incomplete']
  /** Why its rows have no payloads. */
  readonly payload_withheld?: string
}

/** Questions that are answered at the same time; further ones are refused. Each takes a connection to every node. */
const MAX_QUESTIONS = 64

/** Asks this server's own store and all nodes, and makes one answer of theirs. */
export class NodeSearch {
  readonly counts: SearchCounts
  readonly #sources: readonly RowSource[]
  #openCount = 0

  /** @param sources this server's own store first, if it has one */
  constructor(sources: readonly RowSource[]) {
    this.#sources = sources
    this.counts = new SearchCounts(sources.map(({ name }) => name))
  }

  /** Never rejects. A place without an answer is named in `meta.nodes`; only if there is none at all it is refused. */
  async ask(question: Question, options: NodeSearchOptions = {}): Promise<NodeSearchAnswer> {
    if (options.signal?.aborted === true) return givenUp()
    if (this.#openCount >= MAX_QUESTIONS) return unavailable('Too many searches are waiting')
    this.#openCount++
    try {
      return await this.#answer(question, options)
    } finally {
      this.#openCount--
    }
  }

  async #answer(question: Question, { signal, onRows }: NodeSearchOptions): Promise<NodeSearchAnswer> {
    const startedMs = performance.now()
    const readers = this.#sources.map((source) => new RowReader(source, question))
    const close = (): void => {
      for (const reader of readers) reader.close()
    }
    signal?.addEventListener('abort', close)
    const items: string[] = []
    const merged = await mergeRows(readers, question, (rows) => {
      if (signal?.aborted === true) return
      if (onRows === undefined) items.push(...rows)
      else onRows(Buffer.from(`${rows.join('\n')}\n`))
    })
    await Promise.all(readers.map((reader) => reader.skipRest()))
    signal?.removeEventListener('abort', close)
    close()
    const isGivenUp = signal?.aborted === true
    for (const reader of readers) this.counts.add(reader, isGivenUp)
    if (isGivenUp) return givenUp()
    if (readers.every(({ outcome }) => outcome === 'failed' || outcome === 'timeout')) {
      return unavailable(
        `No node answered: ${readers.map(({ source, fault }) => `${source.name}: ${fault}`).join('; ')}`,
      )
    }
    const hasMore = merged.hasMore || readers.some(({ end }) => end?.hasMore === true)
    const meta = metaOf(readers, { limit: question.limit, total: merged.count, has_more: hasMore }, startedMs)
    const keys = JSON.stringify([...new Set(readers.flatMap(({ end }) => end?.keys ?? []))])
    const body =
      onRows === undefined
        ? `{"data":{"items":[${items.join(',')}],"keys":${keys}},"meta":${JSON.stringify(meta)}}`
        : `{"keys":${keys},"meta":${JSON.stringify(meta)}}`
    return { ok: true, json: Buffer.from(body) }
  }
}

/** The meta of a single store, and how every node fared. */
function metaOf(
  readers: readonly RowReader[],
  pagination: { readonly limit: number; readonly total: number; readonly has_more: boolean },
  startedMs: number,
): object {
  const { total, has_more } = pagination
  const timeRange = readers.map(({ end }) => end?.timeRange).find((range) => range !== undefined)
  const incomplete = readers.flatMap(({ end }) => end?.incomplete ?? [])
  const pendingBytes = incomplete.reduce((sum, { pending_bytes }) => sum + pending_bytes, 0)
  return {
    request_id: randomUUID(),
    total,
    has_more,
    pagination,
    ...(timeRange !== undefined && { time_range: timeRange }),
    took_ms: Math.round((performance.now() - startedMs) * 10) / 10,
    ...(incomplete[0] !== undefined && { incomplete: { ...incomplete[0], pending_bytes: pendingBytes } }),
    nodes: readers.map(reportOf),
  }
}

function reportOf({ source, outcome, takenCount, fault, end }: RowReader): NodeReport {
  return {
    name: source.name,
    state: outcome,
    rows: takenCount,
    ...(source.isLocal && { local: true }),
    ...(fault !== undefined && { reason: fault }),
    ...(end?.incomplete !== undefined && { incomplete: end.incomplete }),
    ...(end?.withheld !== undefined && { payload_withheld: end.withheld }),
  }
}

function givenUp(): NodeSearchAnswer {
  return unavailable('The search was given up')
}

function unavailable(message: string): NodeSearchAnswer {
  return { ok: false, kind: 'unavailable', message }
}
