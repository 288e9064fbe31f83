import { type AnswerEnd, type Question, type RowSource, type SourceAnswer, SourceError } from './question.ts'
import { RowLines } from './row-lines.ts'

/** Most bytes that are read of one answer. */
const MAX_BYTES = 256 * 1024 * 1024
/** Most bytes that are read behind the last row that is wanted, for what the place says at the end. */
const MAX_REST_BYTES = 4 * 1024 * 1024

/** A row with what it is compared by. */
export interface Row {
  /** JSON. */
  readonly text: string
  /** Numbers of the members in `order`. */
  readonly place: readonly number[]
  /** Same text: same row. */
  readonly identity: string
  /** Of rows that are one, the one with the greatest is the newest; 0 for what never changes. */
  readonly version: number
}

/** How a place fared. */
export type Outcome =
  | 'ok'
  /** No row came from it. */
  | 'failed'
  /** No row came from it in time. */
  | 'timeout'
  /** Rows came, and then no more. */
  | 'partial'

/** Reads the rows of one place, one at a time; what goes wrong ends the rows and is kept, not thrown. */
export class RowReader {
  readonly source: RowSource
  /** The next row; undefined before the first `advance`, and when there is none any more. */
  head: Row | undefined
  end: AnswerEnd | undefined
  /** Why the rows ended before their end. */
  fault: string | undefined
  /** Rows that went into the answer. */
  takenCount = 0
  /** Time in which we had nothing to do but wait for it. */
  waitedMs = 0
  readonly #question: Question
  readonly #abort = new AbortController()
  readonly #answer: SourceAnswer
  readonly #lines = new RowLines()
  /** Lines that are here already, from `#next` on. */
  #waiting: string[] = []
  #next = 0
  /** Of the last row. */
  #place: readonly number[] | undefined
  #rowCount = 0
  #byteCount = 0
  #isTimeout = false
  #hasNoStore = false
  #isSkipping = false
  #isOver = false

  constructor(source: RowSource, question: Question) {
    this.source = source
    this.#question = question
    this.#answer = source.ask(question, this.#abort.signal)
  }

