import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('../../server/bin/hepscope.js', import.meta.url))
/** What `npm start` runs with. */
const CONFIG = fileURLToPath(new URL('../../hepscope.yaml', import.meta.url))
const START_TIMEOUT_MS = 20_000
const ADMIN = { username: 'admin', password: 'only for the benchmark' } as const
const SETTLE_MS = 100
/** Looks at a store that does not go on, before it is given up. */
const STILL_SAMPLES = 50

/** Figures of a server at one moment. */
export interface ServerSample {
  readonly events: number
  readonly kernelDrops: number
  /** Used since it was started, all threads. */
  readonly cpuSeconds: number
  /** Rows that can be searched. */
  readonly storedRows: number
  /** Events that were not stored, by cause; without those of 0. */
  readonly dropped: Readonly<Record<string, number>>
}

/** The built server in a process of its own, on free ports of loopback. */
export class MeasuredServer {
  readonly udpPort: number
  readonly tcpPort: number
  /** Of the web app. */
  readonly url: string
  readonly admin = ADMIN
  readonly #nodePort: number
  readonly #child: ChildProcess
  readonly #dataDir: string

  constructor(child: ChildProcess, dataDir: string, banner: string) {
    const port = (pattern: RegExp): number => Number(pattern.exec(banner)?.[1])
    this.#child = child
    this.#dataDir = dataDir
    this.udpPort = port(/udp 127\.0\.0\.1:(\d+)/)
    this.tcpPort = port(/tcp 127\.0\.0\.1:(\d+)/)
    this.url = `http://127.0.0.1:${port(/web app +https?:\/\/[^\s/]+:(\d+)/)}`
    this.#nodePort = port(/node stream +wss?:\/\/[^\s/]+:(\d+)/)
  }

  /** @param hasStore true: it stores what comes, as `npm start` does */
  static async start(workers: number, hasStore = false): Promise<MeasuredServer> {
    const dataDir = mkdtempSync(join(tmpdir(), 'hepscope-bench-'))
    const child = spawn(process.execPath, [PROGRAM, 'serve', '--config', CONFIG], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        HEPSCOPE_DATA_DIR: dataDir,
        HEPSCOPE_ADMIN_PASSWORD: ADMIN.password,
        HEPSCOPE_INGEST_LISTENERS: 'hep_udp:127.0.0.1:0,hep_tcp:127.0.0.1:0',
        HEPSCOPE_INGEST_WORKERS: String(workers),
        HEPSCOPE_COORDINATOR_LISTEN: '127.0.0.1:0',
        HEPSCOPE_NODE_LISTEN: '127.0.0.1:0',
        HEPSCOPE_STORAGE_ENABLE: String(hasStore),
      },
    })
    return new MeasuredServer(child, dataDir, await bannerOf(child))
  }

  /** Figures when nothing is on its way any more. */
  async settled(): Promise<ServerSample> {
    let sample = await this.#sample()
    for (;;) {
      await sleep(SETTLE_MS)
      const next = await this.#sample()
      if (next.events === sample.events) return next
      sample = next
    }
  }

  /** Figures when what has come can be searched, or nothing moves any more. */
  async stored(): Promise<ServerSample> {
    let sample = await this.settled()
    for (let still = 0; sample.storedRows < sample.events && still < STILL_SAMPLES;) {
      await sleep(SETTLE_MS)
      const next = await this.#sample()
      still = next.storedRows === sample.storedRows ? still + 1 : 0
      sample = next
    }
    return sample
  }

  /** Bytes of a directory below its data. */
  bytesBelow(directory: string): number {
    return readdirSync(join(this.#dataDir, directory), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .reduce(
        (sum, { parentPath, name }) => sum + (statSync(join(parentPath, name), { throwIfNoEntry: false })?.size ?? 0),
        0,
      )
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await exited
    rmSync(this.#dataDir, { recursive: true, force: true })
  }

  async #sample(): Promise<ServerSample> {
    const response = await fetch(`http://127.0.0.1:${this.#nodePort}/metrics`)
    const text = await response.text()
    const sum = (metric: string): number =>
      [...text.matchAll(new RegExp(`^${metric}(?:\\{.*\\})? (\\S+)$`, 'gm'))].reduce(
        (total, [, value]) => total + Number(value),
        0,
      )
    return {
      events: sum('hepscope_events_total'),
      kernelDrops: sum('hepscope_kernel_drops_total'),
      cpuSeconds: sum('hepscope_process_cpu_seconds_total'),
      storedRows: sum('hepscope_stored_rows_total'),
      dropped: Object.fromEntries(
        [...text.matchAll(/^hepscope_store_dropped_total\{cause="(.*?)"\} (\S+)$/gm)].flatMap(([, cause, count]) =>
          Number(count) > 0 ? [[cause ?? '', Number(count)]] : [],
        ),
      ),
    }
  }
}

/** What it prints when every socket is open; its last line is about the data. */
function bannerOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const timer = setTimeout(() => child.kill(), START_TIMEOUT_MS)
    child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
      if (!/^ {2}data .*$/m.test(text)) return
      clearTimeout(timer)
      resolve(text)
    })
    child.on('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`the server ended with code ${code}: ${text}`))
    })
  })
}
