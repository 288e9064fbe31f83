import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it, vi } from 'vitest'
import { BlockSource, invite, sipPacket } from '../events.ts'
import { Stage } from './stage.ts'

const MB = 1024 * 1024
const AT_A_TIME = 25

function invites(from: number, to: number): ReturnType<typeof invite>[] {
  return Array.from({ length: to - from }, (_, i) => invite(`c${from + i}`))
}

function callIdOf(data: Buffer): string | undefined {
  return (JSON.parse(data.toString('utf8')) as { sip?: { callid: string } }).sip?.callid
}

/** Memory in use once nothing is left to collect. */
function usedHeap(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

describe('StreamEndpoint', () => {
  it('sends more history than may wait in the queue, then live events, without gap or double', async () => {
    const { broker, ...stage } = await openWithHistory(6000)
    const seen: (string | undefined)[] = []
    await stage.watch('history=5000', (data) => seen.push(callIdOf(data)))
    broker.publish(stage.source.block(invites(6000, 6010)))
    await expect.poll(() => seen.length).toBe(5010)
    expect(seen).toEqual(Array.from({ length: 5010 }, (_, i) => `c${1000 + i}`))
  })

  it('sends a payload that is not UTF-8 as base64 to viewers with control frames', async () => {
    const stage = await Stage.open()
    const bytes = new Uint8Array([0x80, 0xc8, 0x00, 0xff])
    const plain: Buffer[] = []
    const detailed: Buffer[] = []
    await stage.watch('include_payload=1', (data) => plain.push(data))
    await stage.watch('include_payload=1&control=1&proto=5', (data) => detailed.push(data))
    stage.broker.publish(new BlockSource().block([{ ...invite(''), protocolType: 5, payload: bytes }]))
    await expect.poll(() => [plain.length, detailed.length]).toEqual([1, 3])
    expect(JSON.parse(String(detailed[2]))).toMatchObject({ payload_b64: Buffer.from(bytes).toString('base64') })
    expect(JSON.parse(String(detailed[2]))).not.toHaveProperty('payload')
    expect(JSON.parse(String(plain[0]))).toMatchObject({ payload: '\ufffd\ufffd\u0000\ufffd' })
    expect(JSON.parse(String(plain[0]))).not.toHaveProperty('payload_b64')
  })

  it('tells viewers with 1001 that the server goes, and does not wait for those that sleep', async () => {
    const stage = await Stage.open()
    const awake = await stage.watch('')
    const asleep = await stage.watchAsleep('')
    const told = once(awake, 'close') as Promise<[code: number, reason: Buffer]>
    const cut = once(asleep, 'close')
    asleep.resume()
    await stage.endpoint.close(200)
    const [code, reason] = await told
    expect([code, reason.toString()]).toEqual([1001, 'server is going away'])
    await cut
    await expect.poll(() => stage.broker.subscriberCount).toBe(0)
  })

  it('drops a viewer that leaves two pings unanswered, and keeps one that answers', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      const stage = await Stage.open()
      const awake = await stage.watch('')
      await stage.watchAsleep('')
      const missed = () => stage.endpoint.viewers.map(({ missedPongs }) => missedPongs)
      for (const sleeping of [1, 2]) {
        vi.advanceTimersByTime(30_000)
        await expect.poll(missed).toEqual([0, sleeping])
      }
      vi.advanceTimersByTime(29_999)
      expect(stage.broker.subscriberCount).toBe(2)
      vi.advanceTimersByTime(1)
      await expect.poll(() => stage.broker.subscriberCount).toBe(1)
      expect(awake.readyState).toBe(awake.OPEN)
    } finally {
      vi.useRealTimers()
    }
  })

  it('closes with 1009 on a viewer that says too much', async () => {
    const stage = await Stage.open()
    const socket = await stage.watch('')
    const closed = once(socket, 'close') as Promise<[code: number]>
    socket.send('x'.repeat(4096))
    socket.send('x'.repeat(4097))
    expect((await closed)[0]).toBe(1009)
    await expect.poll(() => stage.broker.subscriberCount).toBe(0)
  })

  it('keeps no viewer, no group and no memory of those that came and went without an event', async () => {
    const stage = await Stage.open()
    const source = new BlockSource()
    const comeAndGo = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i += AT_A_TIME) {
        const names = Array.from({ length: AT_A_TIME }, (_, k) => `never-${i + k}`)
        const sockets = await Promise.all(names.map((name) => stage.watch(`callid=${name}&control=1`)))
        stage.broker.publish(source.block(invites(0, 10)))
        const closed = sockets.map((socket) => once(socket, 'close'))
        for (const socket of sockets) socket.close()
        await Promise.all(closed)
      }
      await expect.poll(() => stage.broker.subscriberCount).toBe(0)
    }
    await comeAndGo(200)
    const before = usedHeap()
    await comeAndGo(1000)
    expect(stage.endpoint.viewers).toEqual([])
    expect(stage.broker.groupCount).toBe(0)
    expect(stage.broker.counts).toMatchObject({ matched: 0, sent: 0 })
    // The ring has taken 40 small blocks meanwhile. A kilobyte of each viewer would be a megabyte.
    await expect.poll(() => usedHeap() - before, { timeout: 10_000, interval: 200 }).toBeLessThan(MB)
  }, 60_000)
})

