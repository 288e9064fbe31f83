import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { packHep } from '@hepscope/shared/hep/pack.ts'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type DestinationStatus, droppedCount } from '../../src/trace/carrier.ts'
import { Destination } from '../../src/trace/destination.ts'
import type { DestinationOptions } from '../../src/trace/destination-options.ts'
import { type HepDestination, parseHepId } from '../../src/trace/hep-id.ts'
import { TestAuthority } from '../certificates.ts'
import { receiveUdp } from '../receivers.ts'
import { local, StreamReceiver, type StreamReceiverOptions } from './stream-receiver.ts'

const from = { ip: '10.0.0.1', port: 5060 }
const to = { ip: '10.0.0.2', port: 5060 }

function frame(index: number, payloadBytes = 500): Uint8Array {
  return packHep(from, to, 'udp', `OPTIONS ${index} `.padEnd(payloadBytes, '.'), { agentId: index, tsUs: 1e15 + index })
}

const frames = (count: number, payloadBytes?: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => frame(i, payloadBytes))

const open: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const opened of open.splice(0)) await opened.close()
})

async function receive(options?: StreamReceiverOptions): Promise<StreamReceiver> {
  const receiver = await StreamReceiver.open(options)
  open.unshift(receiver)
  return receiver
}

function destination(id: HepDestination, options: DestinationOptions = {}): Destination {
  const opened = new Destination(id, { closeTimeoutMs: 200, ...options })
  open.unshift(opened)
  return opened
}

/** A port of this machine that nobody listens on. */
async function freePort(): Promise<number> {
  const receiver = await StreamReceiver.open()
  const { port } = receiver
  await receiver.close()
  return port
}

/** A receiver that never finishes the TLS handshake: the way to it stays in the state of connecting. */
async function silent(options: DestinationOptions): Promise<Destination> {
  const { port } = await receive({ isPaused: true })
  return destination(local(port, 'transport=tls'), options)
}

