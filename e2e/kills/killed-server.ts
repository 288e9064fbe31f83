import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Api, readMember } from '../server/api.ts'

const PROGRAM = fileURLToPath(new URL('../../server/bin/hepscope.js', import.meta.url))
const PASSWORD = 'correct horse battery staple'
const START_TIMEOUT_MS = 60_000

/** A server in a process of its own that is ended again and again, on one data directory. */
export class KilledServer {
  readonly dataDir: string
  tcpPort = 0
  readonly #env: Readonly<Record<string, string>>
  #child: ChildProcess | undefined
  #url = ''

  constructor(dataDir: string, env: Readonly<Record<string, string>>) {
    this.dataDir = dataDir
    this.#env = env
  }

  /** @returns how long it took until it received, ms; @throws if it does not open by itself */
  async start(): Promise<number> {
    const startedMs = performance.now()
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('HEPSCOPE_'))
    const child = spawn(process.execPath, [PROGRAM, 'serve'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...Object.fromEntries(inherited),
        HEPSCOPE_DATA_DIR: this.dataDir,
        HEPSCOPE_ADMIN_PASSWORD: PASSWORD,
        HEPSCOPE_LOG_LEVEL: 'error',
        HEPSCOPE_INGEST_LISTENERS: 'hep_tcp:127.0.0.1:0',
        HEPSCOPE_INGEST_HEP_STREAM_ENABLE: 'true',
        HEPSCOPE_COORDINATOR_LISTEN: '127.0.0.1:0',
        HEPSCOPE_NODE_LISTEN: '127.0.0.1:0',
        ...this.#env,
      },
    })
    this.#child = child
    let said = ''
    for (const output of [child.stdout, child.stderr]) output.on('data', (text: Buffer) => (said += text.toString()))
    while (!/^ {2}data .*$/m.test(said)) {
      if (child.exitCode !== null) throw new Error(`it did not start:\n${said}`)
      if (performance.now() - startedMs > START_TIMEOUT_MS) throw new Error(`it did not start in time:\n${said}`)
      await sleep(5)
    }
    this.tcpPort = Number(/tcp 127\.0\.0\.1:(\d+)/.exec(said)?.[1])
    this.#url = `http://127.0.0.1:${/web app +http:\/\/[^\s]+:(\d+)/.exec(said)?.[1]}`
    return performance.now() - startedMs
  }

  login(): Promise<Api> {
    return Api.login(this.#url, 'admin', PASSWORD)
  }

  /** Wait until all that it has taken can be searched; `events` of this run, if they are known. */
  async settles(api: Api, events = 0): Promise<void> {
    for (;;) {
      const stats = await api.get('/api/v4/stats')
      const isTaken = Number(readMember(stats, 'events')) >= events
      const store = readMember(stats, 'store')
      if (isTaken && readMember(store, 'pendingBytes') === 0 && readMember(store, 'queueBytes') === 0) return
      await sleep(20)
    }
  }

  /** @returns when it was sent the signal, by `performance.now()` */
  async end(signal: NodeJS.Signals): Promise<number> {
    const child = this.#child
    const atMs = performance.now()
    if (child?.exitCode !== null || child.signalCode !== null) return atMs
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
    return atMs
  }

  /** Whether a sealing was cut off: it has left files that no manifest names. */
  hasHalfSealing(): boolean {
    const manifests = join(this.dataDir, 'sealed')
    const parquet = join(this.dataDir, 'parquet')
    if (!existsSync(manifests) || !existsSync(parquet)) return false
    const sealed = readdirSync(manifests)
    const named = new Set(sealed.map((name) => name.replace('.json', '')))
    const isHalf = (path: string): boolean =>
      path.endsWith('.tmp') ||
      (path.endsWith('.parquet') && !named.has(path.split('/').at(-1)?.replace('.parquet', '') ?? ''))
    return [...sealed, ...readdirSync(parquet, { recursive: true, encoding: 'utf8' })].some(isHalf)
  }
}
