import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type CutNode, type CutReport, runCuts } from '../server/test/coordinator/cut-run.ts'
import { CuttingProxy } from '../server/test/cutting-proxy.ts'

// Two nodes and a coordinator in processes of their own, each on an address of its own, while the lines between them are
// cut and a node is killed. Exit code 1 unless every viewer has each event once or an exact gap.

const BIN = fileURLToPath(new URL('../server/bin/hepscope.js', import.meta.url))
const PASSWORD = 'correct horse battery staple'
const START_TIMEOUT_MS = 30_000
const USAGE = `npm run bench -- cut-links [--minutes=10] [--rate=300] [--cuts=1,5,60] [--pause=8] [--seed=1]

  --minutes   of traffic
  --rate      packets a second of each node
  --cuts      lengths of cuts, s; one of them at random
  --pause     least time between two cuts of a line, s; up to twice as long
`

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '300' },
    cuts: { type: 'string', default: '1,5,60' },
    pause: { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
})
/** A server in a process of its own. */
class Server {
  readonly host: string
  appPort = 0
  nodePort = 0
  hepPort = 0
  readonly #env: Record<string, string>
  readonly #dataDir = mkdtempSync(join(tmpdir(), 'hepscope-cut-links-'))
  #child: ChildProcess | undefined

  constructor(host: string, env: Record<string, string>) {
    this.host = host
    this.#env = env
  }