describe('Destination over TCP', () => {
  it('sends what came before the connection, in order', async () => {
    const receiver = await receive()
    const sender = destination(local(receiver.port))
    const sent = frames(32)
    for (const bytes of sent) expect(sender.send(bytes)).toBe(true)
    expect(sender.status).toEqual({ state: 'connecting' })
    await receiver.received(32)
    expect(receiver.packets.map((bytes) => Buffer.from(bytes))).toEqual(sent.map((bytes) => Buffer.from(bytes)))
    expect(sender.counters).toMatchObject({ sentCount: 32, connectionCount: 1, brokenCount: 0 })
    expect(droppedCount(sender.counters)).toBe(0)
  })

  it('sends a burst of any length to a receiver that keeps up', async () => {
    const receiver = await receive()
    const sender = destination(local(receiver.port))
    expect(await sender.connected()).toBe(true)
    const sent = frames(2000)
    for (const bytes of sent) sender.send(bytes)
    await receiver.received(2000)
    expect(sender.counters).toMatchObject({
      sentCount: 2000,
      sentBytes: sent.reduce((sum, { length }) => sum + length, 0),
    })
  })

  it('drops what waits for the connection at the 33rd frame, and connects all the same', async () => {
    const receiver = await receive()
    const sender = destination(local(receiver.port), { localConnectTimeoutMs: 0 })
    for (const bytes of frames(32)) expect(sender.send(bytes)).toBe(true)
    expect(sender.counters.brokenCount).toBe(0)
    expect(sender.send(frame(33))).toBe(false)
    expect(sender.counters).toMatchObject({ sentCount: 0, brokenCount: 1, connectionCount: 0 })
    expect(sender.counters.dropped.postponed).toBe(33)
    expect(sender.send(frame(34))).toBe(false)
    expect(sender.counters.dropped['not-connected']).toBe(1)
    expect(await sender.connected()).toBe(true)
    expect(sender.send(frame(35))).toBe(true)
    await receiver.received(1)
    expect(Buffer.from(receiver.packets[0] ?? [])).toEqual(Buffer.from(frame(35)))
  })

  it.each([
    {
      name: 'lets more frames wait for as long as OpenSIPS would block',
      count: 40,
      options: { localConnectTimeoutMs: 30 },
    },
    { name: 'breaks with the defaults when 33 have waited for 100 ms', count: 33, options: {} },
  ])('$name', async ({ count, options }) => {
    const sender = await silent(options)
    for (const bytes of frames(count)) expect(sender.send(bytes)).toBe(true)
    expect(sender.counters.brokenCount).toBe(0)
    await vi.waitUntil(() => sender.counters.brokenCount === 1)
    expect(sender.counters.dropped.postponed).toBe(count)
  })

  it('keeps 32 frames waiting for as long as an attempt may last', async () => {
    const sender = await silent({ connectTimeoutMs: 250 })
    for (const bytes of frames(32)) sender.send(bytes)
    await vi.waitUntil(() => sender.status.state === 'waiting')
    expect(sender.counters).toMatchObject({ brokenCount: 0, dropped: { 'not-connected': 32, postponed: 0 } })
  })

  it('breaks the connection at the frame after hep_async_max_postponed_chunks that a slow receiver keeps waiting', async () => {
    const receiver = await receive({ isPaused: true })
    const sender = destination(local(receiver.port), { localWriteTimeoutMs: 0, maxPostponedFrames: 4 })
    await sender.connected()
    const big = frames(600, 60_000)
    let accepted = 0
    while (accepted < big.length && sender.send(big[accepted] ?? big[0] ?? frame(0))) accepted++
    expect(accepted).toBeLessThan(600)
    const { sentCount, dropped, brokenCount } = sender.counters
    expect({ brokenCount, postponed: dropped.postponed }).toEqual({ brokenCount: 1, postponed: 5 })
    expect(sender.status).toMatchObject({ state: 'waiting', reason: 'more than 4 frames waited' })
    expect(sentCount + 5).toBe(accepted + 1)
  })

  it('does not break while a slow receiver still takes frames within the local write timeout', async () => {
    const receiver = await receive({ isPaused: true })
    const sender = destination(local(receiver.port), { localWriteTimeoutMs: 5000, maxPostponedFrames: 0 })
    await sender.connected()
    for (const bytes of frames(60, 60_000)) expect(sender.send(bytes)).toBe(true)
    await receiver.connected()
    receiver.resume()
    await receiver.received(60)
    expect(sender.counters).toMatchObject({ sentCount: 60, brokenCount: 0 })
  })

  it('with hep_async 0 bounds the time of a frame, not the number', async () => {
    const sender = await silent({ async: false, sendTimeoutMs: 20 })
    for (const bytes of frames(100)) expect(sender.send(bytes)).toBe(true)
    await vi.waitUntil(() => sender.counters.brokenCount === 1)
    expect(sender.counters.dropped['send-timeout']).toBe(100)
  })

  it('drops what would exceed its bytes', async () => {
    const sender = await silent({ maxWaitingBytes: 2000 })
    expect(frames(4).map((bytes) => sender.send(bytes))).toEqual([true, true, true, false])
    expect(sender.counters.dropped['queue-full']).toBe(1)
  })

  it('gives up an attempt without an answer', async () => {
    const sender = await silent({ connectTimeoutMs: 20 })
    sender.send(frame(1))
    await vi.waitUntil(() => sender.status.state === 'waiting')
    expect(sender.status).toMatchObject({ reason: 'no answer within 20 ms' })
    expect(sender.counters.dropped['not-connected']).toBe(1)
  })

  it('comes back after the receiver was away, with longer pauses each time', async () => {
    const port = await freePort()
    const seen: DestinationStatus[] = []
    const sender = destination(local(port), {
      firstRetryMs: 10,
      mostRetryMs: 40,
      random: () => 0,
      onStatus: (status) => seen.push(status),
    })
    await vi.waitUntil(() => seen.filter(({ state }) => state === 'waiting').length === 4)
    const receiver = await receive({ port })
    expect(await sender.connected()).toBe(true)
    sender.send(frame(1))
    await receiver.received(1)
    const pauses = seen.flatMap((status) => (status.state === 'waiting' ? [status.retryMs] : []))
    expect(pauses.slice(0, 4)).toEqual([10, 20, 40, 40])
    expect(seen.find(({ state }) => state === 'waiting')).toMatchObject({ reason: 'ECONNREFUSED' })
  })

  it('loses no frame and sends none twice when a connection ends between two', async () => {
    const receiver = await receive()
    const sender = destination(local(receiver.port), { firstRetryMs: 10 })
    await sender.connected()
    sender.send(frame(1))
    await receiver.received(1)
    receiver.sockets[0]?.end()
    await vi.waitUntil(() => sender.counters.connectionCount === 2)
    sender.send(frame(2))
    await receiver.received(2)
    expect(receiver.packets.map((bytes) => Buffer.from(bytes))).toEqual([Buffer.from(frame(1)), Buffer.from(frame(2))])
    expect(sender.counters).toMatchObject({ sentCount: 2, connectionCount: 2 })
  })

  it('counts what waited when the connection was reset', async () => {
    const receiver = await receive({ isPaused: true })
    const sender = destination(local(receiver.port), { localWriteTimeoutMs: 60_000 })
    await sender.connected()
    await receiver.connected()
    for (const bytes of frames(66, 60_000)) sender.send(bytes)
    receiver.sockets[0]?.resetAndDestroy()
    await vi.waitUntil(() => sender.status.state === 'waiting')
    const { sentCount, dropped } = sender.counters
    expect(dropped['connection-lost']).toBeGreaterThan(0)
    expect(sentCount + dropped['connection-lost']).toBe(66)
  })

  it('refuses what would cost the receiver its place in the stream', async () => {
    const receiver = await receive()
    const sender = destination(local(receiver.port))
    const whole = frame(1)
    const legacy = packHep(from, to, 'udp', 'OPTIONS', { version: 2 })
    for (const bytes of [legacy, whole.subarray(0, -1), new Uint8Array(0), Uint8Array.of(72, 69, 80, 51, 0, 5)]) {
      expect(sender.send(bytes)).toBe(false)
    }
    expect(sender.counters.dropped['not-a-frame']).toBe(4)
    expect(sender.send(Buffer.concat([whole, Buffer.from('junk')]))).toBe(true)
    expect(sender.send(whole)).toBe(true)
    await receiver.received(2)
    expect(receiver.packets.map(({ length }) => length)).toEqual([whole.length, whole.length])
  })

  it('writes what waits before it closes', async () => {
    const receiver = await receive()
    const sender = destination(local(receiver.port))
    for (const bytes of frames(20)) sender.send(bytes)
    await sender.close()
    await receiver.received(20)
    expect(sender.counters.sentCount).toBe(20)
    expect(sender.send(frame(1))).toBe(false)
    expect(sender.counters.dropped.closed).toBe(1)
    expect(sender.status).toEqual({ state: 'closed' })
    await sender.close()
  })

  it('does not wait for ever when it closes', async () => {
    const receiver = await receive({ isPaused: true })
    const sender = destination(local(receiver.port), { localWriteTimeoutMs: 60_000, closeTimeoutMs: 30 })
    await sender.connected()
    for (const bytes of frames(66, 60_000)) sender.send(bytes)
    await sender.close()
    const { sentCount, dropped } = sender.counters
    expect(dropped.closed).toBeGreaterThan(0)
    expect(sentCount + dropped.closed).toBe(66)
  })

  it('stops trying when it is closed', async () => {
    const port = await freePort()
    const seen: string[] = []
    const sender = destination(local(port), { firstRetryMs: 5, onStatus: ({ state }) => seen.push(state) })
    await vi.waitUntil(() => seen.includes('waiting'))
    const waiting = sender.connected()
    await sender.close()
    expect(await waiting).toBe(false)
    expect(seen.at(-1)).toBe('closed')
  })

  it('lets a sender of many frames wait until all are written', async () => {
    const receiver = await receive({ isPaused: true })
    const sender = destination(local(receiver.port), { localWriteTimeoutMs: 60_000 })
    await sender.connected()
    await receiver.connected()
    for (const bytes of frames(66, 60_000)) sender.send(bytes)
    const drained = sender.drained()
    receiver.resume()
    await drained
    expect(sender.counters.sentCount).toBe(66)
  })
})

