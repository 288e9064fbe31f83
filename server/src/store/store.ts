import { Worker } from 'node:worker_threads'
import { EventBlock } from '@hepscope/shared/event/block.ts'
import type { AskOptions, StoreAnswer } from './answer.ts'
import type { LogDirection, LogPosition } from './log-reader.ts'
import type { StoreOptions } from './options.ts'
import type { FromWorker, Question, ToWorker, WireAnswer, WorkerData } from './protocol.ts'
import { type DropCause, EMPTY_STATS, type StoreStats } from './stats.ts'

export type { StoreAnswer } from './answer.ts'
export type { StoreOptions } from './options.ts'
export type { DropCause, StoreStats } from './stats.ts'

/** The store could not be opened. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
}

export interface OpenStoreOptions extends StoreOptions {
  /** Most bytes on their way to the worker; past it a block is dropped, cause `queue-full`. Default 64 MiB. */
  readonly maxQueueBytes?: number
  /** How long `flush` and `close` wait for the worker, ms. Default 30,000. */
  readonly closeTimeoutMs?: number
  /** Told of what goes wrong; the same fault at most once a minute. */
  readonly log?: StoreLog
  /** Bundle of `worker-entry.ts`. Default: `store-worker.js` beside this file. */
  readonly workerUrl?: URL
}

/** The part of a pino logger that a store needs. */
export interface StoreLog {
  /** Something failed, and is handled or retried. */
  warn(fields: object, message: string): void
  /** Nothing is stored any more. */
  error(fields: object, message: string): void
}

/** The main thread's end of a worker: a `Worker`, or a stand-in of tests. */
export interface StoreWorker {
  postMessage(message: ToWorker, transfer?: readonly ArrayBuffer[]): void
  on(event: 'message', listener: (message: FromWorker) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'exit', listener: (code: number) => void): unknown
  terminate(): Promise<unknown>
}

const MAX_QUEUE_BYTES = 64 * 1024 * 1024
const CLOSE_TIMEOUT_MS = 30_000
/** V8 would let short-lived objects fill three times 16 MB before it looks for garbage; blocks live too briefly to need it. */
const YOUNG_GENERATION_MB = 6

/**
 * Start the store in a thread of its own.
 *
 * @throws StoreError if the data directory cannot be used or the thread does not start
 */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  const { maxQueueBytes, closeTimeoutMs, log, workerUrl, ...engineOptions } = options
  const workerData: WorkerData = { options: engineOptions }
  const worker = new Worker(workerUrl ?? new URL('./store-worker.js', import.meta.url), {
    workerData,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  })
  const store = new Store(worker, {
    maxQueueBytes: maxQueueBytes ?? MAX_QUEUE_BYTES,
    closeTimeoutMs: closeTimeoutMs ?? CLOSE_TIMEOUT_MS,
    log,
  })
  await store.ready
  return store
}

/** What the worker has not answered yet. */
interface OpenQuestion {
  readonly finish: (answer: StoreAnswer) => void
  readonly onRows: ((lines: Buffer) => void) | undefined
}

interface StoreLimits {
  readonly maxQueueBytes: number
  readonly closeTimeoutMs: number
  readonly log: StoreLog | undefined
}

/** The store as the main thread sees it: nothing here blocks, parses or waits for a disk. */
export class Store {
  /** Rejects with a StoreError if the worker does not start. */
  readonly ready: Promise<void>
  readonly #worker: StoreWorker
  readonly #limits: StoreLimits
  readonly #questions = new Map<number, OpenQuestion>()
  readonly #done = new Map<number, () => void>()
  readonly #logReads = new Map<number, (blocks: readonly EventBlock[]) => void>()
  /** Settled when nobody reads the log. */
  #lastLogRead: Promise<unknown> = Promise.resolve()
  /** Rows of the blocks that the worker has not taken yet, in order. */
  #queued: number[] = []
  #queueBytes = 0
  readonly #dropped = new Map<DropCause, number>()
  #engineStats: StoreStats = EMPTY_STATS
  #nextId = 1
  #isDown = false
  #downReason: string | undefined
  #closed: Promise<void> | undefined

  constructor(worker: StoreWorker, limits: StoreLimits) {
    this.#worker = worker
    this.#limits = limits
    this.ready = new Promise((resolve, reject) => {
      worker.on('message', (message) => {
        if (message.kind === 'ready') resolve()
        else if (message.kind === 'failed') {
          this.#closed = Promise.resolve()
          reject(new StoreError(`cannot open the store: ${message.message}`))
        } else this.#receive(message)
      })
      worker.on('error', (error) => {
        this.#end(error.message)
        reject(new StoreError(`the store's thread failed: ${error.message}`, { cause: error }))
      })
      worker.on('exit', (code) => {
        this.#end(`exit code ${code}`)
        reject(new StoreError(`the store's thread ended: exit code ${code}`))
      })
    })
  }

  /**
   * Store the events of a block. Its bytes are copied and go to the worker; the caller keeps the block.
   *
   * Never blocks and never throws: what cannot be stored is dropped here and counted by cause.
   */
  append(block: EventBlock): void {
    const size = block.bytes.length
    const cause = this.#refusal(size)
    if (cause !== undefined) {
      this.#drop(cause, block.count)
      return
    }
    // `slice` and not `subarray`: the bytes are shared with the stream, and a transfer takes them away.
    const bytes = new Uint8Array(block.bytes)
    this.#queueBytes += size
    this.#queued.push(block.count)
    this.#worker.postMessage({ kind: 'append', bytes }, [bytes.buffer])
  }

  /** Answer the body of `POST /api/v4/transactions/search`. Never rejects. */
  search(body: unknown, options: AskOptions = {}): Promise<StoreAnswer> {
    return this.#ask('search', body, options)
  }

