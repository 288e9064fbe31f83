import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { stringify } from 'yaml'
import { loadConfig } from '../../src/config/load.ts'
import { openLog } from '../../src/log.ts'
import { startServer, type RunningServer } from '../../src/main/server.ts'

export const ADMIN_PASSWORD = 'an admin password'
export const JWT_SECRET = 'a secret of tests that is long enough'

export interface TestServer {
  readonly server: RunningServer
  readonly dataDir: string
  readonly url: string
  readonly nodeUrl: string
  /** All that was logged so far, at level debug. */
  readonly logged: () => string
  readonly close: () => Promise<void>
}

type Tree = Readonly<Record<string, unknown>>

/**
 * A whole server on ports of its own, storage aside.
 *
 * @param coordinator keys of the configuration's `coordinator`
 */
export async function openServer(coordinator: Tree = {}, more: Tree = {}): Promise<TestServer> {
  const dataDir = mkdtempSync(join(tmpdir(), 'hepscope-http-'))
  const file = join(dataDir, 'hepscope.yaml')
  const { jwt = {}, hep_stream = {}, ...rest } = coordinator as { jwt?: Tree; hep_stream?: Tree }
  const tree = {
    data_dir: dataDir,
    admin_password: ADMIN_PASSWORD,
    log: { level: 'debug' },
    ingest: { listeners: ['hep_udp:127.0.0.1:0'], hep_stream: { enable: true } },
    node: { name: 'test', listen: '127.0.0.1:0' },
    coordinator: {
      listen: '127.0.0.1:0',
      hep_stream: { enable: true, allow_payload: true, ...hep_stream },
      jwt: { secret: JWT_SECRET, ...jwt },
      ...rest,
    },
    storage: { enable: false },
    ...more,
  }
  writeFileSync(file, stringify(tree))
  let logged = ''
  const sink = new Writable({
    write(chunk: Buffer, _, done) {
      logged += chunk.toString()
      done()
    },
  })
  const config = loadConfig(file, {})
  const server = await startServer(config, openLog(config.log.level, sink))
  return {
    server,
    dataDir,
    url: `http://127.0.0.1:${server.appPort}`,
    nodeUrl: `http://127.0.0.1:${server.nodePort}`,
    logged: () => logged,
    close: () => server.close(),
  }
}

/** The same, closed at the end of the test. */
export async function withServer(coordinator: Tree = {}): Promise<TestServer> {
  const opened = await openServer(coordinator)
  onTestFinished(opened.close)
  return opened
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** Member `data` of the body, or the whole body where there is none. */
  readonly data: unknown
  readonly body: unknown
}

export type HeaderMap = Readonly<Record<string, string>>

/** Ask the API; redirects are answers. */
export async function ask(
  url: string,
  method: string,
  path: string,
  headers: HeaderMap = {},
  json?: unknown,
): Promise<Answer> {
  const response = await fetch(new URL(path, url), {
    method: method.toUpperCase(),
    redirect: 'manual',
    headers: { ...headers, ...(json !== undefined && { 'content-type': 'application/json' }) },
    ...(json !== undefined && { body: JSON.stringify(json) }),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
  const body: unknown = isJson ? JSON.parse(text) : text
  const data = typeof body === 'object' && body !== null && 'data' in body ? body.data : body
  return { status: response.status, headers: response.headers, data, body }
}

export function bearer(token: string): HeaderMap {
  return { authorization: `Bearer ${token}` }
}

/** Log in; the token of the session. */
export async function login(url: string, username = 'admin', password = ADMIN_PASSWORD): Promise<string> {
  const { status, data } = await ask(url, 'post', '/api/v4/auth/sessions', {}, { username, password })
  if (status !== 201) throw new Error(`login answered ${status}`)
  return (data as { token: string }).token
}

/** Open a WebSocket: the socket, or the status of the refusal. */
export async function openSocket(url: string, headers: HeaderMap = {}): Promise<WebSocket | number> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers })
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket))
    socket.once('unexpected-response', (_, response) => {
      resolve(response.statusCode ?? 0)
      socket.terminate()
    })
    socket.once('error', reject)
  })
}

/** Code of the close, and how long it took to come, ms. */
export async function closeOf(socket: WebSocket): Promise<{ code: number; afterMs: number }> {
  const startedMs = performance.now()
  const [code] = (await once(socket, 'close')) as [number]
  return { code, afterMs: performance.now() - startedMs }
}
