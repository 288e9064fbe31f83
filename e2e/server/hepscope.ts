import { expect } from '@playwright/test'
import type { Child } from '../process/child.ts'
import type { Stage } from '../process/stage.ts'
import { Api, readMember } from './api.ts'
import { runHepscope, SHIPPED_CONFIG } from './command-line.ts'
import { fetchMetrics, type Metrics } from './metrics.ts'

const START_TIMEOUT_MS = 20_000
const USERNAME = 'admin'
const PASSWORD = 'correct horse battery staple'

interface Ports {
  readonly app: number
  readonly node: number
  readonly udp: number
  readonly tcp: number
}

const ANY_PORTS: Ports = { app: 0, node: 0, udp: 0, tcp: 0 }

/** An object of `ingest.listeners`. */
export interface ListenerObject {
  readonly uri: string
  readonly cert?: string
  readonly key?: string
  readonly client_ca?: string
  readonly min_version?: string
}

/** What a server is configured with beyond a server of every test. */
export interface MoreConfig {
  /** Beside one for UDP and one for TCP on 127.0.0.1. */
  readonly listeners?: readonly ListenerObject[]
  /** More of its environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Default: an empty one. */
  readonly dataDir?: string
}

/** A server of our own: the built one, on free ports of loopback, with an empty data directory. */
export class Hepscope {
  readonly username = USERNAME
  readonly password = PASSWORD
  readonly #stage: Stage
  readonly dataDir: string
  #child: Child
  #ports: Ports
  readonly #more: MoreConfig

  constructor(stage: Stage, dataDir: string, child: Child, ports: Ports, more: MoreConfig) {
    this.#stage = stage
    this.dataDir = dataDir
    this.#child = child
    this.#ports = ports
    this.#more = more
  }

  static async start(stage: Stage, more: MoreConfig = {}): Promise<Hepscope> {
    const dataDir = more.dataDir ?? stage.directory()
    const { child, ports } = await launch(stage, dataDir, ANY_PORTS, more)
    return new Hepscope(stage, dataDir, child, ports, more)
  }

  get url(): string {
    return `http://127.0.0.1:${this.#ports.app}`
  }
  get nodeUrl(): string {
    return `http://127.0.0.1:${this.#ports.node}`
  }
  get udpPort(): number {
    return this.#ports.udp
  }
  get tcpPort(): number {
    return this.#ports.tcp
  }
  get udpTarget(): string {
    return `udp://127.0.0.1:${this.#ports.udp}`
  }
  get tcpTarget(): string {
    return `tcp://127.0.0.1:${this.#ports.tcp}`
  }
  get process(): Child {
    return this.#child
  }

  /** Port of a HEP listener by what the banner calls it, e.g. `udp [::1]`. */
  hepPort(listener: string): number {
    const port = this.#child.stdout.split(`${listener}:`)[1]
    return Number.parseInt(port ?? '', 10)
  }

  login(): Promise<Api> {
    return Api.login(this.url, this.username, this.password)
  }

  metrics(): Promise<Metrics> {
    return fetchMetrics(this.url)
  }

  /** Wait until so many events came in and every one of them can be searched. */
  async stores(events: number, timeoutMs: number): Promise<Metrics> {
    let metrics = await this.metrics()
    await expect
      .poll(
        async () => {
          metrics = await this.metrics()
          return {
            events: metrics.sum('hepscope_events_total'),
            stored: metrics.sum('hepscope_stored_rows_total'),
            dropped: metrics.sum('hepscope_store_dropped_total'),
          }
        },
        { timeout: timeoutMs, intervals: [50] },
      )
      .toEqual({ events, stored: events, dropped: 0 })
    return metrics
  }

  /** Wait until what was stored before the start can be searched again. */
  async readsLog(timeoutMs: number): Promise<void> {
    const api = await this.login()
    const pendingBytes = async () => readMember(readMember(await api.get('/api/v4/stats'), 'store'), 'pendingBytes')
    await expect.poll(pendingBytes, { timeout: timeoutMs, intervals: [50] }).toBe(0)
  }

  /** Ask it to stop, and see that it does so well. */
  async stop(): Promise<void> {
    const status = await this.#child.stop('SIGTERM')
    expect(status, this.#child.stdout + this.#child.stderr).toEqual({ code: 0, signal: undefined })
  }

  /** Take its power away. */
  async kill(): Promise<void> {
    this.#child.send('SIGKILL')
    await this.#child.exited
  }

  /** Start it again with the same ports and data. */
  async startAgain(): Promise<void> {
    const { child, ports } = await launch(this.#stage, this.dataDir, this.#ports, this.#more)
    this.#child = child
    this.#ports = ports
  }
}

async function launch(
  stage: Stage,
  dataDir: string,
  ports: Ports,
  { listeners: moreListeners = [], env = {} }: MoreConfig,
): Promise<{ child: Child; ports: Ports }> {
  const listeners = [
    { uri: `hep_udp:127.0.0.1:${ports.udp}` },
    { uri: `hep_tcp:127.0.0.1:${ports.tcp}` },
    ...moreListeners,
  ]
  const child = runHepscope(stage, ['serve', '--config', SHIPPED_CONFIG], {
    HEPSCOPE_DATA_DIR: dataDir,
    HEPSCOPE_ADMIN_PASSWORD: PASSWORD,
    ...Object.fromEntries(listeners.flatMap(listenerEnv)),
    HEPSCOPE_COORDINATOR_LISTEN: `127.0.0.1:${ports.app}`,
    HEPSCOPE_NODE_LISTEN: `127.0.0.1:${ports.node}`,
    ...env,
  })
  // The banner comes when every socket is open; its last line is the data directory.
  await child.saying(/^ {2}data .*$/m, START_TIMEOUT_MS)
  const port = (pattern: RegExp): number => Number(pattern.exec(child.stdout)?.[1])
  const found = {
    app: port(/web app +http:\/\/[^\s]+:(\d+)/),
    node: port(/node stream +ws:\/\/[^\s/]+:(\d+)/),
    udp: port(/udp 127\.0\.0\.1:(\d+)/),
    tcp: port(/tcp 127\.0\.0\.1:(\d+)/),
  }
  const health = await fetch(`http://127.0.0.1:${found.app}/health`)
  expect(await health.json()).toMatchObject({ status: 'ok' })
  return { child, ports: found }
}

function listenerEnv(listener: ListenerObject, index: number): [name: string, value: string][] {
  return Object.entries(listener).map(([member, value]) => [
    `HEPSCOPE_INGEST_LISTENERS_${index}_${member.toUpperCase()}`,
    String(value),
  ])
}
