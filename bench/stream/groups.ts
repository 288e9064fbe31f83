import { setTimeout as after } from 'node:timers/promises'
import type { Line } from './report.ts'
import { openStage, STREAM_PATH } from './stage.ts'
import { BlockMaker } from './traffic.ts'
import type { ViewerProcess } from './viewer-process.ts'

const VIEWERS = 1000
const EVENTS_PER_SEC = 2000
const SECONDS = 8
const TICK_MS = 5
/** Ten that are not the same and that all events pass: the most that ten groups can cost. */
const FILTERS = [
  '',
  'proto=1',
  'proto=1&proto=5',
  'only_requests=1',
  'proto=1&only_requests=1',
  'method=INVITE&method=BYE&method=REGISTER&method=OPTIONS',
  'ip=10.2.0.1',
  'user=alice*',
  'agent=2001',
  'q=not+ip:192.0.2.0/24+and+(callid:10.1+or+code:4xx)',
] as const

/** Many viewers of a moderate load: everything arrives. */
export async function measureGroups(viewers: ViewerProcess): Promise<Line[]> {
  // The queue of a configuration that says nothing, without its 500 events a second.
  const stage = await openStage({ queueLength: 256, ratePerSec: 0 })
  const { broker } = stage
  const paths = Array.from({ length: VIEWERS }, (_, i) => `${STREAM_PATH}?${FILTERS[i % FILTERS.length] ?? ''}`)
  await viewers.open({ port: stage.port, paths, kind: 'counting' })
  const maker = new BlockMaker()
  const cpu = process.cpuUsage()
  const startedMs = performance.now()
  let published = 0
  let latestMs = 0
  while (published < EVENTS_PER_SEC * SECONDS) {
    await after(TICK_MS)
    const elapsedMs = performance.now() - startedMs
    const due = Math.min(EVENTS_PER_SEC * SECONDS, Math.floor((elapsedMs * EVENTS_PER_SEC) / 1000)) - published
    if (due <= 0) continue
    latestMs = Math.max(latestMs, (due * 1000) / EVENTS_PER_SEC)
    broker.publish(maker.block(Math.min(due, 1024)))
    published += Math.min(due, 1024)
  }
  const { user, system } = process.cpuUsage(cpu)
  const seconds = (performance.now() - startedMs) / 1000
  // What was written last is on its way.
  await after(500)
  const { matched, sent, droppedQueue, droppedRate } = broker.counts
  const { frames } = await viewers.count()
  const groups = new Set(stage.endpoint.viewers.map(({ filter }) => filter)).size
  await viewers.close()
  await stage.close()
  const whole = frames.filter((count) => count === published).length
  return [
    {
      name: `${VIEWERS} viewers in ${groups} groups, ${EVENTS_PER_SEC} events/s, ${SECONDS} s: dropped`,
      figure: String(droppedQueue + droppedRate),
      target: '0',
      isOk: droppedQueue + droppedRate === 0 && matched === published * VIEWERS && sent === matched,
    },
    {
      name: '  viewers that got every event',
      figure: String(whole),
      target: String(VIEWERS),
      isOk: whole === VIEWERS,
    },
    { name: "  server's processor time", figure: `${(((user + system) / 1e6 / seconds) * 100).toFixed(0)} %` },
    { name: '  latest block of the source', figure: `${latestMs.toFixed(0)} ms` },
  ]
}
