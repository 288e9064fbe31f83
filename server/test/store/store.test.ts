import { EventEmitter } from 'node:events'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { FromWorker, ToWorker } from '../../src/store/protocol.ts'
import { EMPTY_STATS } from '../../src/store/stats.ts'
import { openStore, Store, StoreError, type StoreLog, type StoreWorker } from '../../src/store/store.ts'
import { buildThreadBundle, type ThreadBundle } from '../thread-bundle.ts'
import { Blocks } from './blocks.ts'
import { newDataDir } from './data-dir.ts'

/** A worker that does nothing by itself. */
class FakeWorker extends EventEmitter implements StoreWorker {
  readonly sent: ToWorker[] = []

  postMessage(message: ToWorker, transfer: readonly ArrayBuffer[] = []): void {
    this.sent.push(structuredClone(message, { transfer: [...transfer] }))
  }

  terminate(): Promise<void> {
    return Promise.resolve()
  }

  says(message: FromWorker): void {
    this.emit('message', message)
  }
}

interface Started {
  readonly worker: FakeWorker
  readonly store: Store
  readonly log: StoreLog
}

async function startFake(maxQueueBytes = 1 << 20): Promise<Started> {
  const worker = new FakeWorker()
  const log = { warn: vi.fn(), error: vi.fn() }
  const store = new Store(worker, { maxQueueBytes, closeTimeoutMs: 50, log })
  worker.says({ kind: 'ready' })
  await store.ready
  return { worker, store, log }
}

describe('Store', () => {
  it('sends a copy of a block and leaves the block as it is', async () => {
    const { worker, store } = await startFake()
    const block = new Blocks().invites(3)
    const before = Buffer.from(block.bytes).toString('hex')
    store.append(block)
    const [message] = worker.sent
    expect(message?.kind === 'append' && Buffer.from(message.bytes).toString('hex')).toBe(before)
    expect(Buffer.from(block.bytes).toString('hex')).toBe(before)
  })

  it('drops and counts blocks past its limit, and takes them again when the worker has caught up', async () => {
    const blocks = new Blocks()
    const first = blocks.invites(3)
    const { worker, store } = await startFake(first.bytes.length)
    store.append(first)
    store.append(blocks.invites(2))
    store.append(blocks.invites(2))
    expect(store.stats()).toMatchObject({ dropped: { 'queue-full': 4 }, queueBytes: first.bytes.length })
    worker.says({ kind: 'taken', bytes: first.bytes.length })
    expect(store.stats().queueBytes).toBe(0)
    store.append(blocks.invites(1))
    expect(worker.sent).toHaveLength(2)
    expect(store.stats().dropped).toEqual({ 'queue-full': 4 })
  })

  it('adds its own drops to those of the engine', async () => {
    const { worker, store } = await startFake(1)
    store.append(new Blocks().invites(2))
    worker.says({
      kind: 'stats',
      stats: { ...EMPTY_STATS, storedRows: 5, dropped: { 'disk-full': 7, 'queue-full': 1 } },
    })
    expect(store.stats()).toMatchObject({ storedRows: 5, dropped: { 'disk-full': 7, 'queue-full': 3 } })
  })

  it('goes on without its worker: counts what is lost, answers searches, says that it is down', async () => {
    const { worker, store, log } = await startFake()
    const blocks = new Blocks()
    store.append(blocks.invites(3))
    store.append(blocks.invites(2))
    const [firstBlock] = worker.sent
    worker.says({ kind: 'taken', bytes: firstBlock?.kind === 'append' ? firstBlock.bytes.length : 0 })
    const asked = store.search({})
    const flushed = store.flush()
    worker.emit('error', new Error('out of memory'))
    worker.emit('exit', 1)
    store.append(blocks.invites(4))
    const down = { ok: false, kind: 'unavailable', message: 'The store is not running' }
    expect(await asked).toEqual(down)
    expect(await store.messages({})).toEqual(down)
    await flushed
    await store.flush()
    expect(store.stats()).toMatchObject({
      state: 'down',
      lastError: 'worker-down: out of memory',
      dropped: { 'worker-down': 6 },
      queueBytes: 0,
    })
    expect(log.error).toHaveBeenCalledTimes(1)
    await store.close()
  })

  it('rejects ready when the engine does not open', async () => {
    const worker = new FakeWorker()
    const log = { warn: vi.fn(), error: vi.fn() }
    const store = new Store(worker, { maxQueueBytes: 1, closeTimeoutMs: 1, log })
    worker.says({ kind: 'failed', message: 'EACCES' })
    worker.emit('exit', 0)
    await expect(store.ready).rejects.toEqual(new StoreError('cannot open the store: EACCES'))
    expect(log.error).not.toHaveBeenCalled()
  })

  it('logs the faults of the engine', async () => {
    const { worker, log } = await startFake()
    worker.says({ kind: 'fault', fault: { cause: 'disk-full', message: 'ENOSPC' } })
    expect(log.warn).toHaveBeenCalledWith({ cause: 'disk-full' }, 'store: ENOSPC')
  })

  it('closes once, even if the worker does not answer, and counts what comes after', async () => {
    const { worker, store } = await startFake()
    await Promise.all([store.close(), store.close()])
    expect(worker.sent.map(({ kind }) => kind)).toEqual(['close'])
    store.append(new Blocks().invites(2))
    expect(store.stats().dropped).toEqual({ closed: 2 })
  })
})

