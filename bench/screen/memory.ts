import type { CDPSession, Page } from '@playwright/test'
import { setTimeout as sleep } from 'node:timers/promises'
import { MeasuredServer } from '../ingest/server.ts'
import { openLive, withPage } from './browser.ts'
import type { Figure, Plan } from './figure.ts'
import { Load } from './load.ts'

/** What the page keeps of events, and more than it keeps of calls takes. */
const RING_EVENTS = 200_000
const FILL_FACTOR = 1.6
const SAMPLES = 20
/** Ten minutes of 1,000 events a second. */
const PER_EVENTS = 600_000

/** Memory of page and worker after the ring has filled: what garbage collection leaves, and how it grows. */
export async function measureMemory({ rate, memoryEvents }: Plan): Promise<readonly Figure[]> {
  const server = await MeasuredServer.start(1)
  const load = new Load(server, rate)
  try {
    return await withPage(server, async (page) => {
      await openLive(page)
      const heap = await WorkerHeap.open(page)
      await sleep(((RING_EVENTS * FILL_FACTOR) / rate) * 1000)
      const samples: { readonly events: number; readonly bytes: number }[] = []
      for (let i = 0; i < SAMPLES; i++) {
        samples.push({ events: (memoryEvents * i) / (SAMPLES - 1), bytes: await heap.bytes() })
        if (i < SAMPLES - 1) await sleep((memoryEvents / (SAMPLES - 1) / rate) * 1000)
      }
      const megabytes = samples.map(({ bytes }) => bytes / 1024 / 1024)
      return [
        { name: 'memory: page and worker, filled', value: Math.max(...megabytes), unit: 'MiB', below: 400 },
        {
          name: `memory: growth per ${PER_EVENTS.toLocaleString('en')} events`,
          value: slope(samples),
          unit: 'MiB',
          below: 1,
        },
      ]
    })
  } finally {
    await load.stop()
    await server.stop()
  }
}

/** Least squares, in MiB over `PER_EVENTS`. */
function slope(samples: readonly { readonly events: number; readonly bytes: number }[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const x = mean(samples.map(({ events }) => events))
  const y = mean(samples.map(({ bytes }) => bytes))
  const above = samples.reduce((sum, { events, bytes }) => sum + (events - x) * (bytes - y), 0)
  const below = samples.reduce((sum, { events }) => sum + (events - x) ** 2, 0)
  return ((above / below) * PER_EVENTS) / 1024 / 1024
}

/** The heaps of a page and of its worker, with the buffers that hang on them. */
class WorkerHeap {
  readonly #cdp: CDPSession
  #workerSession = ''
  #nextId = 1
  readonly #waiting = new Map<number, (result: unknown) => void>()

  constructor(cdp: CDPSession) {
    this.#cdp = cdp
  }

  /** @throws Error if the page has no worker */
  static async open(page: Page): Promise<WorkerHeap> {
    const heap = new WorkerHeap(await page.context().newCDPSession(page))
    const cdp = heap.#cdp
    cdp.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
      if (targetInfo.type === 'worker') heap.#workerSession = sessionId
    })
    cdp.on('Target.receivedMessageFromTarget', ({ message }) => {
      const { id, result } = JSON.parse(message) as { readonly id?: number; readonly result?: unknown }
      if (id !== undefined) heap.#waiting.get(id)?.(result)
    })
    await cdp.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false })
    if (heap.#workerSession === '') throw new Error('the page has no worker')
    return heap
  }

  /** What is in use after a collection. */
  async bytes(): Promise<number> {
    await this.#cdp.send('HeapProfiler.collectGarbage')
    await this.#inWorker('HeapProfiler.collectGarbage')
    return (
      usedBytes(await this.#cdp.send('Runtime.getHeapUsage')) + usedBytes(await this.#inWorker('Runtime.getHeapUsage'))
    )
  }

  #inWorker(method: string): Promise<unknown> {
    const id = this.#nextId++
    const answered = new Promise<unknown>((resolve) => this.#waiting.set(id, resolve))
    const message = JSON.stringify({ id, method })
    void this.#cdp.send('Target.sendMessageToTarget', { sessionId: this.#workerSession, message })
    return answered
  }
}

/** @param usage answer to `Runtime.getHeapUsage`; older browsers do not count buffers */
function usedBytes(usage: unknown): number {
  const { usedSize = NaN, backingStorageSize = 0 } = usage as { usedSize?: number; backingStorageSize?: number }
  return usedSize + backingStorageSize
}