  /** Answer the body of `POST /api/v4/transactions/messages`. Never rejects. */
  messages(body: unknown, options: AskOptions = {}): Promise<StoreAnswer> {
    return this.#ask('messages', body, options)
  }

  /** Answer the body of `POST /api/v4/transactions/calls`. Never rejects. */
  calls(body: unknown, options: AskOptions = {}): Promise<StoreAnswer> {
    return this.#ask('calls', body, options)
  }

  /** Answer the body of `POST /api/v4/query`. Never rejects. */
  query(body: unknown, options: AskOptions = {}): Promise<StoreAnswer> {
    return this.#ask('query', body, options)
  }

  /**
   * Blocks of the log next to a position, the sealed segments that were kept included, about 1 MiB of them in the order
   * of writing. One reads at a time, so that the store's thread is not taken up with it. Never rejects; empty if there
   * are none.
   */
  readLog(direction: LogDirection, from: LogPosition): Promise<readonly EventBlock[]> {
    const read = this.#lastLogRead.then(() => this.#readLog(direction, from))
    this.#lastLogRead = read
    return read
  }

  /** Counters of the engine are at most a quarter of a second old. */
  stats(): StoreStats {
    const dropped = { ...this.#engineStats.dropped }
    for (const [cause, rows] of this.#dropped) dropped[cause] = (dropped[cause] ?? 0) + rows
    return {
      ...this.#engineStats,
      dropped,
      queueBytes: this.#queueBytes,
      queueLimitBytes: this.#limits.maxQueueBytes,
      ...(this.#downReason !== undefined && { state: 'down', lastError: `worker-down: ${this.#downReason}` }),
    }
  }

  /** Wait until all blocks appended so far can be searched and are on disk; at most `closeTimeoutMs`. */
  flush(): Promise<void> {
    return this.#command('flush')
  }

  /** Put all blocks appended so far on disk and end the thread. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    await this.#command('close')
    await this.#worker.terminate()
  }

  #refusal(size: number): DropCause | undefined {
    if (this.#closed !== undefined) return 'closed'
    if (this.#isDown) return 'worker-down'
    return this.#queueBytes + size > this.#limits.maxQueueBytes ? 'queue-full' : undefined
  }

  #drop(cause: DropCause, rows: number): void {
    this.#dropped.set(cause, (this.#dropped.get(cause) ?? 0) + rows)
  }

  #ask(kind: Question, body: unknown, { signal, onRows }: AskOptions): Promise<StoreAnswer> {
    if (this.#isDown || this.#closed !== undefined) return Promise.resolve(DOWN)
    const id = this.#nextId++
    const cancel = (): void => this.#worker.postMessage({ kind: 'cancel', id })
    return new Promise((resolve) => {
      const finish = (answer: StoreAnswer): void => {
        signal?.removeEventListener('abort', cancel)
        this.#questions.delete(id)
        resolve(answer)
      }
      this.#questions.set(id, { finish, onRows })
      this.#worker.postMessage({ kind, id, body, asRows: onRows !== undefined })
      if (signal?.aborted === true) cancel()
      signal?.addEventListener('abort', cancel)
    })
  }

  #readLog(direction: LogDirection, from: LogPosition): Promise<readonly EventBlock[]> {
    if (this.#isDown || this.#closed !== undefined) return Promise.resolve([])
    const id = this.#nextId++
    return new Promise((resolve) => {
      this.#logReads.set(id, (blocks) => {
        this.#logReads.delete(id)
        resolve(blocks)
      })
      this.#worker.postMessage({ kind: 'log', id, direction, from })
    })
  }

  #command(kind: 'flush' | 'close'): Promise<void> {
    if (this.#isDown) return Promise.resolve()
    const id = this.#nextId++
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer)
        this.#done.delete(id)
        resolve()
      }
      const timer = setTimeout(finish, this.#limits.closeTimeoutMs)
      this.#done.set(id, finish)
      this.#worker.postMessage({ kind, id })
    })
  }

  #receive(message: Exclude<FromWorker, { kind: 'ready' | 'failed' }>): void {
    switch (message.kind) {
      case 'taken':
        this.#queueBytes -= message.bytes
        this.#queued.shift()
        break
      case 'answer':
        this.#questions.get(message.id)?.finish(fromWire(message.answer))
        break
      case 'rows':
        this.#questions.get(message.id)?.onRows?.(Buffer.from(message.lines.buffer))
        break
      case 'log':
        this.#logReads.get(message.id)?.(message.blocks.map((bytes) => new EventBlock(bytes)))
        break
      case 'done':
        this.#done.get(message.id)?.()
        break
      case 'stats':
        this.#engineStats = message.stats
        break
      case 'fault':
        this.#limits.log?.warn({ cause: message.fault.cause }, `store: ${message.fault.message}`)
        break
    }
  }

  /** The worker is gone. What it had not taken is lost, and what comes will be. */
  #end(message: string): void {
    if (this.#isDown) return
    this.#isDown = true
    for (const rows of this.#queued.splice(0)) this.#drop('worker-down', rows)
    this.#queueBytes = 0
    for (const { finish } of [...this.#questions.values()]) finish(DOWN)
    for (const finish of [...this.#done.values()]) finish()
    for (const finish of [...this.#logReads.values()]) finish([])
    if (this.#closed !== undefined) return
    this.#downReason = message
    this.#limits.log?.error({ cause: 'worker-down' }, `store: the worker ended: ${message}`)
  }
}

const DOWN: StoreAnswer = { ok: false, kind: 'unavailable', message: 'The store is not running' }

function fromWire(answer: WireAnswer): StoreAnswer {
  return answer.ok ? { ok: true, json: Buffer.from(answer.json.buffer) } : answer
}
