import { expect, test } from '../../test.ts'
import { Api, readMember } from '../../server/api.ts'
import { runHepscope, SHIPPED_CONFIG } from '../../server/command-line.ts'
import { fetchMetrics } from '../../server/metrics.ts'
import type { Child } from '../../process/child.ts'
import type { Stage } from '../../process/stage.ts'
import { storedEvents, watchEvents } from '../../stream/seen-events.ts'

const PASSWORD = 'correct horse battery staple'
const START_TIMEOUT_MS = 20_000
const READ_TIMEOUT_MS = 10_000

interface Running {
  readonly child: Child
  readonly url: string
  readonly nodeUrl: string
  readonly udpPort: number
  readonly tcpPort: number
}

async function start(stage: Stage, dataDir: string, workers: number): Promise<Running> {
  const child = runHepscope(stage, ['serve', '--config', SHIPPED_CONFIG], {
    HEPSCOPE_DATA_DIR: dataDir,
    HEPSCOPE_ADMIN_PASSWORD: PASSWORD,
    HEPSCOPE_INGEST_LISTENERS: 'hep_udp:127.0.0.1:0,hep_tcp:127.0.0.1:0',
    HEPSCOPE_INGEST_WORKERS: String(workers),
    HEPSCOPE_COORDINATOR_LISTEN: '127.0.0.1:0',
    HEPSCOPE_NODE_LISTEN: '127.0.0.1:0',
  })
  await child.saying(/^ {2}data .*$/m, START_TIMEOUT_MS)
  const port = (pattern: RegExp): number => Number(pattern.exec(child.stdout)?.[1])
  return {
    child,
    url: `http://127.0.0.1:${port(/web app +http:\/\/[^\s]+:(\d+)/)}`,
    nodeUrl: `http://127.0.0.1:${port(/node stream +ws:\/\/[^\s/]+:(\d+)/)}`,
    udpPort: port(/udp 127\.0\.0\.1:(\d+)/),
    tcpPort: port(/tcp 127\.0\.0\.1:(\d+)/),
  }
}

test('threads lose nothing when the server is stopped amid traffic', async ({ stage }) => {
  const dataDir = stage.directory()
  const server = await start(stage, dataDir, 2)
  const { seen, ended } = await watchEvents(stage, server.nodeUrl)
  const targets = [`udp://127.0.0.1:${server.udpPort}`, `tcp://127.0.0.1:${server.tcpPort}`]
  const senders = targets.map((to) => runHepscope(stage, ['gen', '--to', to, '--rate', '2000', '--seconds', '20']))
  await expect.poll(() => seen.size).toBeGreaterThan(6000)
  const metrics = await fetchMetrics(server.url)
  for (const transport of ['udp', 'tcp']) {
    expect(metrics.sum('hepscope_packets_received_total', `transport="${transport}"`)).toBeGreaterThan(1000)
  }
  expect(await server.child.stop('SIGTERM')).toEqual({ code: 0, signal: undefined })
  await ended
  for (const sender of senders) {
    sender.send('SIGINT')
    await sender.exited
  }

  const again = await start(stage, dataDir, 0)
  const api = await Api.login(again.url, 'admin', PASSWORD)
  const pendingBytes = async () => readMember(readMember(await api.get('/api/v4/stats'), 'store'), 'pendingBytes')
  await expect.poll(pendingBytes, { timeout: READ_TIMEOUT_MS, intervals: [50] }).toBe(0)
  const { stored, rowCount } = await storedEvents(api)
  const missing = [...seen.keys()].filter((seq) => !stored.has(seq))
  const unknown = [...stored.keys()].filter((seq) => !seen.has(seq))
  expect({ rowCount, missing, unknown }).toEqual({ rowCount: seen.size, missing: [], unknown: [] })
})
