import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { TEXT } from '@hepscope/shared/event/columns.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import { CallbackError } from '../../src/ingest/callbacks.ts'
import { createReception } from '../../src/ingest/create-reception.ts'
import { ListenError, type ListenerOptions } from '../../src/ingest/listener.ts'
import type { Reception, ReceptionOptions } from '../../src/ingest/reception.ts'
import { invite } from '../events.ts'
import { type BuiltPrograms, buildThreadPrograms } from './thread-programs.ts'

const LIMITS = {
  socketReceiveBufferBytes: 1 << 22,
  maxConnections: 100,
  messageTimeoutMs: 10_000,
  maxMessageChunks: 0,
  scan: false,
}
const KILLER_AGENT = 666

let programs: BuiltPrograms
const opened: Reception[] = []
const sockets: Socket[] = []

beforeAll(async () => {
  programs = await buildThreadPrograms()
}, 60_000)
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await Promise.all(opened.splice(0).map((reception) => reception.close()))
})
afterAll(() => programs.remove())

interface Harness {
  readonly reception: Reception
  readonly blocks: EventBlock[]
  readonly packets: Uint8Array[]
  readonly warnings: { readonly fields: object; readonly message: string }[]
}

function listenerAt(transport: 'udp' | 'tcp' | 'http', more: Partial<ListenerOptions> = {}): ListenerOptions {
  return { ...LIMITS, uri: { transport, host: '127.0.0.1', port: 0 }, ...more }
}

async function receive(
  threads: number,
  listeners: readonly ListenerOptions[],
  more: Partial<ReceptionOptions> = {},
): Promise<Harness> {
  const blocks: EventBlock[] = []
  const packets: Uint8Array[] = []
  const warnings: Harness['warnings'] = []
  const reception = createReception({
    threads,
    listeners,
    source: { node: 'test', epoch: 7 },
    blockIntervalMs: 2,
    scan: {},
    callbacks: [],
    onBlock: (block) => blocks.push(block),
    onPacket: (packet) => packets.push(Uint8Array.from(packet)),
    log: { warn: (fields, message) => warnings.push({ fields, message }) },
    programs,
    ...more,
  })
  opened.push(reception)
  await reception.open()
  return { reception, blocks, packets, warnings }
}

/** A machine that has much else to do takes seconds to start a thread. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 12_000, interval: 20 })

const portOf = ({ listeners }: Reception, index: number): number => listeners[index]?.port ?? 0

async function sendDatagrams(port: number, packets: readonly Uint8Array[]): Promise<void> {
  const socket = createSocket('udp4')
  for (const [i, packet] of packets.entries()) {
    socket.send(packet, port, '127.0.0.1')
    if (i % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await new Promise((resolve) => setTimeout(resolve, 10))
  socket.close()
}

async function openStream(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined)
  sockets.push(socket)
  await once(socket, 'connect')
  return socket
}

function invites(prefix: string, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => encodeHep(invite(`${prefix}-${i}`)))
}

function callIds(blocks: readonly EventBlock[]): string[] {
  return blocks.flatMap((block) => Array.from({ length: block.count }, (_, row) => block.text(TEXT.callId, row)))
}

/** A callback module that ends its thread at a packet of the killer's agent id. */
function killerModule(): string {
  const path = join(mkdtempSync(join(tmpdir(), 'hepscope-callback-')), 'killer.mjs')
  writeFileSync(path, `export const onHep = ({ agentId }) => { if (agentId === ${KILLER_AGENT}) process.exit(3) }\n`)
  return path
}

describe.each([0, 1, 2, 3])('Reception in %i threads', (threads) => {
  it('hands over every packet of every listener once, in one order, and counts it', async () => {
    const { reception, blocks, packets, warnings } = await receive(threads, [
      listenerAt('udp'),
      listenerAt('tcp'),
      listenerAt('http'),
    ])
    const sent = { udp: invites('udp', 1500), tcp: invites('tcp', 3000), http: invites('http', 5) }
    const streams = await Promise.all([1, 2, 3].map(() => openStream(portOf(reception, 1))))
    for (const [i, packet] of sent.tcp.entries()) streams[i % 3]?.write(packet)
    await sendDatagrams(portOf(reception, 0), [...sent.udp, Buffer.from('no HEP')])
    for (const packet of sent.http) {
      const url = `http://127.0.0.1:${portOf(reception, 2)}/`
      expect((await fetch(url, { method: 'POST', body: Buffer.from(packet) })).status).toBe(200)
    }
    const all = [...sent.udp, ...sent.tcp, ...sent.http]
    await eventually(() => reception.counts.events).toBe(all.length)
    expect(reception.listeners[1]?.connectionCount).toBe(3)
    await reception.close()

    const ids = callIds(blocks)
    expect(ids.length).toBe(all.length)
    expect(new Set(ids).size).toBe(all.length)
    expect(blocks.flatMap((block) => Array.from({ length: block.count }, (_, row) => block.seq(row)))).toEqual(
      Array.from({ length: all.length }, (_, i) => i + 1),
    )
    expect(new Set(blocks.map(({ node, epoch }) => `${node} ${epoch}`))).toEqual(new Set(['test 7']))
    const hex = (list: readonly Uint8Array[]): string[] =>
      list.map((bytes) => Buffer.from(bytes).toString('hex')).sort()
    expect(hex(packets)).toEqual(hex(all))
    expect(reception.counts).toMatchObject({
      received: { udp: 1501, tcp: 3000, http: 5 },
      receivedBytes: { tcp: sent.tcp.reduce((sum, { length }) => sum + length, 0) },
      rejected: { 'unknown-format': 1 },
      events: all.length,
    })
    expect(warnings).toMatchObject([{ fields: { reason: 'unknown-format' } }])
    expect(reception.failures).toEqual({ count: 0, lostEvents: 0 })
  })

  it('has one limit of connections and one of packets a second', async () => {
    const { reception } = await receive(threads, [
      listenerAt('tcp', { maxConnections: 3 }),
      listenerAt('udp', { gate: { packetsPerSec: 100 } }),
    ])
    await Promise.all(Array.from({ length: 8 }, () => openStream(portOf(reception, 0))))
    await eventually(() => reception.counts.rejected['too-many-connections']).toBe(5)
    expect(reception.listeners[0]?.connectionCount).toBe(3)

    const second = (): number => Math.floor(Date.now() / 1000)
    const startSecond = second()
    await sendDatagrams(portOf(reception, 1), invites('rate', 600))
    await eventually(() => reception.counts.received.udp).toBe(600)
    const seconds = second() - startSecond + 1
    const { events, rejected } = reception.counts
    expect(events + (rejected['peer-rate'] ?? 0)).toBe(600)
    expect(events).toBeGreaterThanOrEqual(100)
    expect(events).toBeLessThanOrEqual(100 * seconds)
  })

  it('says what is wrong with an address or a callback', async () => {
    const { reception } = await receive(threads, [listenerAt('udp')])
    const taken = { transport: 'udp', host: '127.0.0.1', port: portOf(reception, 0) } as const
    await expect(receive(threads, [listenerAt('udp', { uri: taken })])).rejects.toThrow(ListenError)
    await expect(receive(threads, [], { callbacks: ['/nonexistent.mjs'] })).rejects.toThrow(CallbackError)
  })
})

