import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { EventBlock } from '@hepscope/shared/event/block.ts'
import { CallbackError } from './callbacks.ts'
import { IngestCounters } from './counters.ts'
import { ListenError } from './listener.ts'
import type { FromThread, OpenedSocket, ThreadData, ThreadListener, ToThread } from './protocol.ts'
import type { ReceptionOptions, ThreadPrograms } from './reception.ts'

/** How long a thread may take to hand over what it has. */
const CLOSE_TIMEOUT_MS = 5000

const PROGRAMS: ThreadPrograms = {
  thread: new URL('./ingest-thread.js', import.meta.url),
  courier: new URL('./descriptor-courier.js', import.meta.url),
}

export interface ThreadEvents {
  /** A block whose `seq` is not that of the node yet, and the packets that it was made of, see `packetsIn`. */
  readonly onBlock: (bytes: Uint8Array, packets: Uint8Array) => void
  /** It has ended by itself, after it had started well. */
  readonly onEnd: (reason: string) => void
}

/** The main thread's end of one thread that receives. It may be started again after it has ended. */
export class IngestThread {
  readonly index: number
  /** These go on from start to start. */
  readonly counters = new IngestCounters()
  /** Its open sockets in the order of the listeners; empty unless it runs. */
  sockets: readonly OpenedSocket[] = []
  readonly #options: ReceptionOptions
  readonly #events: ThreadEvents
  readonly #waiting = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  #worker: Worker | undefined
  #handedOver = 0
  #onClosed: (() => void) | undefined

  constructor(index: number, options: ReceptionOptions, events: ThreadEvents) {
    this.index = index
    this.#options = options
    this.#events = events
  }

  get isRunning(): boolean {
    return this.sockets.length > 0
  }

  /**
   * Start it and wait until its listeners are open.
   *
   * @throws ListenError, CallbackError, or Error if the thread or its sockets could not be had
   */
  async start(listeners: readonly ThreadListener[]): Promise<void> {
    const { source, blockIntervalMs, scan, callbacks, onPacket, programs = PROGRAMS } = this.#options
    const data: ThreadData = {
      thread: this.index,
      listeners,
      source,
      blockIntervalMs,
      scan,
      callbacks,
      wantsPackets: onPacket !== undefined,
      counters: this.counters.buffer,
      waiting: this.#waiting.buffer,
      courier: fileURLToPath(programs.courier),
    }
    const worker = new Worker(programs.thread, { workerData: data, name: `ingest-${this.index}` })
    this.#worker = worker
    let reason = ''
    worker.on('error', (error) => (reason = error.message))
    try {
      await new Promise<void>((resolve, reject) => {
        worker.on('message', (message: FromThread) => {
          if (message.kind === 'failed') reject(startError(message))
          else if (message.kind === 'ready') {
            this.sockets = message.listeners
            resolve()
          } else this.#take(message)
        })
        worker.on('exit', (code) => {
          reason ||= `exit code ${code}`
          const wasRunning = this.isRunning
          this.#worker = undefined
          this.sockets = []
          Atomics.store(this.#waiting, 0, 0)
          this.#onClosed?.()
          reject(new Error(`the thread ended: ${reason}`))
          if (wasRunning && this.#onClosed === undefined) this.#events.onEnd(reason)
        })
      })
    } catch (error) {
      await worker.terminate()
      throw error
    }
  }

  /** Events that were collected in a thread that has ended, and are therefore lost. Counts them once. */
  takeLost(): number {
    const lost = this.counters.events - this.#handedOver
    this.#handedOver += lost
    return lost
  }

  /** Take what it has and end it; at most `CLOSE_TIMEOUT_MS`. */
  async close(): Promise<void> {
    const worker = this.#worker
    if (worker === undefined) return
    if (this.isRunning) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, CLOSE_TIMEOUT_MS)
        this.#onClosed = () => {
          clearTimeout(timer)
          resolve()
        }
        const request: ToThread = { kind: 'close' }
        worker.postMessage(request)
      })
    }
    await worker.terminate()
  }

  #take(message: Extract<FromThread, { kind: 'block' | 'log' | 'closed' }>): void {
    switch (message.kind) {
      case 'block': {
        const { bytes, packets } = message
        this.#handedOver += new EventBlock(bytes).count
        this.#events.onBlock(bytes, packets)
        Atomics.sub(this.#waiting, 0, bytes.length + packets.length)
        Atomics.notify(this.#waiting, 0)
        break
      }
      case 'log':
        this.#options.log.warn({ thread: this.index, ...message.fields }, message.message)
        break
      case 'closed':
        this.#onClosed?.()
        break
    }
  }
}

function startError({ cause, message }: Extract<FromThread, { kind: 'failed' }>): Error {
  switch (cause) {
    case 'listener':
      return new ListenError(message)
    case 'callback':
      return new CallbackError(message)
    case 'other':
      return new Error(message)
  }
}