describe('openStore', () => {
  let bundle: ThreadBundle
  let workerUrl: URL

  beforeAll(async () => {
    bundle = await buildThreadBundle({ 'store-worker': 'src/store/worker-entry.ts' })
    workerUrl = bundle.url('store-worker')
  })
  afterAll(() => bundle.remove())

  interface Answer {
    readonly data: { readonly items: { readonly seq: number }[] }
  }

  async function seqsIn(store: Store): Promise<number[]> {
    const answer = await store.search({ param: { limit: 50_000 } })
    if (!answer.ok) throw new Error(answer.message)
    return (JSON.parse(answer.json.toString()) as Answer).data.items.map(({ seq }) => seq).sort((a, b) => a - b)
  }

  it('stores and finds through a thread, and again after a restart', async () => {
    const dataDir = newDataDir()
    const blocks = new Blocks()
    const first = await openStore({ dataDir, workerUrl, memoryLimit: '512MB' })
    for (let i = 0; i < 30; i++) first.append(blocks.invites(100))
    await first.flush()
    expect(await seqsIn(first)).toEqual(Array.from({ length: 3000 }, (_, i) => i + 1))
    expect(first.stats()).toMatchObject({ state: 'ok', storedRows: 3000, dropped: {}, queueBytes: 0 })
    expect(await first.search({ filter: { src_port: 'x' } })).toMatchObject({ ok: false, kind: 'invalid' })
    first.append(blocks.invites(100))
    await first.close()

    const second = await openStore({ dataDir, workerUrl, memoryLimit: '512MB' })
    await second.flush()
    expect(await seqsIn(second)).toHaveLength(3100)
    await second.close()
  })

  it('hands rows over in pages, answers SQL, and ends what nobody wants any more', async () => {
    const store = await openStore({ dataDir: newDataDir(), workerUrl, memoryLimit: '512MB' })
    const blocks = new Blocks()
    for (let i = 0; i < 6; i++) store.append(blocks.invites(100))
    await store.flush()
    const pages: string[][] = []
    const onRows = (lines: Buffer): unknown => pages.push(lines.toString().trimEnd().split('\n'))
    const answer = await store.search({ param: { limit: 550 } }, { onRows })
    expect(answer.ok && (JSON.parse(answer.json.toString()) as object)).toMatchObject({ meta: { total: 550 } })
    expect(pages.map((page) => page.length)).toEqual([256, 256, 38])
    const counted = await store.query({ sql: 'SELECT count(*) AS n FROM hep_proto_1_call' })
    expect(counted.ok && (JSON.parse(counted.json.toString()) as object)).toMatchObject({
      data: { items: [{ n: 600 }] },
    })
    const endless = { sql: 'SELECT count(*) FROM range(1000000000000)' }
    const gone = new AbortController()
    const given = store.query(endless, { signal: gone.signal })
    gone.abort()
    expect(await given).toMatchObject({ ok: false, message: 'The query was given up' })
    await store.close()
  })

  it('loses nothing that the thread had taken when the thread dies of an error', async () => {
    const dataDir = newDataDir()
    const blocks = new Blocks()
    const worker = new Worker(workerUrl, { workerData: { options: { dataDir, memoryLimit: '512MB' } } })
    const killed = new Store(worker, { maxQueueBytes: 1 << 26, closeTimeoutMs: 1000, log: undefined })
    await killed.ready
    for (let i = 0; i < 20; i++) killed.append(blocks.invites(50))
    await vi.waitFor(() => expect(killed.stats().queueBytes).toBe(0))
    // No message of ours: the thread fails on it.
    worker.postMessage({ kind: 'append', bytes: undefined })
    await new Promise((resolve) => worker.once('exit', resolve))
    expect(killed.stats().state).toBe('down')
    const next = await openStore({ dataDir, workerUrl, memoryLimit: '512MB' })
    await next.flush()
    expect(await seqsIn(next)).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1))
    await next.close()
  })

  it('rejects with a StoreError if the data directory cannot be used', async () => {
    await expect(openStore({ dataDir: '/dev/null/data', workerUrl })).rejects.toBeInstanceOf(StoreError)
  })

  it('rejects with a StoreError if there is no worker', async () => {
    const missing = bundle.url('missing')
    await expect(openStore({ dataDir: newDataDir(), workerUrl: missing })).rejects.toBeInstanceOf(StoreError)
  })
})
