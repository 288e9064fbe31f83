import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { pino } from 'pino'
import { CaptureMessages, readMessages } from '@hepscope/shared/pcap/messages.ts'
import { PcapTransport } from '@hepscope/shared/pcap/transport.ts'
import { writePcap } from '@hepscope/shared/pcap/write.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import { createApp } from '../../src/http/app.ts'
import type { AppMiddleware } from '../../src/http/context.ts'
import { type ImportOptions, importRoutes } from '../../src/http/routes/imports.ts'
import { LocalReception } from '../../src/ingest/local-reception.ts'
import { importFile } from '../../src/main/importer.ts'
import type { StoreEngine } from '../../src/store/engine.ts'
import { EPOCH, packetOf, sipText, START_US } from '../store/blocks.ts'
import { engineAt, newDataDir, search } from '../store/data-dir.ts'

const CAPTURE = new Uint8Array(readFileSync(new URL('../../../fixtures/sip-20-calls.pcap', import.meta.url)))
const MAX_BYTES = 2 * CAPTURE.length
const log = pino({ level: 'silent' })
type Upload = string | Uint8Array<ArrayBuffer> | FormData

let engine: StoreEngine
let reception: LocalReception

beforeEach(async () => {
  engine = await engineAt(newDataDir())
  reception = new LocalReception({
    threads: 0,
    listeners: [],
    source: { node: 'n', epoch: EPOCH },
    blockIntervalMs: 1,
    scan: {},
    callbacks: [],
    log,
    onBlock: (block) => engine.append(block),
  })
  await reception.open()
})

