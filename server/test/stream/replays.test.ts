import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { Broker, type BrokerOptions } from '../../src/stream/broker.ts'
import type { PastBlocks } from '../../src/stream/past.ts'
import { BlockLog } from '../../src/store/block-log.ts'
import { nodeFiles } from '../../src/store/files.ts'
import { LogReader } from '../../src/store/log-reader.ts'
import { BlockSource, invite } from '../events.ts'
import { FakeSocket } from './fake-socket.ts'
import { unhurried } from './unhurried.ts'

const VIEW = {
  filter: { protos: [], methods: [], onlyRequests: false },
  format: 'block',
  withPayload: false,
  withControl: true,
  history: 0,
  limits: { queueLength: 1_000_000, ratePerSec: 0 },
} as const

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)

/** A stream with a small ring whose events are also in a log on disk, as in a server. */
class Server {
  readonly broker: Broker
  readonly log: BlockLog
  readonly epoch: number
  /** Ends of reads that were begun; while it is set, reads wait for it. */
  gate: Promise<void> | undefined
  readCount = 0
  readonly #source: BlockSource
  #events = 0

  constructor(directory: string, epoch: number, options: Partial<BrokerOptions> = {}) {
    this.epoch = epoch
    this.#source = new BlockSource(epoch)
    this.log = new BlockLog({
      directory,
      files: nodeFiles,
      segmentBytes: 100_000,
      maxBytes: 1 << 30,
      isNameTaken: () => false,
      onFault: () => undefined,
      now: () => 0,
    })
    const reader = new LogReader({ files: nodeFiles, segments: () => this.log.segments, onFault: () => undefined })
    const past: PastBlocks = {
      node: 'test',
      epoch,
      read: async (direction, from) => {
        this.readCount++
        const blocks = await reader.read(direction, from)
        await this.gate
        return blocks
      },
    }
    const limits = { bufferEvents: 50, bufferBytes: 1 << 26, maxSubscribers: 8, keepsPayload: true }
    this.broker = new Broker({ ...limits, past, ...options }, unhurried())
  }

  next(count: number): EventBlock {
    return this.#source.block(Array.from({ length: count }, () => invite(`c${++this.#events}`)))
  }

  /** Events come: stream first, then store. */
  take(count: number): void {
    const block = this.next(count)
    this.broker.publish(block)
    this.log.append(block)
  }
}

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'hepscope-replay-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  return directory
}

async function settles(socket: FakeSocket): Promise<void> {
  await expect.poll(() => socket.control.at(-1)?.type, { timeout: 5000 }).toBe('replay-end')
}

const gapsOf = (socket: FakeSocket): string[] =>
  socket.control.flatMap((frame) => (frame.type === 'gap' ? [`${frame.cause} ${frame.from}-${frame.to ?? ''}`] : []))

