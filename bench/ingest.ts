import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { raisePriority } from '../server/src/priority.ts'
import { type LoadResult, sendDatagrams, sendStreams } from './ingest/load.ts'
import { MeasuredServer } from './ingest/server.ts'

/**
 * Reception at a real server, the load in another process, both on this machine. The configuration is that of
 * `npm start`, but the store is off: what is measured is how fast packets become events that viewers can get.
 *
 *     npm run bench -- ingest --rate=150000 --seconds=4
 *
 * Run it with nothing else on the machine: of a busy processor the sender gets a part too, and of a burst the kernel
 * drops what its buffer cannot hold (`net.core.rmem_max`, see docs/config.md).
 */
const RATE = Number(option('rate') ?? 150_000)
const SECONDS = Number(option('seconds') ?? 4)
const MOST_LOSS = 0.005
const LEAST_STREAM_RATE = 500_000
/** Until the code that is measured has been compiled. */
const WARM_UP_SECONDS = 2
const SENDER_TIMEOUT_MS = 60_000

type Load =
  | { readonly kind: 'udp'; readonly port: number; readonly rate: number; readonly seconds: number }
  | { readonly kind: 'tcp'; readonly port: number; readonly connections: number; readonly seconds: number }

const load = option('load')
if (load === undefined) await measureAll()
else await send(JSON.parse(load) as Load)

async function measureAll(): Promise<void> {
  for (const workers of [0, 1, 2]) await measureDatagrams(workers)
  for (const [workers, connections] of [
    [0, 1],
    [0, 8],
    [1, 1],
    [2, 8],
  ] as const) {
    await measureStreams(workers, connections)
  }
}

async function measureDatagrams(workers: number): Promise<void> {
  await withServer(workers, async (server) => {
    const port = server.udpPort
    await sendFromElsewhere({ kind: 'udp', port, rate: RATE / 5, seconds: WARM_UP_SECONDS })
    const before = await server.settled()
    const { sent, seconds } = await sendFromElsewhere({ kind: 'udp', port, rate: RATE, seconds: SECONDS })
    const after = await server.settled()
    const loss = 1 - (after.events - before.events) / sent
    const rate = sent / seconds
    report(
      `UDP, ${name(workers)}`,
      `${Math.round(rate)}/s sent, ${(loss * 100).toFixed(2)} % lost (${after.kernelDrops - before.kernelDrops} by the ` +
        `kernel), ${cost(before, after, sent)}`,
      workers === 2
        ? { isMet: loss < MOST_LOSS && rate > 0.99 * RATE, text: `${RATE}/s with a loss under ${MOST_LOSS * 100} %` }
        : undefined,
    )
  })
}

async function measureStreams(workers: number, connections: number): Promise<void> {
  await withServer(workers, async (server) => {
    const port = server.tcpPort
    await sendFromElsewhere({ kind: 'tcp', port, connections, seconds: WARM_UP_SECONDS })
    const before = await server.settled()
    const { sent, seconds } = await sendFromElsewhere({ kind: 'tcp', port, connections, seconds: SECONDS })
    const after = await server.settled()
    const missing = sent - (after.events - before.events)
    const rate = sent / seconds
    report(
      `TCP, ${name(workers)}, connections: ${connections}`,
      `${Math.round(rate)}/s, ${missing} lost, ${cost(before, after, sent)}`,
      workers === 2
        ? { isMet: rate >= LEAST_STREAM_RATE && missing === 0, text: `${LEAST_STREAM_RATE}/s, none lost` }
        : undefined,
    )
  })
}

interface Sample {
  readonly cpuSeconds: number
}

function cost(before: Sample, after: Sample, packets: number): string {
  const microseconds = ((after.cpuSeconds - before.cpuSeconds) * 1e6) / packets
  return `${microseconds.toFixed(2)} µs of processor time a packet`
}

function name(workers: number): string {
  return workers === 0 ? 'in the main thread' : `threads: ${workers}`
}

function report(what: string, figures: string, target?: { readonly isMet: boolean; readonly text: string }): void {
  console.log(`${what.padEnd(36)} ${figures}`)
  if (target === undefined) return
  console.log(`  target ${target.text}: ${target.isMet ? 'met' : 'MISSED'}`)
  if (!target.isMet) process.exitCode = 1
}

async function withServer(workers: number, measure: (server: MeasuredServer) => Promise<void>): Promise<void> {
  const server = await MeasuredServer.start(workers)
  try {
    await measure(server)
  } finally {
    await server.stop()
  }
  await sleep(200)
}

/** Run this file again as the sender. */
async function sendFromElsewhere(what: Load): Promise<LoadResult> {
  const child = spawn(process.execPath, [process.argv[1] ?? '', `--load=${JSON.stringify(what)}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: SENDER_TIMEOUT_MS,
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  if (code !== 0) throw new Error(`the sender ended with code ${code}`)
  return JSON.parse(text) as LoadResult
}

async function send(what: Load): Promise<void> {
  // As the server's threads do: a sender that waits for a processor is no constant load.
  raisePriority('high')
  const result =
    what.kind === 'udp'
      ? await sendDatagrams(what.port, what.rate, what.seconds)
      : await sendStreams(what.port, what.connections, what.seconds)
  process.stdout.write(JSON.stringify(result))
}

function option(name: string): string | undefined {
  return process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3)
}
