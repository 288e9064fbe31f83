import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import { Ingest, type Rejection } from '../../src/ingest/ingest.ts'
import type { HepListener } from '../../src/ingest/hep-listener.ts'
import { ListenError, openListener } from '../../src/ingest/listener.ts'
import { invite } from '../events.ts'

const LIMITS = { socketReceiveBufferBytes: 1 << 20, maxConnections: 2, messageTimeoutMs: 50 }
const opened: HepListener[] = []

afterEach(async () => {
  for (const listener of opened.splice(0)) await listener.close()
})

interface Harness {
  readonly ingest: Ingest
  readonly listener: HepListener
  readonly blocks: EventBlock[]
  readonly rejections: Rejection[]
  /** Resolves when the counts of events and rejections are reached. */
  reached(events: number, rejections: number): Promise<void>
}

async function listen(transport: 'udp' | 'tcp', host = '127.0.0.1'): Promise<Harness> {
  const blocks: EventBlock[] = []
  const rejections: Rejection[] = []
  let check = (): void => undefined
  const ingest = new Ingest({
    source: { node: 'test', epoch: 1 },
    blockIntervalMs: 1,
    onBlock: (block) => {
      blocks.push(block)
      check()
    },
    onReject: (rejection) => {
      rejections.push(rejection)
      check()
    },
  })
  const listener = await openListener({ transport, host, port: 0 }, ingest, LIMITS)
  opened.push(listener)
  const reached = (events: number, rejected: number): Promise<void> =>
    new Promise((resolve) => {
      check = () => {
        const count = blocks.reduce((sum, block) => sum + block.count, 0)
        if (count >= events && rejections.length >= rejected) resolve()
      }
      check()
    })
  return { ingest, listener, blocks, rejections, reached }
}

const PACKET = encodeHep(invite('call-1'))

describe('UdpListener', () => {
  it('makes an event of each datagram, and a counted rejection of garbage', async () => {
    const { listener, ingest, rejections, reached } = await listen('udp')
    const socket = createSocket('udp4')
    socket.send(PACKET, listener.port, '127.0.0.1')
    socket.send('OPTIONS sip:x SIP/2.0', listener.port, '127.0.0.1')
    socket.send(PACKET.subarray(0, 60), listener.port, '127.0.0.1')
    socket.send(PACKET, listener.port, '127.0.0.1')
    await reached(2, 2)
    socket.close()
    expect(rejections).toMatchObject([
      { reason: 'unknown-format', transport: 'udp', offset: 0 },
      { reason: 'truncated', length: 60 },
    ])
    expect(rejections[0]?.from).toMatch(/^127\.0\.0\.1:\d+$/)
    expect(ingest.receivedCount).toEqual({ udp: 4, tcp: 0 })
    expect(Object.fromEntries(ingest.rejectedCount)).toEqual({ 'unknown-format': 1, truncated: 1 })
  })

  it('listens on IPv6', async () => {
    const { listener, reached } = await listen('udp', '::1')
    const socket = createSocket('udp6')
    socket.send(PACKET, listener.port, '::1')
    await reached(1, 0)
    socket.close()
  })

  it('tells what the kernel has dropped', async () => {
    const { listener } = await listen('udp')
    expect(listener.kernelDropCount).toBe(process.platform === 'linux' ? 0 : undefined)
  })

  it('says which address is in use', async () => {
    const { listener, ingest } = await listen('udp')
    const again = openListener({ transport: 'udp', host: '127.0.0.1', port: listener.port }, ingest, LIMITS)
    await expect(again).rejects.toThrow(ListenError)
    await expect(again).rejects.toThrow(`hep_udp:127.0.0.1:${listener.port}: the port is in use`)
  })
})

describe('TcpListener', () => {
  it('reads a real stream whatever its pieces', async () => {
    const stream = readFileSync(fileURLToPath(new URL('../../../fixtures/opensips-hep3-tcp.bin', import.meta.url)))
    const { listener, blocks, reached } = await listen('tcp')
    const socket = connect(listener.port, '127.0.0.1')
    socket.setNoDelay(true)
    for (let at = 0, size = 1; at < stream.length; at += size, size = (size * 7 + 3) % 1400) {
      socket.write(stream.subarray(at, at + size))
      if (size % 5 === 0) await new Promise(setImmediate)
    }
    socket.end()
    await reached(200, 0)
    expect(blocks.flatMap((block) => Array.from({ length: block.count }, (_, row) => block.seq(row)))).toEqual(
      Array.from({ length: 200 }, (_, i) => i + 1),
    )
  })

  it('closes a connection that is not HEP and keeps the others', async () => {
    const { listener, rejections, reached } = await listen('tcp')
    const good = connect(listener.port, '127.0.0.1')
    const bad = connect(listener.port, '127.0.0.1')
    bad.write('GET / HTTP/1.1\r\n\r\n')
    await once(bad, 'close')
    good.write(PACKET)
    await reached(1, 1)
    expect(rejections[0]).toMatchObject({ reason: 'bad-magic', transport: 'tcp' })
    good.destroy()
  })

  it('counts a well-delimited packet that cannot be decoded and goes on', async () => {
    const { listener, rejections, reached } = await listen('tcp')
    const socket = connect(listener.port, '127.0.0.1')
    const broken = Uint8Array.from([0x48, 0x45, 0x50, 0x33, 0, 12, 0, 0, 0, 2, 0, 3])
    socket.write(Buffer.concat([PACKET, broken, PACKET]))
    await reached(2, 1)
    expect(rejections[0]?.reason).toBe('bad-chunk-length')
    socket.destroy()
  })

  it('gives up on a packet that stays incomplete, and notes one that ends so', async () => {
    const { listener, rejections, reached } = await listen('tcp')
    const slow = connect(listener.port, '127.0.0.1')
    slow.write(PACKET.subarray(0, 20))
    await once(slow, 'close')
    const cut = connect(listener.port, '127.0.0.1')
    cut.end(PACKET.subarray(0, 50))
    await reached(0, 2)
    expect(rejections.map(({ reason, offset }) => ({ reason, offset }))).toEqual([
      { reason: 'message-timeout', offset: 20 },
      { reason: 'incomplete', offset: 50 },
    ])
  })

  it('refuses connections beyond its limit', async () => {
    const { listener, rejections, reached } = await listen('tcp')
    const sockets = [1, 2, 3].map(() => connect(listener.port, '127.0.0.1').on('error', () => undefined))
    await reached(0, 1)
    expect(rejections[0]?.reason).toBe('too-many-connections')
    expect(listener.connectionCount).toBe(2)
    for (const socket of sockets) socket.destroy()
  })
})