describe('since', () => {
  it('has what the ring has forgotten, and all that comes meanwhile, once and in order', async () => {
    const server = new Server(newDirectory(), 1)
    for (let i = 0; i < 300; i++) server.take(10)
    const socket = new FakeSocket()
    const viewer = server.broker.subscribe({ ...VIEW, since: [{ epoch: 1, seq: 7 }] }, socket)
    for (let i = 0; i < 200; i++) {
      server.take(10)
      if (i % 20 === 0) await setTimeout(1)
    }
    await settles(socket)
    server.take(10)
    expect(socket.seqs).toEqual(upTo(5010).slice(7))
    expect(gapsOf(socket)).toEqual([])
    expect(viewer).toMatchObject({ matchedCount: 5003, sentCount: 5003, waitingCount: 0 })
  })

  it('reads no further than a viewer takes, and keeps nothing for it but a step', async () => {
    const server = new Server(newDirectory(), 1)
    for (let i = 0; i < 3000; i++) server.take(10)
    const socket = new FakeSocket()
    const viewer = server.broker.subscribe({ ...VIEW, since: [{ epoch: 1, seq: 1 }] }, socket)
    socket.isStuck = true
    await setTimeout(50)
    const { readCount } = server
    expect(readCount).toBeLessThanOrEqual(2)
    for (let i = 0; i < 100; i++) server.take(10)
    await setTimeout(50)
    expect(server.readCount).toBe(readCount)
    expect(viewer.waitingCount).toBeLessThan(10_000)
    socket.isStuck = false
    server.broker.resume(viewer)
    await settles(socket)
    expect(socket.seqs).toEqual(upTo(31_000).slice(1))
  })

  it('meets the ring while the ring runs away: what it held when the log was asked is not lost', async () => {
    const server = new Server(newDirectory(), 1)
    for (let i = 0; i < 20; i++) server.take(10)
    const socket = new FakeSocket()
    let open = (): void => undefined
    server.gate = new Promise((resolve) => (open = resolve))
    server.broker.subscribe({ ...VIEW, since: [{ epoch: 1, seq: 0 }] }, socket)
    // The answer is on its way; when it comes, the ring has nothing any more of what follows it.
    await setTimeout(20)
    for (let i = 0; i < 20; i++) server.take(10)
    server.gate = undefined
    open()
    await settles(socket)
    expect(socket.seqs).toEqual(upTo(400))
  })

  it('names what neither the log nor the ring has', async () => {
    const server = new Server(newDirectory(), 1)
    for (let i = 0; i < 10; i++) server.take(10)
    // Streamed but not stored, as with a full disk.
    for (let i = 0; i < 10; i++) server.broker.publish(server.next(10))
    for (let i = 0; i < 10; i++) server.take(10)
    const early = new FakeSocket()
    server.broker.subscribe({ ...VIEW, since: [{ epoch: 1, seq: 95 }] }, early)
    await settles(early)
    expect(gapsOf(early)).toEqual(['ring 101-200'])
    expect(early.seqs).toEqual(upTo(300).filter((seq) => seq > 95 && (seq <= 100 || seq > 200)))

    for (let i = 0; i < 10; i++) server.broker.publish(server.next(10))
    const late = new FakeSocket()
    server.broker.subscribe({ ...VIEW, since: [{ epoch: 1, seq: 290 }] }, late)
    await settles(late)
    expect(gapsOf(late)).toEqual(['ring 301-350'])
    expect(late.seqs).toEqual(upTo(400).filter((seq) => seq > 290 && (seq <= 300 || seq > 350)))
  })

  it('goes on from before a restart, and says that the end of that run is not known', async () => {
    const directory = newDirectory()
    const first = new Server(directory, 1)
    for (let i = 0; i < 30; i++) first.take(10)
    await first.log.close()
    const second = new Server(directory, 5)
    const quiet = new FakeSocket()
    second.broker.subscribe({ ...VIEW, since: [{ epoch: 1, seq: 250, node: 'test' }] }, quiet)
    await settles(quiet)
    expect(quiet.seqs).toEqual(upTo(300).slice(250))
    for (let i = 0; i < 30; i++) second.take(10)
    const socket = new FakeSocket()
    second.broker.subscribe({ ...VIEW, since: [{ epoch: 1, seq: 250 }] }, socket)
    await settles(socket)
    expect(gapsOf(socket)).toEqual(['restart 301-'])
    expect(socket.seqs).toEqual([...upTo(300).slice(250), ...upTo(300)])
  })

  it('does not read the log for what the ring has, nor for epoch 0, which is what the ring has', async () => {
    const server = new Server(newDirectory(), 1)
    for (let i = 0; i < 30; i++) server.take(10)
    for (const since of [[{ epoch: 1, seq: 250 }], [{ epoch: 0, seq: 0 }], [{ epoch: 1, seq: 1, node: 'other' }]]) {
      const socket = new FakeSocket()
      server.broker.subscribe({ ...VIEW, since }, socket)
      await settles(socket)
      expect(socket.seqs).toEqual(upTo(300).slice(250))
    }
    expect(server.readCount).toBe(0)
  })

  it('applies the filter, takes payloads away and masks header fields as in the ring', async () => {
    const server = new Server(newDirectory(), 1, { maskedHeaders: ['from'] })
    for (let i = 0; i < 30; i++) server.take(10)
    const filter = { ...VIEW.filter, narrowing: { callid: ['c3', 'c299'] } }
    const socket = new FakeSocket()
    const request = { ...VIEW, format: 'json', withPayload: true, filter, since: [{ epoch: 1, seq: 0 }] } as const
    server.broker.subscribe(request, socket)
    await settles(socket)
    expect(socket.callIds).toEqual(['c3', 'c299'])
    const payloads = socket.frames.flatMap((frame) => ('payload' in frame ? [String(frame.payload)] : []))
    expect(payloads).toHaveLength(2)
    for (const payload of payloads) expect(payload).not.toContain('alice')
    const without = new FakeSocket()
    server.broker.subscribe({ ...request, withPayload: false }, without)
    await settles(without)
    expect(without.frames.filter((frame) => 'payload' in frame)).toEqual([])
  })

  it('sends no event that the stream still holds back, and sends it once', async () => {
    const server = new Server(newDirectory(), 1)
    for (let i = 0; i < 30; i++) server.take(10)
    // As where a stream waits for other nodes: stored, but not yet published.
    const held = [server.next(10), server.next(10)]
    for (const block of held) server.log.append(block)
    const socket = new FakeSocket()
    server.broker.subscribe({ ...VIEW, since: [{ epoch: 1, seq: 0 }] }, socket)
    await settles(socket)
    expect(socket.seqs).toEqual(upTo(300))
    for (const block of held) server.broker.publish(block)
    expect(socket.seqs).toEqual(upTo(320))
    expect(gapsOf(socket)).toEqual([])
  })

  it('has the events of other nodes that come while the log is read', async () => {
    const server = new Server(newDirectory(), 1, { bufferEvents: 400 })
    const other = new BlockSource(3, 'far')
    for (let i = 0; i < 500; i++) server.take(10)
    server.broker.publish(other.block([invite('far-0'), invite('far-1')]))
    const socket = new FakeSocket()
    const since = [
      { epoch: 1, seq: 0, node: 'test' },
      { epoch: 3, seq: 1, node: 'far' },
    ]
    server.broker.subscribe({ ...VIEW, format: 'json', since }, socket)
    for (let i = 2; i < 200; i++) {
      server.take(10)
      server.broker.publish(other.block([invite(`far-${i}`)]))
      if (i % 5 === 0) await setTimeout(1)
    }
    await settles(socket)
    const farIds = socket.callIds.filter((id) => id.startsWith('far-'))
    expect(farIds).toEqual(Array.from({ length: 199 }, (_, i) => `far-${i + 1}`))
    expect(socket.callIds.filter((id) => id.startsWith('c'))).toEqual(upTo(6980).map((i) => `c${i}`))
    expect(gapsOf(socket)).toEqual([])
  })

  it('ends with its viewer', async () => {
    const server = new Server(newDirectory(), 1)
    for (let i = 0; i < 3000; i++) server.take(10)
    const socket = new FakeSocket()
    let open = (): void => undefined
    server.gate = new Promise((resolve) => (open = resolve))
    const viewer = server.broker.subscribe({ ...VIEW, since: [{ epoch: 1, seq: 0 }] }, socket)
    server.broker.unsubscribe(viewer)
    open()
    await setTimeout(30)
    expect(server.readCount).toBe(1)
    expect(socket.seqs).toEqual([])
    expect(server.broker.groupCount).toBe(0)
  })
})

