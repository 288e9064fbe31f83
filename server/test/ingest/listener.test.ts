import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { TEXT } from '@hepscope/shared/event/columns.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import type { ScanOptions } from '@hepscope/shared/hep/scan.ts'
import { parseNetwork } from '@hepscope/shared/net/network.ts'
import { Gate } from '../../src/ingest/gate.ts'
import { Ingest } from '../../src/ingest/ingest.ts'
import type { HepListener } from '../../src/ingest/hep-listener.ts'
import { ListenError, type ListenerOptions, openListener } from '../../src/ingest/listener.ts'
import type { Rejection } from '../../src/ingest/rejection.ts'
import { TestAuthority } from '../certificates.ts'
import { invite } from '../events.ts'

const LIMITS = {
  socketReceiveBufferBytes: 1 << 20,
  maxConnections: 2,
  messageTimeoutMs: 50,
  maxMessageChunks: 0,
  scan: false,
}
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

async function listen(
  transport: 'udp' | 'tcp' | 'tls' | 'http',
  host = '127.0.0.1',
  demands: Partial<Pick<ListenerOptions, 'gate' | 'tls' | 'scan' | 'maxMessageChunks' | 'messageTimeoutMs'>> = {},
  scan: ScanOptions = {},
): Promise<Harness> {
  const blocks: EventBlock[] = []
  const rejections: Rejection[] = []
  let check = (): void => undefined
  const ingest = new Ingest({
    source: { node: 'test', epoch: 1 },
    blockIntervalMs: 1,
    scan,
    onBlock: (block) => {
      blocks.push(block)
      check()
    },
    onReject: (rejection) => {
      rejections.push(rejection)
      check()
    },
  })
  const listener = await openListener(ingest, { ...LIMITS, uri: { transport, host, port: 0 }, ...demands })
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
    expect(ingest.counts.received).toMatchObject({ udp: 4, tcp: 0 })
    expect(ingest.counts.rejected).toEqual({ 'unknown-format': 1, truncated: 1 })
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
    const again = openListener(ingest, { ...LIMITS, uri: { transport: 'udp', host: '127.0.0.1', port: listener.port } })
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

  it('searches for the next packet after garbage if told to, and counts what it skips', async () => {
    const { listener, ingest, rejections, reached } = await listen('tcp', '127.0.0.1', { scan: true })
    // Closed with bytes unread, the connection is reset.
    const socket = connect(listener.port, '127.0.0.1').on('error', () => undefined)
    const closed = new Promise((resolve) => socket.on('close', resolve))
    socket.write(Buffer.concat([Buffer.from('GET / HTTP/1.1\r\n'), PACKET, PACKET]))
    await reached(2, 1)
    expect(rejections).toMatchObject([{ reason: 'out-of-step', transport: 'tcp' }])
    expect(ingest.counts.skippedBytes).toBe(16)
    socket.write(PACKET)
    await reached(3, 1)
    socket.write(Buffer.alloc(200_000))
    await closed
    expect(rejections.at(-1)).toMatchObject({ reason: 'bad-magic', transport: 'tcp' })
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

  it('closes at the 33rd read of one packet if 32 are allowed (vector 65)', async () => {
    const limits = { maxMessageChunks: 32, messageTimeoutMs: 60_000 }
    const { listener, rejections, reached } = await listen('tcp', '127.0.0.1', limits)
    const socket = connect(listener.port, '127.0.0.1').on('error', () => undefined)
    const closed = new Promise((resolve) => socket.on('close', resolve))
    socket.setNoDelay(true)
    // On a busy machine two bytes may be read at once.
    for (let at = 0; at < PACKET.length - 1 && !socket.destroyed; at++) {
      socket.write(PACKET.subarray(at, at + 1))
      await setTimeout(2)
    }
    await closed
    await reached(0, 1)
    expect(rejections).toMatchObject([{ reason: 'too-many-reads' }])
    expect(rejections[0]?.offset).toBeGreaterThanOrEqual(33)
  })

  it('gives up on a packet that stays incomplete (vector 66), and notes one that ends so', async () => {
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

describe('TLS listener', () => {
  const authority = new TestAuthority()
  const dir = mkdtempSync(join(tmpdir(), 'hepscope-tls-'))
  const server = authority.issue('localhost', ['127.0.0.1'])
  const write = (name: string, text: string): string => {
    const path = join(dir, name)
    writeFileSync(path, text)
    return path
  }
  const tls = {
    cert: write('cert.pem', server.cert),
    key: write('key.pem', server.key),
    minVersion: 'TLSv1.2',
  } as const

  it('reads HEPv3 from a real TLS client', async () => {
    const { listener, ingest, reached } = await listen('tls', '127.0.0.1', { tls })
    const socket = connectTls({ port: listener.port, host: '127.0.0.1', ca: authority.cert })
    socket.write(PACKET.subarray(0, 40))
    socket.write(PACKET.subarray(40))
    await reached(1, 0)
    socket.destroy()
    expect(ingest.counts.received.tls).toBe(1)
  })

  it('refuses a client without certificate where it demands one, and takes one with', async () => {
    const clientCa = write('ca.pem', authority.cert)
    const { listener, rejections, reached } = await listen('tls', '127.0.0.1', { tls: { ...tls, clientCa } })
    const stranger = connectTls({ port: listener.port, host: '127.0.0.1', ca: authority.cert })
    stranger.on('error', () => undefined)
    await reached(0, 1)
    expect(rejections[0]).toMatchObject({ reason: 'tls-handshake', transport: 'tls' })
    const known = connectTls({
      port: listener.port,
      host: '127.0.0.1',
      ca: authority.cert,
      ...authority.issue('agent', []),
    })
    known.write(PACKET)
    await reached(1, 1)
    stranger.destroy()
    known.destroy()
  })

  it('says so if the certificate cannot be read', async () => {
    await expect(listen('tls', '127.0.0.1', { tls: { ...tls, cert: '/nonexistent.pem' } })).rejects.toThrow(
      '/nonexistent.pem',
    )
  })
})

describe('HTTP listener', () => {
  const post = (port: number, body: Uint8Array, method = 'POST'): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/hep`, { method, ...(method === 'POST' && { body: Buffer.from(body) }) })

  it('takes one packet a POST and one a WebSocket message', async () => {
    const { listener, ingest, reached } = await listen('http')
    expect((await post(listener.port, PACKET)).status).toBe(200)
    const socket = new WebSocket(`ws://127.0.0.1:${listener.port}/hep`)
    await once(socket, 'open')
    socket.send(PACKET)
    await reached(2, 0)
    socket.terminate()
    expect(ingest.counts.received).toMatchObject({ http: 1, ws: 1 })
  })

  it('answers what it does not take: garbage, HEPv2, too much, and other methods', async () => {
    const { listener, ingest } = await listen('http')
    expect((await post(listener.port, Buffer.from('hello'))).status).toBe(400)
    expect((await post(listener.port, Uint8Array.of(2, 16, 2, 17))).status).toBe(400)
    expect((await post(listener.port, new Uint8Array(70_000))).status).toBe(413)
    expect((await post(listener.port, PACKET, 'GET')).status).toBe(405)
    expect(ingest.counts.rejected).toEqual({ 'unknown-format': 1, 'bad-magic': 1, 'too-large': 1 })
  })
})

describe('Gate', () => {
  const send = (port: number, packet: Uint8Array): void => {
    const socket = createSocket('udp4')
    socket.send(packet, port, '127.0.0.1', () => socket.close())
  }

  it('wants the auth key, whole and exact', async () => {
    const gate = { authKey: 'sesame' }
    const { listener, rejections, reached } = await listen('udp', '127.0.0.1', { gate })
    for (const authKey of [undefined, '', 'sesam', 'sesame2', 'Sesame']) {
      send(listener.port, encodeHep({ ...invite('a'), ...(authKey !== undefined && { authKey }) }))
    }
    send(listener.port, encodeHep({ ...invite('a'), authKey: 'sesame' }))
    await reached(1, 5)
    expect(new Set(rejections.map(({ reason }) => reason))).toEqual(new Set(['auth-key']))
  })

  it('admits the named networks alone', async () => {
    const gate = { networks: [parseNetwork('10.0.0.0/8')].filter((network) => network !== undefined) }
    const udp = await listen('udp', '127.0.0.1', { gate })
    send(udp.listener.port, PACKET)
    await udp.reached(0, 1)
    expect(udp.rejections[0]?.reason).toBe('peer-not-allowed')
    const tcp = await listen('tcp', '127.0.0.1', { gate })
    const socket = connect(tcp.listener.port, '127.0.0.1').on('error', () => undefined)
    await once(socket, 'close')
    expect(tcp.rejections[0]?.reason).toBe('peer-not-allowed')
    expect(new Gate(gate).allows('::ffff:10.1.2.3')).toBe(true)
  })

  it('limits the packets a second of one sender', () => {
    const gate = new Gate({ packetsPerSec: 2 })
    const refusals = [1000, 1100, 1200, 2000].map((nowMs) => gate.refusalOfPeer('10.0.0.1', nowMs))
    expect(refusals).toEqual([undefined, undefined, 'peer-rate', undefined])
    expect(gate.refusalOfPeer('10.0.0.2', 1200)).toBeUndefined()
  })
})

describe('gzip datagram', () => {
  it('is undone once on UDP, and only once', async () => {
    const { listener, blocks, rejections, reached } = await listen('udp')
    const socket = createSocket('udp4')
    socket.send(gzipSync(PACKET), listener.port, '127.0.0.1')
    socket.send(gzipSync(gzipSync(PACKET)), listener.port, '127.0.0.1')
    socket.send(gzipSync(PACKET).subarray(0, 30), listener.port, '127.0.0.1')
    socket.send(gzipSync(new Uint8Array(65_536)), listener.port, '127.0.0.1')
    await reached(1, 3)
    socket.close()
    expect(blocks[0]?.text(TEXT.callId, 0)).toBe('call-1')
    expect(rejections.map(({ reason }) => reason)).toEqual(['unknown-format', 'bad-compression', 'inflate-limit'])
  })
})

describe('Ingest', () => {
  const send = (port: number, packet: Uint8Array): void => {
    const socket = createSocket('udp4')
    socket.send(packet, port, '127.0.0.1', () => socket.close())
  }
  const otherMagic = Buffer.from(PACKET)
  otherMagic.write('EEP3')

  it('counts what was odd about packets that it took', async () => {
    const { listener, ingest, reached } = await listen('udp')
    send(listener.port, PACKET)
    send(listener.port, otherMagic)
    send(listener.port, Buffer.concat([otherMagic, Buffer.from('!')]))
    const bomb = gzipSync(new Uint8Array(300_000))
    send(listener.port, encodeHep({ ...invite('a'), payload: bomb, payloadCompressed: true }))
    await reached(4, 0)
    expect(ingest.counts.warned).toEqual({
      'other-magic': 2,
      'trailing-bytes': 1,
      'compressed-payload': 1,
      'inflate-limit': 1,
    })
  })

  it('demands of packets what it is told to', async () => {
    const demands = { strict: true, strictMagic: true, sanitizeTime: true }
    const { listener, blocks, rejections, reached } = await listen('udp', '127.0.0.1', {}, demands)
    send(listener.port, otherMagic)
    await reached(0, 1)
    send(listener.port, Buffer.concat([PACKET, Buffer.from('!')]))
    await reached(0, 2)
    send(listener.port, encodeHep({ ...invite('a'), tsUs: 1_000_000 }))
    await reached(1, 2)
    expect(rejections.map(({ reason }) => reason)).toEqual(['unknown-format', 'bad-total'])
    expect(Math.abs((blocks[0]?.tsUs[0] ?? 0) / 1000 - Date.now())).toBeLessThan(60_000)
  })
})
