import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeHep } from '@hepscope/shared/hep/decode.ts'
import { HepDeframer } from '@hepscope/shared/hep/deframe.ts'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { genCommand } from '../../src/cli/gen.ts'
import { SCENARIOS } from '../../src/gen/scenarios/all.ts'

let out = ''
let err = ''

beforeEach(() => {
  out = ''
  err = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true))
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((err += String(text)), true))
})

afterEach(() => {
  vi.restoreAllMocks()
})

/** A UDP receiver that keeps what it gets. */
async function listen() {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 })
  const packets: Uint8Array[] = []
  socket.on('message', (bytes) => packets.push(bytes))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { packets, url: `udp://127.0.0.1:${socket.address().port}`, close: () => socket.close() }
}

describe('genCommand', () => {
  it.each([
    { name: 'no receiver', args: [], message: '--to' },
    { name: 'an unknown option', args: ['--nope'], message: "Unknown option '--nope'" },
    { name: 'a word too many', args: ['--to', 'udp://h:1', 'x'], message: 'x' },
    { name: 'a receiver of another kind', args: ['--to', 'ftp://h:1'], message: 'ftp://h:1' },
    { name: 'an unknown scenario', args: ['--to', 'udp://h:1', '--scenario', 'busy,nope'], message: '"nope"' },
    { name: 'calls that are not a number', args: ['--to', 'udp://h:1', '--calls', 'x'], message: '--calls' },
    { name: 'a rate of zero', args: ['--to', 'udp://h:1', '--cps', '0'], message: '--cps' },
    { name: 'load and calls at once', args: ['--to', 'udp://h:1', '--rate', '5', '--calls', '5'], message: '--calls' },
    { name: 'seconds without a rate', args: ['--to', 'udp://h:1', '--seconds', '5'], message: '--rate' },
    { name: 'speed and asap at once', args: ['--to', 'udp://h:1', '--asap', '--speed', '2'], message: '--asap' },
    { name: 'a start that is no time', args: ['--to', 'udp://h:1', '--start', 'soon'], message: 'soon' },
  ])('exits 2 with a hint for $name', async ({ args, message }) => {
    expect(await genCommand.run(args)).toBe(2)
    expect(err).toContain(message)
    expect(err).toContain('hepscope gen --help')
  })

  it('explains itself', async () => {
    expect(await genCommand.run(['--help'])).toBe(0)
    expect(out).toBe(genCommand.help)
  })

  it('lists the scenarios, one line each', async () => {
    expect(await genCommand.run(['--list-scenarios'])).toBe(0)
    const lines = out.trimEnd().split('\n')
    expect(lines.map((line) => line.split(' ')[0])).toEqual(SCENARIOS.map(({ name }) => name))
  })

  it('sends calls, prints the count and writes the ledger', async () => {
    const receiver = await listen()
    const folder = await mkdtemp(join(tmpdir(), 'hepscope-gen-'))
    const ledger = join(folder, 'ledger.jsonl')
    const args = [
      '--to',
      receiver.url,
      '--asap',
      '--calls',
      '30',
      '--cps',
      '5',
      '--scenario',
      'answered,busy',
      '--seed',
      '9',
    ]
    expect(await genCommand.run([...args, '--start', '2026-01-02T03:04:05Z', '--ledger', ledger])).toBe(0)
    const records = (await readFile(ledger, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
    await rm(folder, { recursive: true })
    receiver.close()
    expect(out).toContain(`sent 30 of 30 calls, ${receiver.packets.length} packets to ${receiver.url}`)
    expect(records).toHaveLength(30)
    expect(records[0]).toEqual({
      callId: expect.any(String) as string,
      otherCallIds: [],
      scenario: expect.stringMatching(/^(answered|busy)$/) as string,
      expectedState: expect.stringMatching(/^(ended|busy)$/) as string,
      messageCount: expect.any(Number) as number,
      rtcpCount: expect.any(Number) as number,
      logCount: expect.any(Number) as number,
    })
    const [first] = receiver.packets.map((bytes) => decodeHep(bytes))
    expect(first?.ok === true && (first.packet.tsUs ?? 0) / 1_000_000).toBeCloseTo(
      Date.UTC(2026, 0, 2, 3, 4, 5) / 1000,
      0,
    )
  })

  it('places calls that are sent at once in the past', async () => {
    const receiver = await listen()
    expect(await genCommand.run(['--to', receiver.url, '--asap', '--calls', '10', '--cps', '5'])).toBe(0)
    receiver.close()
    for (const bytes of receiver.packets) {
      const decoded = decodeHep(bytes)
      expect(decoded.ok && (decoded.packet.tsUs ?? 0)).toBeLessThan(Date.now() * 1000)
    }
  })

  it('exits 1 if the ledger cannot be written', async () => {
    const args = ['--to', 'udp://127.0.0.1:9', '--calls', '1', '--ledger', '/nonexistent/ledger']
    expect(await genCommand.run(args)).toBe(1)
    expect(err).toContain('ledger')
  })

  it('exits 1 if a TCP receiver is not there', async () => {
    expect(await genCommand.run(['--to', 'tcp://127.0.0.1:1', '--calls', '1'])).toBe(1)
    expect(err).toContain('cannot reach')
  })

  it('sends a constant load over UDP with the exact count', async () => {
    const receiver = await listen()
    expect(await genCommand.run(['--to', receiver.url, '--rate', '4000', '--seconds', '0.5'])).toBe(0)
    // What the kernel has queued for the receiver is read in the next turns.
    await vi.waitFor(() => expect(receiver.packets).toHaveLength(2000))
    receiver.close()
    expect(out).toMatch(/^sent 2000 packets to udp:\S+ in 0\.\d\d s, \d{4} packets\/s/)
  })

  it('sends a constant load over TCP', async () => {
    const deframer = new HepDeframer()
    let frameCount = 0
    const server = createServer((socket) => {
      socket.on('data', (bytes: Buffer) => void deframer.push(bytes, () => frameCount++))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    expect(await genCommand.run(['--to', `tcp://127.0.0.1:${port}`, '--rate', '2000', '--seconds', '0.5'])).toBe(0)
    await vi.waitFor(() => expect(frameCount).toBe(1000))
    server.close()
    expect(out).toContain('sent 1000 packets')
  })

  it('stops at SIGINT and prints what it has sent', async () => {
    const receiver = await listen()
    const running = genCommand.run(['--to', receiver.url, '--calls', '1000', '--cps', '50'])
    await vi.waitFor(() => expect(receiver.packets.length).toBeGreaterThan(10))
    process.emit('SIGINT')
    expect(await running).toBe(0)
    receiver.close()
    expect(out).toMatch(/^interrupted, sent \d+ of 1000 calls, \d+ packets to /)
  })
})