describe('history', () => {
  it.each([10, 50, 51, 200, 295, 300, 1000])(
    'of %i has the newest events there are, and the live ones',
    async (asked) => {
      const server = new Server(newDirectory(), 1)
      for (let i = 0; i < 30; i++) server.take(10)
      const socket = new FakeSocket()
      server.broker.subscribe({ ...VIEW, history: asked }, socket)
      server.take(10)
      await expect.poll(() => socket.seqs.at(-1)).toBe(310)
      expect(socket.seqs).toEqual(upTo(310).slice(Math.max(0, 300 - asked)))
    },
  )

  it('of a narrow filter is looked for further back, also before a restart', async () => {
    const directory = newDirectory()
    const first = new Server(directory, 1)
    for (let i = 0; i < 300; i++) first.take(10)
    await first.log.close()
    const second = new Server(directory, 5)
    for (let i = 0; i < 20; i++) second.take(10)
    const socket = new FakeSocket()
    const filter = { ...VIEW.filter, narrowing: { callid: ['c17', 'c199', 'c2001'] } }
    second.broker.subscribe({ ...VIEW, format: 'json', filter, history: 4 }, socket)
    await settles(socket)
    expect(socket.callIds).toEqual(['c199', 'c2001', 'c17', 'c199'])
  })

  it('loses nothing to events that come faster than the log is read', async () => {
    const server = new Server(newDirectory(), 1)
    for (let i = 0; i < 30; i++) server.take(10)
    const socket = new FakeSocket()
    let open = (): void => undefined
    server.gate = new Promise((resolve) => (open = resolve))
    const viewer = server.broker.subscribe({ ...VIEW, history: 100 }, socket)
    for (let i = 0; i < 500; i++) server.take(10)
    open()
    await expect
      .poll(() => {
        server.broker.resume(viewer)
        return socket.control.at(-1)?.type
      })
      .toBe('replay-end')
    expect(socket.seqs).toEqual(upTo(5300).slice(200))
  })
})