describe('viewers that never read', () => {
  const BLOCKS = 120
  const BLOCK_EVENTS = 60
  const SLEEPERS = 60
  const text = 'x'.repeat(1200)

  /** Publish, and measure how long the last event of each block takes to a viewer that reads. */
  async function load(stage: Stage, source: BlockSource): Promise<readonly number[]> {
    const delays: number[] = []
    const sentMs: number[] = []
    let frames = 0
    const reader = await stage.watch('include_payload=1', () => {
      frames++
      if (frames % BLOCK_EVENTS === 0) delays.push(performance.now() - (sentMs[frames / BLOCK_EVENTS - 1] ?? NaN))
    })
    for (let i = 0; i < BLOCKS; i++) {
      sentMs.push(performance.now())
      const packets = Array.from({ length: BLOCK_EVENTS }, () =>
        sipPacket('MESSAGE sip:b@example.com SIP/2.0', `m${i}`, '1 MESSAGE', { payload: Buffer.from(text) }),
      )
      stage.broker.publish(source.block(packets))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await expect.poll(() => frames).toBe(BLOCKS * BLOCK_EVENTS)
    reader.terminate()
    return delays.sort((a, b) => a - b)
  }

  it('do not slow one that reads, cost bounded memory, and are accounted for to the event', async () => {
    const stage = await Stage.open()
    const source = new BlockSource()
    await Promise.all(Array.from({ length: SLEEPERS }, () => stage.watchAsleep('include_payload=1')))
    const sleeping = stage.endpoint.viewers.map(({ subscription }) => subscription)
    const delays = await load(stage, source)
    expect(delays.length).toBe(BLOCKS)
    expect(delays[Math.floor(BLOCKS * 0.95)]).toBeLessThan(500)
    const published = BLOCKS * BLOCK_EVENTS
    for (const { matchedCount, sentCount, droppedQueueCount, waitingCount, bufferedBytes } of sleeping) {
      expect(matchedCount).toBe(published)
      expect(sentCount + droppedQueueCount + waitingCount).toBe(published)
      expect(droppedQueueCount).toBeGreaterThan(0)
      expect(waitingCount).toBeLessThanOrEqual(256)
      expect(bufferedBytes).toBeLessThan(MB)
    }
  }, 30_000)

  it('are closed with 1013 when all together hold too much, the fullest first', async () => {
    const budget = 4 * MB
    const stage = await Stage.open({ maxBufferedBytes: budget })
    const source = new BlockSource()
    const sleepers = await Promise.all(Array.from({ length: 12 }, () => stage.watchAsleep('include_payload=1')))
    await load(stage, source)
    await expect.poll(() => stage.endpoint.overloadCount, { timeout: 5000 }).toBeGreaterThan(3)
    const held = () => stage.endpoint.viewers.reduce((sum, { subscription }) => sum + subscription.bufferedBytes, 0)
    // Those that do not take their goodbye are cut off.
    await expect.poll(held, { timeout: 5000 }).toBeLessThanOrEqual(budget)
    const { overloadCount } = stage.endpoint
    await expect.poll(() => stage.broker.subscriberCount).toBe(sleepers.length - overloadCount)
    expect(overloadCount).toBeLessThan(sleepers.length)
    const { matched, sent, droppedQueue, droppedRate } = stage.broker.counts
    expect(sent + droppedQueue + droppedRate).toBeLessThanOrEqual(matched)
  }, 30_000)

  it('hear why they are closed if they wake up in time', async () => {
    const stage = await Stage.open({ maxBufferedBytes: MB / 4 })
    const source = new BlockSource()
    const viewer = await stage.watch('include_payload=1')
    const closed = once(viewer, 'close') as Promise<[code: number, reason: Buffer]>
    viewer.pause()
    await load(stage, source)
    await expect.poll(() => stage.endpoint.overloadCount, { timeout: 5000 }).toBe(1)
    viewer.resume()
    const [code, reason] = await closed
    expect([code, reason.toString()]).toEqual([1013, 'too slow for the load'])
  }, 30_000)
})

async function openWithHistory(events: number) {
  const stage = await Stage.open()
  const source = new BlockSource()
  for (let at = 0; at < events; at += 1000) stage.broker.publish(source.block(invites(at, at + 1000)))
  return { broker: stage.broker, source, watch: stage.watch.bind(stage) }
}
