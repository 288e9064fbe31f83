import type { Socket } from 'node:net'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openSender } from '../../src/trace/sender.ts'
import { receiveTcp, receiveUdp, type Receiver } from '../receivers.ts'

const packet = encodeHep({
  version: 3,
  ipProtocol: 17,
  srcPort: 1,
  dstPort: 2,
  protocolType: 1,
  agentId: 3,
  payload: new Uint8Array(50_000),
})

let receiver: Receiver | undefined

afterEach(async () => {
  await receiver?.close()
  receiver = undefined
})

describe('openSender', () => {
  it.each(['udp://h', 'udp://h:0', 'udp://h:65536', 'udp://::1:9060', 'tls://h:1', 'udp://[h]:1', ''])(
    'refuses "%s"',
    async (url) => {
      await expect(openSender(url)).rejects.toMatchObject({ code: 'ERR_TARGET_INVALID' })
    },
  )

  it('counts what it cannot send', async () => {
    receiver = await receiveUdp()
    const sender = await openSender(receiver.url)
    sender.send(new Uint8Array(65_508))
    sender.send(new Uint8Array(10))
    await sender.close()
    sender.send(new Uint8Array(10))
    expect(sender.counters).toEqual({ sentCount: 1, sentBytes: 10, droppedCount: 0, failedCount: 2, refusedCount: 0 })
    await sender.close()
  })

  it('drops beyond its bound instead of queueing', async () => {
    receiver = await receiveTcp((socket) => socket.pause())
    const sender = await openSender(receiver.url, { maxQueuedBytes: 100_000, closeTimeoutMs: 50 })
    for (let i = 0; i < 400; i++) sender.send(packet)
    expect(sender.counters.droppedCount).toBeGreaterThan(0)
    await sender.close()
    const { sentCount, droppedCount, failedCount } = sender.counters
    expect(failedCount).toBeGreaterThan(0)
    expect(sentCount + droppedCount + failedCount).toBe(400)
  })

  it('waits for the receiver', async () => {
    const sockets: Socket[] = []
    receiver = await receiveTcp((socket) => sockets.push(socket.pause()))
    const sender = await openSender(receiver.url, { burstCount: Infinity })
    let count = 1
    while (sender.send(packet)) count++
    const drained = sender.drained()
    await vi.waitUntil(() => sockets.length > 0)
    sockets[0]?.resume()
    await drained
    sender.send(packet)
    await sender.close()
    await receiver.received(count + 1)
    expect(sender.counters).toMatchObject({ sentCount: count + 1, droppedCount: 0, failedCount: 0 })
  })

  it('releases who waits for room when it is closed', async () => {
    receiver = await receiveTcp((socket) => socket.pause())
    const sender = await openSender(receiver.url, { burstCount: Infinity, closeTimeoutMs: 50 })
    while (sender.send(packet));
    const drained = sender.drained()
    await sender.close()
    await drained
    expect(sender.counters.failedCount).toBeGreaterThan(0)
  })

  it('tells who waits for room that the connection is lost', async () => {
    const sockets: Socket[] = []
    receiver = await receiveTcp((socket) => sockets.push(socket.pause()))
    const sender = await openSender(receiver.url, { burstCount: Infinity })
    while (sender.send(packet));
    const drained = sender.drained()
    const lost = expect(drained).rejects.toMatchObject({ code: 'ERR_TARGET_LOST' })
    await vi.waitUntil(() => sockets.length > 0)
    sockets[0]?.resetAndDestroy()
    await lost
    expect(sender.send(packet)).toBe(false)
    await sender.close()
  })
})