  get outcome(): Outcome {
    if (this.fault === undefined) return 'ok'
    if (this.#rowCount > 0) return 'partial'
    return this.#isTimeout ? 'timeout' : 'failed'
  }

  /** The place has no stored rows at all, as it was set up. */
  get hasNoStore(): boolean {
    return this.#hasNoStore
  }

  /** Whether `advance` need not wait. */
  get isReady(): boolean {
    return this.#isOver || this.#next < this.#waiting.length
  }

  /** Go on to the next row. Never rejects. */
  async advance(): Promise<void> {
    this.head = undefined
    try {
      while (!this.isReady) this.#waiting = await this.#moreLines(MAX_BYTES)
      this.step()
    } catch (error) {
      this.#fail(error)
    }
  }

  /** The same where `isReady`. */
  step(): void {
    this.head = undefined
    const line = this.#waiting[this.#next++]
    if (line === undefined) return
    try {
      this.head = this.#rowOf(line)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Skip the rows that are left, for the sake of what comes behind them. Never rejects. */
  async skipRest(): Promise<void> {
    this.head = undefined
    this.#isSkipping = true
    const mostBytes = this.#byteCount + MAX_REST_BYTES
    try {
      while (!this.#isOver && this.#byteCount < mostBytes) {
        const last = this.#waiting.at(-1)
        if (last !== undefined && /^\{"(keys|error)"/.test(last)) this.#rowOf(last)
        else this.#waiting = await this.#moreLines(Infinity)
      }
    } catch (error) {
      this.#fail(error)
    }
    this.#isOver = true
  }

  /** End the question if it is still being answered. Idempotent. */
  close(): void {
    this.#abort.abort()
  }

  async #moreLines(mostBytes: number): Promise<string[]> {
    this.#next = 0
    const piece = await this.#wait()
    if (piece.done === true) throw new SourceError('its answer was cut off')
    this.#byteCount += piece.value.length
    if (this.#byteCount > mostBytes) throw new SourceError(`its answer is longer than ${mostBytes} bytes`)
    return this.#lines.add(piece.value)
  }

  async #wait(): Promise<IteratorResult<Uint8Array>> {
    const { timeoutMs } = this.source
    const startedMs = performance.now()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      if (timeoutMs === Infinity) return
      timer = setTimeout(
        () => {
          this.#isTimeout = true
          reject(new SourceError(`it took longer than ${timeoutMs} ms`))
        },
        Math.max(0, timeoutMs - this.waitedMs),
      )
    })
    try {
      return await Promise.race([this.#answer.pieces.next(), late])
    } finally {
      clearTimeout(timer)
      this.waitedMs += performance.now() - startedMs
    }
  }

  /** @returns undefined for the line that ends the answer */
  #rowOf(line: string): Row | undefined {
    const row = parsed(line)
    const { order, identity, limit } = this.#question
    const place = order.map((member) => row[member])
    if (!place.every((value) => typeof value === 'number')) {
      this.end = this.#endOf(row)
      this.#checkTotal(row.meta)
      this.#isOver = true
      return undefined
    }
    if (this.#rowCount === limit) throw new SourceError('it sent more rows than were asked for')
    if (comparePlaces(this.#question, this.#place ?? place, place) > 0) {
      throw new SourceError('its rows are not in order')
    }
    this.#rowCount++
    this.#place = place
    const text = this.#renamed(row) ?? line
    const version = typeof row.version === 'number' ? row.version : 0
    return { text, place, identity: JSON.stringify(identity.map((member) => row[member])), version }
  }

  /** A row that was lost on the way is not to be missed in silence; where rows were skipped, nobody has counted. */
  #checkTotal(meta: unknown): void {
    const total = isRecord(meta) ? meta.total : undefined
    if (this.#isSkipping || typeof total !== 'number' || total === this.#rowCount) return
    throw new SourceError(`it sent ${this.#rowCount} rows and speaks of ${total}`)
  }

  /** The row with the name by which the node is known here; undefined if the other is not in it. */
  #renamed(row: Readonly<Record<string, unknown>>): string | undefined {
    const { name } = this.source
    const own = this.#answer.ownName()
    if (own === undefined || own === name) return undefined
    const { node, nodes } = row
    // Those of a call.
    const names: readonly unknown[] = Array.isArray(nodes) ? nodes : []
    if (node !== own && !names.includes(own)) return undefined
    return JSON.stringify({
      ...row,
      ...(node === own && { node: name }),
      ...(names.includes(own) && { nodes: names.map((one) => (one === own ? name : one)) }),
    })
  }

  #endOf({ keys, meta, error }: Readonly<Record<string, unknown>>): AnswerEnd {
    if (isRecord(error)) throw new SourceError(String(error.detail))
    if (!isRecord(meta) || !Array.isArray(keys)) throw new SourceError('it sent a line that is no row')
    return {
      keys: keys.map(String),
      hasMore: meta.has_more === true,
      timeRange: meta.time_range,
      incomplete: incompleteOf(meta.incomplete),
      withheld: this.#answer.withheld(),
    }
  }

  #fail(error: unknown): void {
    this.fault ??= error instanceof Error ? error.message : String(error)
    this.#hasNoStore = error instanceof SourceError && error.hasNoStore
    this.#isOver = true
    this.#waiting = []
    this.head = undefined
    this.close()
  }
}

/** Below 0 if `a` comes first in an answer. */
export function comparePlaces(
  { isNewestFirst }: Pick<Question, 'isNewestFirst'>,
  a: readonly number[],
  b: readonly number[],
): number {
  for (const [i, value] of a.entries()) {
    const difference = value - (b[i] ?? 0)
    if (difference !== 0) return isNewestFirst ? -difference : difference
  }
  return 0
}

function parsed(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line)
    if (isRecord(value)) return value
  } catch {
    // Said below.
  }
  throw new SourceError('it sent a line that is no row')
}

function incompleteOf(value: unknown): AnswerEnd['incomplete'] {
  if (!isRecord(value)) return undefined
  return { reason: String(value.reason), pending_bytes: Number(value.pending_bytes) }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
