import { randomUUID } from 'node:crypto'
import type { DuckDBConnection } from '@duckdb/node-api'
import {
  Answer,
  type AnswerRow,
  type AskOptions,
  type Incomplete,
  PAGE_ROWS,
  readRows,
  type StoreAnswer,
} from './answer.ts'
import { planCalls } from './calls/call-query.ts'
import { parseCalls } from './calls/call-request.ts'
import { firstLine, interruptUntil, isOutOfMemory } from './database.ts'
import { Limit } from './limit.ts'
import { idsOfMessages, idsOfSearch, type Plan, planMessages, planSearch, type Step } from './query.ts'
import { type FieldFault, parseMessages, parseSearch, type TimeRange } from './search-request.ts'
import { type RowPlaces, type StoredRows, takeRows } from './stored-rows.ts'

export interface SearchPoolOptions {
  readonly places: RowPlaces
  /** One for each search that may run at the same time. */
  readonly connections: readonly DuckDBConnection[]
  readonly timeoutMs: number
  /** What a search that begins now cannot find. */
  readonly incomplete: () => Incomplete | undefined
  /** Ends what takes memory and can be done later; false if there is nothing. */
  readonly makeRoom: () => Promise<boolean>
  /** Writes rows of the calls that changed; says what they cannot know yet. Never rejects. */
  readonly bringCalls: () => Promise<Incomplete | undefined>
}

/** Searches that may wait; further ones are refused. */
const MAX_WAITING = 64
const LAKE_MISSING: Incomplete = { reason: 'lake', pending_bytes: 0 }

const OUT_OF_MEMORY = 'it needs more than storage.memory_limit; ask for fewer rows'

interface Ask {
  readonly time: TimeRange
  readonly withLake: boolean
  /** What is to come although all is inserted. */
  readonly behind?: Incomplete | undefined
  /** Only rows that have one of these in their `LINK_COLUMNS` are asked for. */
  readonly ids?: readonly string[] | undefined
  readonly makePlan: (rows: StoredRows) => Plan
}

interface Waiter {
  readonly start: (connection: DuckDBConnection | undefined) => void
}

/** Answers requests, a few at a time. */
export class SearchPool {
  readonly #options: SearchPoolOptions
  readonly #idle: DuckDBConnection[]
  #waiting: Waiter[] = []
  #running = new Set<Promise<unknown>>()
  #isClosed = false

  constructor(options: SearchPoolOptions) {
    this.#options = options
    this.#idle = [...options.connections]
  }

  /** Answer the body of `POST /transactions/search`. Never rejects. */
  async search(body: unknown, options: AskOptions = {}): Promise<StoreAnswer> {
    const parsed = parseSearch(body)
    if (!parsed.ok) return invalid(parsed.faults)
    const { request } = parsed
    return this.#ask({ ...request, ids: idsOfSearch(request), makePlan: (rows) => planSearch(request, rows) }, options)
  }

