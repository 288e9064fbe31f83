import { setTimeout as after } from 'node:timers/promises'
import { perSec, reportLine } from './stream/report.ts'
import { openStage, STREAM_PATH } from './stream/stage.ts'
import { BlockMaker } from './stream/traffic.ts'
import { serveViewers, VIEWER_ROLE, ViewerProcess } from './stream/viewer-process.ts'
import type { Lateness } from './stream/viewers.ts'

/*
 * Viewers that never read beside one that does, over the whole life of a viewer that sleeps: its socket fills, it loses
 * events, and after two missed pongs it is dropped. Takes two minutes; `--sleepers=N` for others than 500.
 */
const SLEEPERS = Number(process.argv.find((arg) => arg.startsWith('--sleepers='))?.slice('--sleepers='.length) ?? 500)
const EVENTS_PER_SEC = 1000
const TICK_MS = 5
const ALONE_MS = 10_000
const REPORT_MS = 10_000
/** Third ping, and what it takes to notice. */
const DEAD_MS = 95_000
const MAX_P95_MS = 50

if (process.argv.includes(VIEWER_ROLE)) serveViewers()
else await soak()

async function soak(): Promise<void> {
  const stage = await openStage({ queueLength: 256, ratePerSec: 0 })
  const { broker, endpoint } = stage
  const viewers = new ViewerProcess()
  const maker = new BlockMaker()
  const over = new AbortController()
  let published = 0
  const publishing = (async () => {
    const startedMs = performance.now()
    while (!over.signal.aborted) {
      await after(TICK_MS)
      const due = Math.floor(((performance.now() - startedMs) * EVENTS_PER_SEC) / 1000) - published
      if (due <= 0) continue
      broker.publish(maker.blockOfNow(Math.min(due, 1024)))
      published += Math.min(due, 1024)
    }
  })()
  const query = `${STREAM_PATH}?include_payload=1`
  await viewers.open({ port: stage.port, paths: [`${query}&control=1`], kind: 'timing' })
  const reader = endpoint.viewers[0]?.subscription
  await viewers.count()
  await after(ALONE_MS)
  const alone = (await viewers.count()).lateness
  tell('one viewer alone', alone)
  const plan = { port: stage.port, paths: new Array<string>(SLEEPERS).fill(query), kind: 'sleeping' } as const
  await viewers.open(plan)
  await viewers.count()
  const startedMs = performance.now()
  const worst: number[] = []
  while (endpoint.viewers.length > 1 && performance.now() - startedMs < DEAD_MS) {
    await after(REPORT_MS)
    const { lateness } = await viewers.count()
    worst.push(lateness.p95)
    tell(`with ${endpoint.viewers.length - 1} that never read`, lateness)
  }
  over.abort()
  await publishing
  await after(500)
  const { frames } = await viewers.count()
  const { matched, sent, droppedQueue, droppedRate } = broker.counts
  const missed = (reader?.matchedCount ?? NaN) - (frames[0] ?? 0)
  const left = endpoint.viewers.length - 1
  const lines = [
    {
      name: 'reader, worst 95th percentile of ten seconds',
      figure: `${Math.max(...worst).toFixed(1)} ms`,
      target: `<= ${MAX_P95_MS} ms`,
      isOk: Math.max(...worst) <= MAX_P95_MS,
    },
    {
      name: '  events it did not get',
      figure: String(missed),
      target: '0',
      isOk: missed === 0,
    },
    { name: 'sleepers left after two missed pongs', figure: String(left), target: '0', isOk: left === 0 },
    { name: '  closed as too slow for the load', figure: String(endpoint.overloadCount) },
    { name: 'events dropped for full queues', figure: perSec(droppedQueue).replace('/s', '') },
    {
      name: '  matched, less sent and dropped and what waited at the end',
      figure: String(matched - sent - droppedQueue - droppedRate),
    },
  ]
  for (const line of lines) console.log(reportLine(line))
  if (lines.some(({ isOk }) => isOk === false)) process.exitCode = 1
  await viewers.end()
  await stage.close()

  function tell(name: string, { median, p95, most }: Lateness): void {
    const heldMb = endpoint.viewers.reduce((sum, { subscription }) => sum + subscription.bufferedBytes, 0) / 1e6
    const ms = [median, p95, most].map((value) => value.toFixed(1)).join(' / ')
    const memory = `memory ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB, in sockets ${heldMb.toFixed(0)} MB`
    console.log(
      `${name.padEnd(32)} latency median / p95 / most ${ms} ms; ${memory}, dropped ${broker.counts.droppedQueue}`,
    )
  }
}
