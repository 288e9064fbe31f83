import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { decodeHep } from '@hepscope/shared/hep/decode.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import { readTransport } from '@hepscope/shared/pcap/transport.ts'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { ipv4, pcap, tcp, udp } from '../../shared/test/pcap/frames.ts'
import { replayCommand } from '../src/cli/replay.ts'
import { receiveTcp, receiveUdp, type Receiver } from './receivers.ts'

const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url))
const SIP = 'OPTIONS sip:bob@example.com SIP/2.0\r\nContent-Length: 0\r\n\r\n'
const NOW = 1_700_000_000

function decoded(bytes: Uint8Array | undefined): HepPacket {
  const result = decodeHep(bytes ?? new Uint8Array(0))
  if (!result.ok) throw new Error(result.reason)
  return result.packet
}

let out = ''
let err = ''
let folder = ''
let receiver: Receiver | undefined

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hepscope-replay-'))
})
afterAll(() => rm(folder, { recursive: true }))

beforeEach(() => {
  out = err = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true))
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((err += String(text)), true))
})
afterEach(async () => {
  vi.restoreAllMocks()
  await receiver?.close()
  receiver = undefined
})

async function file(name: string, bytes: Uint8Array | string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, bytes)
  return path
}

/** A capture of SIP datagrams, `ms` after the first one. */
function sipCapture(times: readonly number[]): Uint8Array {
  return pcap(times.map((ms) => ({ frame: ipv4(udp(SIP)), seconds: NOW, fraction: ms * 1000 })))
}

describe('replayCommand on fixtures', () => {
  it.each([
    { name: 'opensips-hep3-udp.pcap', count: 220 },
    { name: 'opensips-hep1-udp.pcap', count: 180 },
    { name: 'kamailio-hep2-udp.pcap', count: 259 },
    { name: 'kamailio-rtpengine-hep3-udp.pcap', count: 380 },
  ])('sends the $count HEP packets of $name as they are', async ({ name, count }) => {
    receiver = await receiveUdp()
    expect(await replayCommand.run([fixture(name), '--to', receiver.url, '--asap'])).toBe(0)
    await receiver.received(count)
    const payloads = [...readTransport(new Uint8Array(await readFile(fixture(name))))].map(({ bytes }) => bytes)
    expect(receiver.packets).toEqual(payloads)
    expect(out).toMatch(new RegExp(`^sent ${count} messages to ${receiver.url} in \\d\\.\\d\\d s; skipped 0\n$`))
    expect(err).toBe('')
  })

  it('packs the 260 SIP messages of sip-20-calls.pcap, over UDP and TCP alike', async () => {
    const [overUdp, overTcp] = [await receiveUdp(), await receiveTcp()]
    for (const { url, received } of [overUdp, overTcp]) {
      expect(await replayCommand.run([fixture('sip-20-calls.pcap'), '--to', url, '--asap', '--agent-id', '77'])).toBe(0)
      await received(260)
    }
    expect(overUdp.packets).toEqual(overTcp.packets)
    const packets = overUdp.packets.map(decoded)
    expect(packets[0]).toMatchObject({
      version: 3,
      ipProtocol: 17,
      srcIp: '127.0.0.1',
      dstIp: '127.0.0.1',
      protocolType: 1,
      agentId: 77,
    })
    expect(packets.every(({ tsUs }, i) => (tsUs ?? 0) >= (packets[i - 1]?.tsUs ?? 0))).toBe(true)
    const invites = packets.filter(({ payload }) => new TextDecoder().decode(payload).startsWith('INVITE '))
    expect(invites.length).toBeGreaterThan(0)
    await Promise.all([overUdp.close(), overTcp.close()])
  })

  it('sends the 200 frames of the HEP stream opensips-hep3-tcp.bin', async () => {
    receiver = await receiveTcp()
    expect(await replayCommand.run([fixture('opensips-hep3-tcp.bin'), '--to', receiver.url, '--asap'])).toBe(0)
    await receiver.received(200)
    expect(Buffer.concat(receiver.packets)).toEqual(await readFile(fixture('opensips-hep3-tcp.bin')))
    expect(out).toContain('sent 200 messages')
  })
})