  /** Answer the body of `POST /transactions/messages`. Never rejects. */
  async messages(body: unknown, options: AskOptions = {}): Promise<StoreAnswer> {
    const parsed = parseMessages(body)
    if (!parsed.ok) return invalid(parsed.faults)
    const { request } = parsed
    return this.#ask(
      { ...request, ids: idsOfMessages(request), makePlan: (rows) => planMessages(request, rows) },
      options,
    )
  }

  /** Answer the body of `POST /transactions/calls`. Never rejects. */
  async calls(body: unknown, options: AskOptions = {}): Promise<StoreAnswer> {
    const parsed = parseCalls(body)
    if (!parsed.ok) return invalid(parsed.faults)
    const { request } = parsed
    const behind = await this.#options.bringCalls()
    return this.#ask({ ...request, behind, makePlan: (rows) => planCalls(request, rows) }, options)
  }

  /** End what runs and what waits, both with the answer `unavailable`; resolves when nothing runs any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const waiter of this.#waiting.splice(0)) waiter.start(undefined)
    await interruptUntil(this.#options.connections, Promise.all(this.#running))
  }

  #ask(ask: Ask, options: AskOptions): Promise<StoreAnswer> {
    if (this.#waiting.length >= MAX_WAITING) return Promise.resolve(unavailable('Too many searches are waiting'))
    const answer = this.#answer(ask, options)
    this.#running.add(answer)
    return answer.finally(() => this.#running.delete(answer))
  }

  async #answer({ time, withLake, behind, ids, makePlan }: Ask, { signal, onRows }: AskOptions): Promise<StoreAnswer> {
    const { timeoutMs, places } = this.#options
    const startedMs = performance.now()
    const connection = await this.#takeConnection(timeoutMs, signal)
    if (connection === undefined) return this.#givenUp(signal)
    const limit = new Limit(connection, timeoutMs - (performance.now() - startedMs), signal)
    if (withLake) await places.lake?.refresh(connection, () => limit.isReached)
    // Before the rows are taken: what comes in between is found, and said to be missing.
    let incomplete = this.#options.incomplete() ?? behind
    const rows = takeRows(places, withLake)
    if (withLake && places.lake !== undefined && (!rows.hasLake || places.lake.isUncertain)) incomplete = LAKE_MISSING
    try {
      const plan = makePlan(ids === undefined ? rows : await rows.having(ids, time))
      const answer = new Answer(plan)
      for (const [i, step] of plan.steps.entries()) {
        if (limit.isReached) return this.#givenUp(signal)
        if (answer.isComplete(step.maxTsUs)) break
        const found = await this.#run(connection, step, limit)
        if (found === undefined) {
          incomplete = LAKE_MISSING
          break
        }
        answer.add(found)
        const next = plan.steps[i + 1]
        if (next !== undefined) handOver(answer, next.maxTsUs, onRows)
      }
      handOver(answer, undefined, onRows)
      const about = { requestId: randomUUID(), time, tookMs: performance.now() - startedMs, incomplete }
      return { ok: true, json: onRows === undefined ? answer.format(about) : answer.formatEnd(about) }
    } catch (error) {
      return limit.isReached || this.#isClosed
        ? this.#givenUp(signal)
        : unavailable(`The search failed: ${isOutOfMemory(error) ? OUT_OF_MEMORY : firstLine(error)}`)
    } finally {
      limit.clear()
      rows.release()
      this.#giveBack(connection)
    }
  }

  /** @returns undefined if the rows are in a lake that cannot be reached */
  async #run(connection: DuckDBConnection, step: Step, limit: Limit): Promise<AnswerRow[] | undefined> {
    const { places, makeRoom } = this.#options
    // Streamed: a result as a whole would count to DuckDB's memory until JavaScript collects it.
    const run = async (): Promise<AnswerRow[]> =>
      readRows(await connection.stream(step.sql, await valuesOf(step, connection), step.types))
    try {
      return await run().catch(async (error: unknown) => {
        // A merge sorts a million rows, and takes all the memory that it can get.
        if (!isOutOfMemory(error) || limit.isReached || !(await makeRoom())) throw error
        return run()
      })
    } catch (error) {
      const isOurs = limit.isReached || this.#isClosed || isOutOfMemory(error)
      if (places.lake === undefined || !step.isRemote || isOurs) throw error
      places.lake.fail(error)
      return undefined
    }
  }

  #givenUp(signal: AbortSignal | undefined): StoreAnswer {
    if (this.#isClosed) return unavailable('The store is closing')
    if (signal?.aborted === true) return unavailable('The search was given up')
    return unavailable(`The search took longer than ${this.#options.timeoutMs / 1000} s`)
  }

  /** @returns undefined if none was free in time, the search was given up, or the pool was closed */
  #takeConnection(timeoutMs: number, signal: AbortSignal | undefined): Promise<DuckDBConnection | undefined> {
    if (this.#isClosed || signal?.aborted === true) return Promise.resolve(undefined)
    const idle = this.#idle.pop()
    if (idle !== undefined) return Promise.resolve(idle)
    return new Promise((resolve) => {
      const giveUp = (): void => {
        this.#waiting = this.#waiting.filter((one) => one !== waiter)
        waiter.start(undefined)
      }
      const waiter: Waiter = {
        start: (connection) => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', giveUp)
          resolve(connection)
        },
      }
      const timer = setTimeout(giveUp, timeoutMs)
      signal?.addEventListener('abort', giveUp)
      this.#waiting.push(waiter)
    })
  }

  #giveBack(connection: DuckDBConnection): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#idle.push(connection)
    else next.start(connection)
  }
}

/** Values of a step, with the one that has to be found first. */
async function valuesOf({ oldest, values }: Step, connection: DuckDBConnection): Promise<Step['values']> {
  if (oldest === undefined) return values
  const { sql, values: own, types } = oldest.statement
  const found = await connection.runAndReadAll(sql, own, types)
  return { ...values, [oldest.parameter]: found.getRows()[0]?.[0] ?? null }
}

function handOver(answer: Answer, nextTsUs: number | undefined, onRows: AskOptions['onRows']): void {
  if (onRows === undefined) return
  const rows = answer.takeFinal(nextTsUs)
  for (let at = 0; at < rows.length; at += PAGE_ROWS)
    onRows(Buffer.from(`${rows.slice(at, at + PAGE_ROWS).join('\n')}\n`))
}

function invalid(fields: readonly FieldFault[]): StoreAnswer {
  return { ok: false, kind: 'invalid', message: 'The request is not valid', fields }
}

function unavailable(message: string): StoreAnswer {
  return { ok: false, kind: 'unavailable', message }
}
