import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { CaptureMessages, readMessages } from '@hepscope/shared/pcap/messages.ts'
import { PcapTransport } from '@hepscope/shared/pcap/transport.ts'
import { UsageError } from '../../src/cli/arguments.ts'
import { exportCommand } from '../../src/cli/export.ts'
import { importCommand } from '../../src/cli/import.ts'
import { searchCommand } from '../../src/cli/search.ts'
import { parseTime } from '../../src/cli/time-option.ts'
import { createApp } from '../../src/http/app.ts'
import type { AppMiddleware } from '../../src/http/context.ts'
import { AppError } from '../../src/http/error.ts'
import { exportRoutes } from '../../src/http/routes/exports.ts'
import { importRoutes } from '../../src/http/routes/imports.ts'
import { searchRoutes } from '../../src/http/routes/search.ts'
import { importFile } from '../../src/main/importer.ts'
import { openEngine, type StoreEngine } from '../../src/store/engine.ts'
import { callsBody } from '../../src/store/calls/call-request.ts'
import { messagesBody, searchBody } from '../../src/store/search-request.ts'
import { Blocks, packetOf, sipText, START_US } from '../store/blocks.ts'

const TOKEN = 'a token'
const CAPTURE = new URL('../../../fixtures/sip-20-calls.pcap', import.meta.url)
let directory: string
let engine: StoreEngine
let server: Server
let where: string[]
let out = ''
let err = ''

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hepscope-cli-'))
  engine = await openEngine({ dataDir: directory, memoryLimit: '512MB', insertDelayMs: 1 })
  const blocks = new Blocks()
  engine.append(
    blocks.of(
      packetOf(sipText({ callId: 'c1' })),
      packetOf(sipText({ callId: 'c1', startLine: 'SIP/2.0 486 Busy Here' }), { tsUs: START_US + 1500 }),
      packetOf('{"rtcp":1}', {
        protocolType: 5,
        correlationId: 'c1',
        srcIp: '::1',
        dstIp: '::2',
        tsUs: START_US + 2000,
      }),
      packetOf(sipText({ callId: 'r1', startLine: 'REGISTER sip:x SIP/2.0', cseq: '1 REGISTER' })),
    ),
  )
  await engine.flush()
  const login: AppMiddleware = async (ctx, next) => {
    if (ctx.get('authorization') !== `Bearer ${TOKEN}`) throw new AppError('unauthorized', 'No valid credential')
    ctx.state.session = { kind: 'login', username: 'root', admin: true, jti: 'a', expiresAt: undefined }
    await next()
  }
  const receive = (packet: Uint8Array): boolean => {
    engine.append(blocks.fromBytes([packet]))
    return true
  }
  const log = pino({ level: 'silent' })
  const own = { maxBytes: 1 << 24, agentId: 0, receive, queueBytes: () => 0 }
  const app = createApp(log, [
    searchRoutes(login, engine, { search: searchBody, messages: messagesBody, calls: callsBody }, () => true),
    exportRoutes(login, engine, messagesBody, () => true),
    importRoutes(login, { maxBytes: 1 << 24, run: (name, file, signal) => importFile(name, file, signal, own), log }),
  ])
  server = createServer((request, response) => void app.callback()(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  where = ['--url', `http://127.0.0.1:${(server.address() as AddressInfo).port}`]
})
afterAll(async () => {
  server.close()
  server.closeAllConnections()
  await engine.close()
  rmSync(directory, { recursive: true })
})
beforeEach(() => {
  out = ''
  err = ''
  vi.stubEnv('HEPSCOPE_TOKEN', TOKEN)
  vi.spyOn(process.stdout, 'write').mockImplementation(
    (text) => ((out += typeof text === 'string' ? text : Buffer.from(text).toString()), true),
  )
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((err += String(text)), true))
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

describe('hepscope search', () => {
  it('prints what matches, a line each', async () => {
    expect(await searchCommand.run(['callid=c1', ...where])).toBe(0)
    expect(out.split('\n')).toEqual([
      '2025-11-22 00:00:00.002000  [::1]:5060 -> [::2]:5062  RTCP  c1',
      '2025-11-22 00:00:00.001500  192.0.2.1:5060 -> 192.0.2.200:5062  486 Busy Here (INVITE)  alice -> bob  c1',
      '2025-11-22 00:00:00.000000  192.0.2.1:5060 -> 192.0.2.200:5062  INVITE  alice -> bob  c1',
      '',
    ])
    expect(err).toBe('')
  })

  it('prints calls, a line each', async () => {
    expect(await searchCommand.run(['callid=c1', '--calls', ...where])).toBe(0)
    expect(out).toMatch(
      /^2025-11-22 00:00:00\.000000 {2}call busy \(486 Busy Here\) {2}alice -> bob {2}192\.0\.2\.1:5060 - /,
    )
    expect(out).toMatch(/ messages {2}c1(?: {2}incomplete: .*)?\n$/)
    out = ''
    expect(await searchCommand.run(['is:failed proto:1', '--calls', ...where])).toBe(1)
    expect(err).toContain('q: "proto" is about single packets, and here whole calls are looked at (at 10)')
  })

  it('prints rows as JSON, and says that there are more', async () => {
    expect(await searchCommand.run(['code:486 or method:INVITE', '--json', '--limit', '1', ...where])).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      session_id: 'c1',
      response_code: '486',
      payload: expect.any(String) as string,
    })
    expect(err).toContain('there are more')
  })

  it('keeps to the times', async () => {
    await searchCommand.run(['proto:1', '--from', '2025-11-22T00:00:00.001Z', '--to', '2025-11-22T00:00:01Z', ...where])
    expect(out.match(/\n/g)).toHaveLength(1)
    out = ''
    expect(await searchCommand.run(['proto:1', '--from', '1h', ...where])).toBe(0)
    expect(out).toBe('')
  })

  it.each([
    {
      args: ['code:x'],
      says: 'answered 400: The request is not valid; q: "x" is no status code; use 486 or 4xx (at 5)',
    },
    { args: ['--token', 'wrong'], says: 'answered 401: No valid credential' },
    { args: ['--url', 'http://127.0.0.1:1'], says: 'no answer from http://127.0.0.1:1' },
  ])('exits 1 and says why: $args', async ({ args, says }) => {
    expect(await searchCommand.run([...where, ...args])).toBe(1)
    expect(err).toContain(says)
    expect(out).toBe('')
  })

  it('says how to give a token', async () => {
    vi.stubEnv('HEPSCOPE_TOKEN', undefined)
    expect(await searchCommand.run(where)).toBe(1)
    expect(err).toContain('give --token or set HEPSCOPE_TOKEN')
  })

  it.each([
    ['a', 'b'],
    ['--limit', '0'],
    ['--limit', '50001'],
    ['--from', 'soon'],
    ['--to', '5y'],
    ['--url', 'ftp://x'],
  ])('refuses %s %s', async (...args) => {
    await expect(searchCommand.run(args)).rejects.toBeInstanceOf(UsageError)
  })
})