describe('IngestPool', () => {
  it('goes on when a thread dies, even the one that opened the sockets, and starts it again', async () => {
    const { reception, blocks, warnings } = await receive(2, [listenerAt('udp'), listenerAt('tcp')], {
      callbacks: [killerModule()],
    })
    const killer = encodeHep({ ...invite('killer'), agentId: KILLER_AGENT })
    for (let round = 1; round <= 4; round++) {
      await sendDatagrams(portOf(reception, 0), [killer])
      await eventually(() => reception.failures.count).toBe(round)
      // At once: the other thread has the sockets, so nothing has to wait for the restart.
      const stream = await openStream(portOf(reception, 1))
      stream.write(Buffer.concat(invites(`tcp ${round}`, 20)))
      await sendDatagrams(portOf(reception, 0), invites(`udp ${round}`, 100))
      await eventually(() => callIds(blocks).filter((id) => id.endsWith(` ${round}-19`)).length).toBe(2)
      stream.destroy()
      await eventually(() => reception.threadCount).toBe(2)
    }
    expect(callIds(blocks).length).toBe(4 * 120)
    expect(new Set(callIds(blocks)).size).toBe(4 * 120)
    expect(reception.failures.lostEvents).toBe(0)
    expect(warnings[0]).toMatchObject({
      fields: { lostEvents: 0 },
      message: expect.stringContaining('has failed') as string,
    })
    expect(reception.counts.received.udp).toBe(4 * 101)
  })

  it('opens the sockets anew when no thread is left, and says what was lost', async () => {
    const { reception, blocks, warnings } = await receive(1, [listenerAt('tcp')], {
      callbacks: [killerModule()],
      blockIntervalMs: 1000,
    })
    const port = portOf(reception, 0)
    const stream = await openStream(port)
    const killer = encodeHep({ ...invite('killer'), agentId: KILLER_AGENT })
    stream.write(Buffer.concat([...invites('lost', 3), killer]))
    await eventually(() => reception.failures).toEqual({ count: 1, lostEvents: 3 })
    expect(warnings).toMatchObject([{ fields: { thread: 0, lostEvents: 3, cutConnections: 1 } }])
    await eventually(() => connects(port)).toBe(true)
    const again = await openStream(port)
    again.write(Buffer.concat(invites('after', 5)))
    await eventually(() => reception.counts.events).toBe(8)
    await reception.close()
    expect(callIds(blocks)).toEqual(['after-0', 'after-1', 'after-2', 'after-3', 'after-4'])
    expect(blocks[0]?.firstSeq).toBe(1)
  })

  it('shares sockets of IPv6 too', async () => {
    const uri = { host: '::1', port: 0 }
    const { reception, warnings } = await receive(2, [
      listenerAt('udp', { uri: { transport: 'udp', ...uri } }),
      listenerAt('tcp', { uri: { transport: 'tcp', ...uri } }),
    ])
    const stream = connect(portOf(reception, 1), '::1')
    sockets.push(stream)
    stream.write(Buffer.concat(invites('tcp', 50)))
    const socket = createSocket('udp6')
    for (const packet of invites('udp', 50)) socket.send(packet, portOf(reception, 0), '::1')
    await eventually(() => reception.counts.events).toBe(100)
    socket.close()
    expect(warnings).toEqual([])
  })

  it('receives in one thread where sockets cannot be shared, and says so', async () => {
    const broken = { ...programs, courier: pathToFileURL('/nonexistent/courier.js') }
    const { reception, warnings } = await receive(2, [listenerAt('udp')], { programs: broken })
    expect(warnings.map(({ message }) => message)).toEqual([
      'ingest.workers: threads cannot share a socket here, so 1 of 2 receive',
    ])
    await sendDatagrams(portOf(reception, 0), invites('a', 200))
    await eventually(() => reception.counts.events).toBe(200)
  })
})

async function connects(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