  /** On free ports the first time, on the same ones again later. */
  async start(): Promise<this> {
    const { host } = this
    const child = spawn(process.execPath, [BIN, 'serve'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        HEPSCOPE_DATA_DIR: this.#dataDir,
        HEPSCOPE_ADMIN_PASSWORD: PASSWORD,
        HEPSCOPE_LOG_LEVEL: 'error',
        HEPSCOPE_STORAGE_ENABLE: 'false',
        HEPSCOPE_INGEST_LISTENERS: `hep_tcp:${host}:${this.hepPort}`,
        HEPSCOPE_INGEST_HEP_STREAM_ENABLE: 'true',
        HEPSCOPE_INGEST_HEP_STREAM_PER_SUB_QUEUE_LEN: '200000',
        HEPSCOPE_INGEST_HEP_STREAM_RATE_PER_SUB_PPS: '0',
        HEPSCOPE_COORDINATOR_LISTEN: `${host}:${this.appPort}`,
        HEPSCOPE_NODE_LISTEN: `${host}:${this.nodePort}`,
        ...this.#env,
      },
    })
    this.#child = child
    let said = ''
    const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS)
    for await (const text of child.stdout) {
      said += String(text)
      if (/^ {2}data .*$/m.test(said)) break
    }
    clearTimeout(timer)
    const port = (pattern: RegExp): number => Number(pattern.exec(said)?.[1] ?? NaN)
    this.appPort = port(/web app +http:\/\/[^\s]+:(\d+)/)
    this.nodePort = port(/node stream +ws:\/\/[^\s/]+:(\d+)/)
    this.hepPort = port(/tcp [\d.]+:(\d+)/)
    if (Number.isNaN(this.appPort + this.nodePort + this.hepPort)) throw new Error(`no server on ${host}:\n${said}`)
    return this
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (child?.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  async end(): Promise<void> {
    await this.kill()
    rmSync(this.#dataDir, { recursive: true, force: true })
  }
}

async function main(): Promise<number> {
  const servers: Server[] = []
  const proxies: CuttingProxy[] = []
  const start = (host: string, env: Record<string, string>): Promise<Server> => {
    const server = new Server(host, env)
    servers.push(server)
    return server.start()
  }
  try {
    const nodes = new Map<string, Server>()
    const cutNodes: CutNode[] = []
    for (const [i, name] of ['east', 'west'].entries()) {
      const server = await start(`127.0.1.${i + 1}`, { HEPSCOPE_NODE_NAME: name })
      const line = await CuttingProxy.open({ host: server.host, port: server.nodePort }, `127.0.2.${i + 1}`)
      proxies.push(line)
      nodes.set(name, server)
      const streamUrl = `ws://${server.host}:${server.nodePort}/stream`
      cutNodes.push({ name, hep: { host: server.host, port: server.hepPort }, streamUrl, line })
    }
    const center = await start('127.0.1.9', {
      HEPSCOPE_NODE_NAME: 'center',
      HEPSCOPE_COORDINATOR_HEP_STREAM_ENABLE: 'true',
      HEPSCOPE_INGEST_HEP_STREAM_BUFFER_SIZE: '200000',
      ...Object.fromEntries(
        cutNodes.flatMap(({ name }, i) => [
          [`HEPSCOPE_COORDINATOR_NODES_${i}_NAME`, name],
          [`HEPSCOPE_COORDINATOR_NODES_${i}_URL`, `ws://127.0.2.${i + 1}:${proxies[i]?.port ?? 0}`],
        ]),
      ),
    })
    const startedMs = performance.now()
    const report = await runCuts(
      {
        nodes: cutNodes,
        center: { host: center.host, port: center.appPort, token: await login(center) },
        async restart(name) {
          await nodes.get(name)?.kill()
          await nodes.get(name)?.start()
          process.stdout.write(`  ${name} was killed and started again\n`)
        },
      },
      {
        durationMs: Number(values.minutes) * 60_000,
        packetsPerSec: Number(values.rate),
        cutsMs: values.cuts.split(',').map((text) => Number(text) * 1000),
        pauseMs: Number(values.pause) * 1000,
        random: seeded(Number(values.seed)),
        onProgress: (text) => process.stdout.write(`  ${text}\n`),
      },
    )
    return print(report, await nodeFigures(center), (performance.now() - startedMs) / 1000)
  } finally {
    for (const proxy of proxies) await proxy.close()
    for (const server of servers) await server.end()
  }
}

async function login({ host, appPort }: Server): Promise<string> {
  const response = await fetch(`http://${host}:${appPort}/api/v4/auth/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password: PASSWORD }),
  })
  const body = (await response.json()) as { data?: { token?: string } }
  const token = body.data?.token
  if (token === undefined) throw new Error(`login answered ${response.status}`)
  return token
}

/** What the coordinator itself says of its nodes. */
async function nodeFigures({ host, appPort }: Server): Promise<string[]> {
  const text = await (await fetch(`http://${host}:${appPort}/metrics`)).text()
  return text
    .split('\n')
    .filter((line) => /^hepscope_(node_|stream_missing|stream_doubles|reorder_|process_resident)/.test(line))
}

function print(
  { sent, cuts, verdicts, viewerReconnects, epochs }: CutReport,
  figures: string[],
  seconds: number,
): number {
  const lines = [
    `cut-links: ${Math.round(seconds)} s`,
    `  sent               ${JSON.stringify(sent)}`,
    `  epochs seen        ${JSON.stringify(epochs)}`,
    ...Object.entries(cuts).map(([line, counts]) => `  cuts of ${line.padEnd(10)} ${JSON.stringify(counts)}`),
    `  reconnects of the viewers behind the cut line: ${viewerReconnects}`,
    '  viewer                 events    in gaps  (behind the end of an epoch)  gaps  faults',
    ...Object.entries(verdicts).map(
      ([name, { events, inGaps, afterEnd, gaps, faults }]) =>
        `  ${name.padEnd(18)} ${String(events).padStart(10)} ${String(inGaps).padStart(10)} ${String(afterEnd).padStart(30)}` +
        `${String(gaps).padStart(6)}${String(faults.length).padStart(8)}`,
    ),
    ...figures.map((line) => `  ${line}`),
    ...Object.entries(verdicts).flatMap(([name, { faults }]) => faults.map((fault) => `  FAULT ${name}: ${fault}`)),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
  return Object.values(verdicts).every(({ faults }) => faults.length === 0) ? 0 : 1
}

/** The same numbers for the same seed. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 0x80000000
    return state / 0x80000000
  }
}

if (values.help) process.stdout.write(USAGE)
else process.exitCode = await main()