describe('hepscope export', () => {
  it('writes a capture', async () => {
    const path = join(directory, 'out.pcap')
    expect(await exportCommand.run(['c1', 'r1', '--related', '--output', path, ...where])).toBe(0)
    const found = [...readMessages(readFileSync(path), new PcapTransport(), new CaptureMessages())]
    expect(found.map(({ tsUs }) => tsUs)).toEqual([START_US, START_US, START_US + 1500])
    expect(err).toBe('hepscope: 1 messages cannot be written in this format\n')
  })

  it('writes to standard output', async () => {
    expect(await exportCommand.run(['c1', '--format', 'sipp', ...where])).toBe(0)
    expect(out).toContain('<scenario')
  })

  it.each([
    { args: ['nobody'], says: 'answered 404: No message of these calls is stored' },
    { args: ['c1', '--output', '/dev/null/x'], says: 'cannot write /dev/null/x' },
  ])('exits 1 and says why: $args', async ({ args, says }) => {
    expect(await exportCommand.run([...where, ...args])).toBe(1)
    expect(err).toContain(says)
  })

  it.each([[[]], [['c1', '--format', 'doc']]])('refuses %j', async (args) => {
    await expect(exportCommand.run(args)).rejects.toBeInstanceOf(UsageError)
  })
})

describe('hepscope import', () => {
  it('gives files to the server, which finds what was in them', async () => {
    expect(await importCommand.run([CAPTURE.pathname, ...where])).toBe(0)
    expect(out).toMatch(/sip-20-calls\.pcap: \d+ messages/)
    await engine.flush()
    out = ''
    await searchCommand.run(['callid:@127.0.0.1', '--limit', '1000', ...where])
    expect(out.match(/\n/g)?.length).toBeGreaterThan(100)
  })

  it.each(['hello', ''])('exits 1 for what is no capture: "%s"', async (text) => {
    const path = join(directory, 'no.pcap')
    writeFileSync(path, text)
    expect(await importCommand.run([path, ...where])).toBe(1)
    expect(err).toContain('answered 400')
  })

  it('exits 1 for a file that is not there, and 2 for none', async () => {
    expect(await importCommand.run(['/nowhere.pcap', ...where])).toBe(1)
    expect(err).toContain('cannot read /nowhere.pcap')
    await expect(importCommand.run([])).rejects.toBeInstanceOf(UsageError)
  })
})

describe('parseTime', () => {
  it.each([
    ['2026-11-22T08:00Z', Date.UTC(2026, 10, 22, 8)],
    ['2026-11-22', Date.UTC(2026, 10, 22)],
    ['90m', 10_000_000 - 5_400_000],
    ['7d', 0],
    ['0s', 10_000_000],
  ])('reads %s', (text, ms) => {
    expect(parseTime('--from', text, 10_000_000)).toBe(ms)
  })
})