describe('replayCommand', () => {
  it('reads a gzipped capture, and one whose end is missing', async () => {
    receiver = await receiveUdp()
    const zipped = gzipSync(sipCapture([0, 1, 2]))
    expect(await replayCommand.run([await file('a.pcap.gz', zipped), '--to', receiver.url])).toBe(0)
    expect(out).toContain('sent 3 messages')
    const cut = await file('cut.pcap.gz', zipped.subarray(0, -8))
    expect(await replayCommand.run([cut, '--to', receiver.url])).toBe(0)
    const cutRecord = await file('cut.pcap', sipCapture([0, 1, 2]).subarray(0, -1))
    out = ''
    expect(await replayCommand.run([cutRecord, '--to', receiver.url])).toBe(0)
    expect(out).toMatch(/^sent 2 messages .*; skipped 1 \(truncated 1\)\n$/)
  })

  it('packs SIP over TCP and counts what it passes over', async () => {
    receiver = await receiveUdp()
    const segments = [
      tcp({ sequence: 99, flags: 'syn' }),
      tcp({ sequence: 100 + SIP.length, payload: SIP }),
      tcp({ sequence: 100, payload: SIP }),
    ].map((bytes, i) => ({ frame: ipv4(bytes, { protocol: 6 }), seconds: NOW, fraction: i }))
    const noise = [udp('\r\n\r\n'), udp(Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 0))].map((bytes) => ({
      frame: ipv4(bytes),
    }))
    const path = await file('tcp.pcap', pcap([...segments, ...noise, { frame: ipv4(udp(''), { protocol: 1 }) }]))
    expect(await replayCommand.run([path, '--to', receiver.url, '--asap'])).toBe(0)
    await receiver.received(2)
    expect(receiver.packets.map(decoded)).toMatchObject([
      { ipProtocol: 6, srcPort: 5060, dstPort: 5080, tsUs: NOW * 1e6 + 2, agentId: 2001 },
      { ipProtocol: 6, tsUs: NOW * 1e6 + 1 },
    ])
    expect(out).toContain('skipped 3 (not-udp-tcp 1, keep-alive 1, rtp 1)')
  })

  it('inflates gzipped HEP datagrams', async () => {
    receiver = await receiveUdp()
    const packet = encodeHep({ version: 3, ipProtocol: 17, srcPort: 1, dstPort: 2, protocolType: 1, agentId: 3 })
    const path = await file('zip.pcap', pcap([{ frame: ipv4(udp(gzipSync(packet))) }]))
    expect(await replayCommand.run([path, '--to', receiver.url])).toBe(0)
    await receiver.received(1)
    expect(receiver.packets).toEqual([packet])
  })

  it('keeps the recorded pace, times the speed', async () => {
    receiver = await receiveUdp()
    const path = await file('pace.pcap', sipCapture([0, 0, 400, 300]))
    const startedMs = performance.now()
    expect(await replayCommand.run([path, '--to', receiver.url, '--speed', '2'])).toBe(0)
    const tookMs = performance.now() - startedMs
    expect(tookMs).toBeGreaterThan(195)
    expect(tookMs).toBeLessThan(3000)
    expect(out).toContain('sent 4 messages')
  })

  it('sends the recording several times', async () => {
    receiver = await receiveUdp()
    const path = await file('loop.pcap', sipCapture([0, 5]))
    expect(await replayCommand.run([path, '--to', receiver.url, '--asap', '--loop', '50'])).toBe(0)
    await receiver.received(100)
    expect(out).toContain('sent 100 messages')
  })

  it('ends when a recording that is sent several times holds nothing', async () => {
    receiver = await receiveUdp()
    const path = await file('empty.pcap', pcap([{ frame: ipv4(udp('x'), { protocol: 1 }) }]))
    expect(await replayCommand.run([path, '--to', receiver.url, '--loop', '1000000000'])).toBe(0)
    expect(out).toContain('sent 0 messages')
    expect(out).toContain('skipped 1 (not-udp-tcp 1)')
  })

  it('moves the times to now', async () => {
    receiver = await receiveUdp()
    const path = await file('now.pcap', sipCapture([0, 250]))
    const beforeUs = Date.now() * 1000
    expect(await replayCommand.run([path, '--to', receiver.url, '--asap', '--now'])).toBe(0)
    await receiver.received(2)
    const [first = 0, second = 0] = receiver.packets.map((packet) => decoded(packet).tsUs ?? 0)
    expect(first).toBeGreaterThanOrEqual(beforeUs)
    expect(first).toBeLessThanOrEqual(Date.now() * 1000)
    expect(second - first).toBe(250_000)
  })

  it('sends to IPv6 and to the other form of a target', async () => {
    receiver = await receiveUdp('::1')
    const path = await file('six.pcap', sipCapture([0]))
    const target = receiver.url.replace('udp://', 'hep_udp:')
    expect(await replayCommand.run([path, '--to', target])).toBe(0)
    await receiver.received(1)
    expect(out).toContain(`sent 1 messages to ${receiver.url}`)
  })

  it('ends at SIGINT with the counts', async () => {
    receiver = await receiveUdp()
    const path = await file('long.pcap', sipCapture([0, 900_000]))
    const done = replayCommand.run([path, '--to', receiver.url])
    await receiver.received(1)
    const listeners = process.listeners('SIGINT')
    listeners.at(-1)?.('SIGINT')
    expect(await done).toBe(0)
    expect(out).toMatch(/^interrupted, sent 1 messages /)
    expect(process.listeners('SIGINT')).not.toContain(listeners.at(-1))
  })

  it('ends at SIGINT though the receiver does not read', async () => {
    let isConnected = false
    receiver = await receiveTcp((socket) => {
      socket.pause()
      isConnected = true
    })
    const large = { frame: ipv4(udp(SIP + 'x'.repeat(60_000))) }
    const path = await file('stall.pcap', pcap(Array<typeof large>(40).fill(large)))
    const done = replayCommand.run([path, '--to', receiver.url, '--asap', '--loop', '1000000'])
    await vi.waitUntil(() => isConnected)
    process.listeners('SIGINT').at(-1)?.('SIGINT')
    await done
    expect(out).toMatch(/^interrupted, sent \d+ messages /)
  })

  it.each([
    { name: 'no file', args: ['--to', 'udp://h:1'], message: 'FILE' },
    { name: 'two files', args: ['a', 'b', '--to', 'udp://h:1'], message: 'FILE' },
    { name: 'no receiver', args: ['a.pcap'], message: '--to' },
    { name: 'a receiver of another kind', args: ['a', '--to', 'ftp://h:1'], message: 'ftp://h:1' },
    { name: 'an unknown option', args: ['a', '--to', 'udp://h:1', '--nope'], message: "Unknown option '--nope'" },
    { name: 'a speed of zero', args: ['a', '--to', 'udp://h:1', '--speed', '0'], message: '--speed' },
    { name: 'speed and asap at once', args: ['a', '--to', 'udp://h:1', '--speed', '2', '--asap'], message: '--asap' },
    { name: 'a loop of zero', args: ['a', '--to', 'udp://h:1', '--loop', '0'], message: '--loop' },
    { name: 'an agent id that is none', args: ['a', '--to', 'udp://h:1', '--agent-id', '-1'], message: 'agent-id' },
  ])('exits 2 with a hint for $name', async ({ args, message }) => {
    expect(await replayCommand.run(args)).toBe(2)
    expect(err).toContain(message)
    expect(err).toContain('hepscope replay --help')
  })

  it('explains itself', async () => {
    expect(await replayCommand.run(['--help'])).toBe(0)
    expect(out).toBe(replayCommand.help)
  })

  it('exits 1 with one line for a file that is missing, empty or something else', async () => {
    const cases = [
      { path: join(folder, 'missing.pcap'), message: 'no such file' },
      { path: folder, message: 'directory' },
      { path: await file('empty', ''), message: 'is empty' },
      { path: await file('text.txt', 'Hello, world'), message: '48 65 6c 6c 6f 2c 20 77 ("Hello, w")' },
      { path: await file('binary', Uint8Array.of(0xff, 0)), message: 'it starts with ff 00\n' },
    ]
    for (const { path, message } of cases) {
      err = ''
      expect(await replayCommand.run([path, '--to', 'udp://127.0.0.1:9'])).toBe(1)
      expect(err).toContain(path)
      expect(err).toContain(message)
      expect(err.split('\n')).toHaveLength(2)
    }
  })

  it('exits 1 with one line when nobody listens', async () => {
    const [closedTcp, closedUdp] = [await receiveTcp(), await receiveUdp()]
    await Promise.all([closedTcp.close(), closedUdp.close()])
    const path = await file('one.pcap', sipCapture([0, 1, 2]))
    expect(await replayCommand.run([path, '--to', closedTcp.url])).toBe(1)
    expect(err).toBe(`hepscope replay: cannot reach ${closedTcp.url}: ECONNREFUSED\n`)
    expect(await replayCommand.run([path, '--to', closedUdp.url])).toBe(1)
    expect(out).toMatch(/not sent [1-3] \(.*nobody listens\)/)
  })

  it('exits 1 when the receiver goes away', async () => {
    receiver = await receiveTcp((socket) => socket.on('data', () => socket.destroy()))
    const path = await file('lost.pcap', sipCapture([0, 1, 2]))
    expect(await replayCommand.run([path, '--to', receiver.url, '--loop', '1000000'])).toBe(1)
    expect(err).toMatch(/^hepscope replay: lost tcp:\/\/.*\n$/)
    expect(out).toMatch(/^sent \d+ messages/)
  })
})
