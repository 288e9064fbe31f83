import { randomUUID } from 'node:crypto'
import type { DuckDBConnection } from '@duckdb/node-api'
import { Answer, type StoreAnswer } from './answer.ts'
import type { Catalog, Snapshot } from './catalog.ts'
import { interruptUntil } from './database.ts'
import { type Plan, planMessages, planSearch } from './query.ts'
import { type FieldFault, parseMessages, parseSearch, type TimeRange } from './search-request.ts'

export interface SearchPoolOptions {
  readonly catalog: Catalog
  readonly dataDir: string
  /** One for each search that may run at the same time. */
  readonly connections: readonly DuckDBConnection[]
  readonly timeoutMs: number
}

/** Searches that may wait; further ones are refused. */
const MAX_WAITING = 64
const AGAIN_MS = 250

type MakePlan = (snapshot: Snapshot) => Plan

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
  async search(body: unknown): Promise<StoreAnswer> {
    const parsed = parseSearch(body)
    if (!parsed.ok) return invalid(parsed.faults)
    const { request } = parsed
    return this.#ask(request.time, (snapshot) => planSearch(request, snapshot, this.#options.dataDir))
  }

  /** Answer the body of `POST /transactions/messages`. Never rejects. */
  async messages(body: unknown): Promise<StoreAnswer> {
    const parsed = parseMessages(body)
    if (!parsed.ok) return invalid(parsed.faults)
    const { request } = parsed
    return this.#ask(request.time, (snapshot) => planMessages(request, snapshot, this.#options.dataDir))
  }

  /** End what runs and what waits, both with the answer `unavailable`; resolves when nothing runs any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const waiter of this.#waiting.splice(0)) waiter.start(undefined)
    await interruptUntil(this.#options.connections, Promise.all(this.#running))
  }

  #ask(time: TimeRange, makePlan: MakePlan): Promise<StoreAnswer> {
    if (this.#waiting.length >= MAX_WAITING) return Promise.resolve(unavailable('Too many searches are waiting'))
    const answer = this.#answer(time, makePlan)
    this.#running.add(answer)
    return answer.finally(() => this.#running.delete(answer))
  }

  async #answer(time: TimeRange, makePlan: MakePlan): Promise<StoreAnswer> {
    const { timeoutMs, catalog } = this.#options
    const startedMs = performance.now()
    const connection = await this.#takeConnection(timeoutMs)
    if (connection === undefined) return this.#givenUp()
    const snapshot = catalog.snapshot()
    const deadline = new Deadline(connection, timeoutMs - (performance.now() - startedMs))
    try {
      const plan = makePlan(snapshot)
      const answer = new Answer(plan)
      for (const { sql, values, types, maxTsUs } of plan.steps) {
        if (answer.isComplete(maxTsUs)) break
        await answer.add(await connection.run(sql, values, types))
      }
      const tookMs = performance.now() - startedMs
      return { ok: true, json: answer.format({ requestId: randomUUID(), time, tookMs }) }
    } catch (error) {
      return deadline.isPassed || this.#isClosed
        ? this.#givenUp()
        : unavailable(`The search failed: ${firstLine(error)}`)
    } finally {
      deadline.clear()
      snapshot.release()
      this.#giveBack(connection)
    }
  }

  #givenUp(): StoreAnswer {
    if (this.#isClosed) return unavailable('The store is closing')
    return unavailable(`The search took longer than ${this.#options.timeoutMs / 1000} s`)
  }

  /** @returns undefined if none was free in time, or the pool was closed */
  #takeConnection(timeoutMs: number): Promise<DuckDBConnection | undefined> {
    if (this.#isClosed) return Promise.resolve(undefined)
    const idle = this.#idle.pop()
    if (idle !== undefined) return Promise.resolve(idle)
    return new Promise((resolve) => {
      const waiter: Waiter = {
        start: (connection) => {
          clearTimeout(timer)
          resolve(connection)
        },
      }
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((one) => one !== waiter)
        resolve(undefined)
      }, timeoutMs)
      this.#waiting.push(waiter)
    })
  }

  #giveBack(connection: DuckDBConnection): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#idle.push(connection)
    else next.start(connection)
  }
}

/** Interrupts a connection when the time is up. */
class Deadline {
  isPassed = false
  #timer: NodeJS.Timeout

  constructor(connection: DuckDBConnection, ms: number) {
    const pass = (): void => {
      this.isPassed = true
      connection.interrupt()
      // An interrupt that comes before the query has begun is forgotten.
      this.#timer = setTimeout(pass, AGAIN_MS)
    }
    this.#timer = setTimeout(pass, ms)
  }

  clear(): void {
    clearTimeout(this.#timer)
  }
}

function invalid(fields: readonly FieldFault[]): StoreAnswer {
  return { ok: false, kind: 'invalid', message: 'The request is not valid', fields }
}

function unavailable(message: string): StoreAnswer {
  return { ok: false, kind: 'unavailable', message }
}

/** DuckDB's errors quote the statement behind their first line. */
function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? ''
}