describe('Destination over TLS', () => {
  const authority = new TestAuthority()
  const server = authority.issue('homer', ['localhost', '127.0.0.1'])
  const client = authority.issue('agent', ['agent'])
  const { cert: ca } = authority

  it('sends over a connection whose certificate it has checked', async () => {
    const receiver = await receive({ tls: server })
    const sender = destination(local(receiver.port, 'transport=tls'), { tls: { ca } })
    const sent = frames(500)
    expect(await sender.connected()).toBe(true)
    for (const bytes of sent) sender.send(bytes)
    await receiver.received(500)
    expect(receiver.packets.map((bytes) => Buffer.from(bytes))).toEqual(sent.map((bytes) => Buffer.from(bytes)))
    expect(sender.counters).toMatchObject({ sentCount: 500, brokenCount: 0 })
  })

  it('sends whole frames in each record', async () => {
    const pieces: number[] = []
    const receiver = await receive({ tls: server })
    const sender = destination(local(receiver.port, 'transport=tls'), { tls: { ca } })
    await sender.connected()
    await receiver.connected()
    receiver.sockets[0]?.on('data', (bytes: Buffer) => pieces.push(bytes.length))
    const { length } = frame(0)
    for (const bytes of frames(300)) sender.send(bytes)
    await receiver.received(300)
    expect(pieces.every((piece) => piece % length === 0)).toBe(true)
  })

  it('shows its own certificate to a receiver that asks for one', async () => {
    const receiver = await receive({ tls: { ...server, ca, requestCert: true, rejectUnauthorized: true } })
    const sender = destination(local(receiver.port, 'transport=tls'), { tls: { ca, ...client } })
    sender.send(frame(1))
    await receiver.received(1)
    const stranger = destination(local(receiver.port, 'transport=tls'), { tls: { ca } })
    await vi.waitUntil(() => stranger.status.state === 'waiting')
    expect(receiver.sockets).toHaveLength(1)
  })

  it.each([
    {
      name: 'an unknown authority',
      tls: {},
      reason: 'DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER',
    },
    { name: 'another name', tls: { ca, serverName: 'other.example.com' }, reason: 'ERR_TLS_CERT_ALTNAME_INVALID' },
  ])('does not send to a receiver with $name', async ({ tls, reason }) => {
    const receiver = await receive({ tls: server })
    const sender = destination(local(receiver.port, 'transport=tls'), { tls })
    sender.send(frame(1))
    await vi.waitUntil(() => sender.status.state === 'waiting')
    expect(sender.status).toMatchObject({ reason: expect.stringMatching(reason) })
    expect(sender.counters).toMatchObject({ connectionCount: 0, sentCount: 0 })
    expect(receiver.packets).toHaveLength(0)
  })

  it.each([
    { name: 'the certificate names the server name', tls: { ca, serverName: 'localhost' } },
    { name: 'it is told to take any certificate', tls: { verifyCert: false, serverName: 'other.example.com' } },
  ])('sends when $name', async ({ tls }) => {
    const receiver = await receive({ tls: server })
    const sender = destination(local(receiver.port, 'transport=tls'), { tls })
    sender.send(frame(1))
    await receiver.received(1)
  })

  it('keeps to the lowest version that it may speak', async () => {
    const receiver = await receive({ tls: { ...server, maxVersion: 'TLSv1.2' } })
    const sender = destination(local(receiver.port, 'transport=tls'), { tls: { ca, minVersion: 'TLSv1.3' } })
    await vi.waitUntil(() => sender.status.state === 'waiting')
    expect(sender.status).toMatchObject({ reason: expect.stringMatching('PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL') })
  })

  it('refuses a certificate that is none', () => {
    expect(() => new Destination(local(1, 'transport=tls'), { tls: { cert: 'x', key: 'y' } })).toThrow(
      expect.objectContaining({ code: 'ERR_TARGET_INVALID' }),
    )
  })
})