async function serve(change: Partial<ImportOptions> = {}): Promise<string> {
  const login: AppMiddleware = async (ctx, next) => {
    ctx.state.session = { kind: 'login', username: 'root', admin: true, jti: 'a', expiresAt: undefined }
    await next()
  }
  const own = {
    maxBytes: MAX_BYTES,
    agentId: 0,
    receive: (packet: Uint8Array) => reception.receive(packet),
    queueBytes: () => 0,
  }
  const run: ImportOptions['run'] = (name, file, signal) => importFile(name, file, signal, own)
  const app = createApp(log, [importRoutes(login, { maxBytes: MAX_BYTES, run, log, ...change })])
  const server = createServer((request, response) => void app.callback()(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v4/imports/pcap`
}

const upload = (url: string, body: Upload, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, { method: 'POST', body, headers })

async function detailOf(response: Response): Promise<string> {
  return ((await response.json()) as { error: { detail: string } }).error.detail
}

describe('POST /api/v4/imports/pcap', () => {
  it.each([
    { form: 'as the body', make: (): Upload => CAPTURE },
    { form: 'gzipped', make: (): Upload => new Uint8Array(gzipSync(CAPTURE)) },
    {
      form: 'in a form',
      make: (): Upload => {
        const form = new FormData()
        form.append('note', 'of yesterday')
        form.append('file', new Blob([CAPTURE]), 'calls.pcap')
        return form
      },
    },
  ])('makes events of a capture $form, with its times and addresses', async ({ make }) => {
    const response = await upload(await serve(), make())
    expect(response.status).toBe(200)
    const { data } = (await response.json()) as { data: { inserted: number; rejected: number } }
    expect(data).toMatchObject({ rejected: 0 })
    await reception.close()
    await engine.flush()
    const rows = await search(engine, { q: 'proto:1', param: { limit: 1000 } })
    expect(rows).toHaveLength(data.inserted)
    expect(new Set(rows.map(({ session_id }) => session_id)).size).toBe(20)
    expect(reception.counts.received).toMatchObject({ import: data.inserted, udp: 0 })
    const first = rows.at(-1)
    expect(first).toMatchObject({ seq: 1, node: 'n', src_port: expect.any(Number) as number })
    const [sent] = readMessages(CAPTURE, new PcapTransport(), new CaptureMessages())
    expect(first?.ts_us).toBe(sent?.tsUs)
  })

  it('takes HEP of every version out of its datagrams, and counts what is none', async () => {
    const hep3 = encodeHep(packetOf(sipText({ callId: 'in-hep' }), { agentId: 7, tsUs: START_US }))
    const flow = { tsUs: START_US + 5, ipProtocol: 17, srcIp: '10.0.0.1', dstIp: '10.0.0.2', srcPort: 1, dstPort: 9060 }
    const version2 = Buffer.from(`0210021113c413c50a0000010a00000200f1536540e20100d1070000`, 'hex')
    const hep2 = Buffer.concat([version2, Buffer.from(sipText({ callId: 'in-hep2' }))])
    const file = writePcap([hep3, hep2, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)].map((bytes) => ({ ...flow, bytes })))
    const response = await upload(await serve(), new Uint8Array(file))
    expect(await response.json()).toMatchObject({
      data: { inserted: 2, rejected: 0, skipped: { 'other-datagram': 1 } },
    })
    await reception.close()
    await engine.flush()
    const rows = await search(engine, { filter: { call_id: 'in-hep%' } })
    expect(rows.map(({ session_id, node_id }) => [session_id, node_id]).sort()).toEqual([
      ['in-hep', '7'],
      ['in-hep2', '2001'],
    ])
  })

  it.each([
    { name: 'nothing', body: '', status: 400, detail: 'the body is empty' },
    { name: 'another file', body: 'hello, world', status: 400, detail: 'the body is not pcap, pcapng or a HEP stream' },
    { name: 'a broken gzip', body: Uint8Array.of(0x1f, 0x8b, 9, 9), status: 400, detail: 'cannot inflate the body' },
    {
      name: 'a bomb',
      body: new Uint8Array(gzipSync(new Uint8Array(MAX_BYTES + 1))),
      status: 400,
      detail: 'becomes larger than',
    },
    { name: 'a file that is too large', body: new Uint8Array(MAX_BYTES + 1), status: 413, detail: 'larger than' },
  ])('refuses $name', async ({ body, status, detail }) => {
    const response = await upload(await serve(), body)
    expect(response.status).toBe(status)
    expect(await detailOf(response)).toContain(detail)
  })

  it('refuses a file without an announced length when it has become too large', async () => {
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
    })
    const response = await fetch(await serve(), { method: 'POST', body: stream, duplex: 'half' }).catch(() => undefined)
    // The connection may be cut before the answer is read.
    if (response !== undefined) expect(response.status).toBe(413)
    expect(reception.counts.events).toBe(0)
  })

  it('refuses a form without a file, and one that is none', async () => {
    const url = await serve()
    const form = new FormData()
    form.append('file', 'a text')
    expect(await detailOf(await upload(url, form))).toBe('the form has no file')
    const broken = await upload(url, 'x', { 'content-type': 'multipart/form-data; boundary=y' })
    expect(await detailOf(broken)).toContain('the form cannot be read')
  })

  it('imports one file at a time, and stops when the client leaves', async () => {
    let started = (_: AbortSignal): void => undefined
    const running = new Promise<AbortSignal>((resolve) => (started = resolve))
    const run: ImportOptions['run'] = (_, __, signal) => {
      started(signal)
      return new Promise((resolve) =>
        signal.addEventListener('abort', () => resolve({ inserted: 0, rejected: 0, skipped: {} })),
      )
    }
    const url = await serve({ run })
    const gone = new AbortController()
    const first = fetch(url, { method: 'POST', body: CAPTURE, signal: gone.signal }).catch(() => undefined)
    const signal = await running
    expect((await upload(url, CAPTURE)).status).toBe(503)
    gone.abort()
    await first
    await expect.poll(() => signal.aborted).toBe(true)
  })

  it('waits while the store has no room', async () => {
    let reads = 0
    const result = await importFile('x', CAPTURE, new AbortController().signal, {
      maxBytes: MAX_BYTES,
      agentId: 0,
      receive: () => true,
      queueBytes: () => (++reads < 3 ? 1 << 30 : 0),
    })
    expect(result.inserted).toBeGreaterThan(128)
    expect(reads).toBeGreaterThanOrEqual(3)
  })
})