describe('Destination over UDP', () => {
  it('sends every version', async () => {
    const receiver = await receiveUdp()
    open.push(receiver)
    const sender = destination(local(Number(receiver.url.split(':').at(-1)), 'transport=udp'))
    const versions = [1, 2, 3] as const
    for (const version of versions) sender.send(packHep(from, to, 'udp', 'OPTIONS', { version }))
    await receiver.received(3)
    expect(receiver.packets.map(([first]) => first)).toEqual([1, 2, 0x48])
    expect(sender.counters).toMatchObject({ sentCount: 3, connectionCount: 1 })
  })

  it('counts what nobody listened to as refused', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const { port } = socket.address()
    socket.close()
    const sender = destination(local(port, 'transport=udp'))
    await sender.connected()
    sender.send(frame(1))
    await vi.waitUntil(() => sender.counters.dropped.refused > 0)
    expect(sender.counters.sentCount).toBe(0)
    expect(sender.status).toEqual({ state: 'connected' })
  })

  it('reaches an IPv6 address', async () => {
    const receiver = await receiveUdp('::1')
    open.push(receiver)
    const parsed = parseHepId(`[six] ${receiver.url.slice('udp://'.length)}; transport=udp`)
    if (!parsed.ok) throw new Error(parsed.message)
    destination(parsed.destination).send(frame(1))
    await receiver.received(1)
  })

  it('drops what no datagram holds', async () => {
    const sender = destination(local(9, 'transport=udp'))
    expect(sender.send(new Uint8Array(65_508))).toBe(false)
    expect(sender.counters.dropped['too-large']).toBe(1)
  })

  it('looks a host up again that has no address', async () => {
    const seen: DestinationStatus[] = []
    const sender = destination(
      { name: 'lost', host: 'no-such-host.invalid', port: 9060, transport: 'udp', version: 3 },
      { firstRetryMs: 1, mostRetryMs: 1, onStatus: (status) => seen.push(status) },
    )
    expect(sender.send(frame(1))).toBe(true)
    await vi.waitUntil(() => seen.filter(({ state }) => state === 'waiting').length >= 2, 10_000)
    expect(sender.counters.dropped['not-connected']).toBe(1)
    await sender.close()
    expect(seen.at(-1)).toEqual({ state: 'closed' })
  })

  it('lets 32 frames wait for the address and drops the next', () => {
    const sender = destination(local(9, 'transport=udp'))
    expect(frames(33).map((bytes) => sender.send(bytes))).toEqual([...Array<boolean>(32).fill(true), false])
    expect(sender.counters).toMatchObject({ brokenCount: 0, dropped: { postponed: 1 } })
  })
})
