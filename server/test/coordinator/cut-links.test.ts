import { expect, it } from 'vitest'
import { CuttingProxy } from '../cutting-proxy.ts'
import { login } from '../http/test-server.ts'
import { runCuts } from './cut-run.ts'
import { startCoordinator, startNode } from './servers.ts'

/** The same numbers for the same seed. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 0x80000000
    return state / 0x80000000
  }
}

// The long run of it, with processes of their own, is `npm run bench -- cut-links`.
it('ends with each event once or an exact gap, whichever lines are cut and a node restarts', async () => {
  // The ring is small, so that a long cut loses some of what it held back.
  const stream = { buffer_size: 200 }
  const servers = new Map([
    ['east', await startNode('east', { stream })],
    ['west', await startNode('west', { stream })],
  ])
  const nodes = await Promise.all(
    Array.from(servers, async ([name, { server, nodeUrl }]) => ({
      name,
      hep: { host: '127.0.0.1', port: server.listeners[0]?.port ?? 0 },
      streamUrl: `${nodeUrl.replace('http', 'ws')}/stream`,
      line: await CuttingProxy.open({ host: '127.0.0.1', port: server.nodePort }),
    })),
  )
  const center = await startCoordinator(
    nodes.map(({ name, line }) => ({ name, url: `ws://127.0.0.1:${line.port}` })),
    { hep_stream: { history_limit: 10_000 } },
  )
  const report = await runCuts(
    {
      nodes,
      center: { host: '127.0.0.1', port: center.server.appPort, token: await login(center.url) },
      async restart(name) {
        const old = servers.get(name)?.server
        const { port } = nodes.find((node) => node.name === name)?.hep ?? { port: 0 }
        await old?.close()
        await startNode(name, { port: old?.nodePort ?? 0, hepPort: port, stream })
      },
    },
    { durationMs: 14_000, packetsPerSec: 200, cutsMs: [100, 400, 2000], pauseMs: 300, random: seeded(7) },
  )
  for (const { line } of nodes) await line.close()
  const faulty = Object.entries(report.verdicts).filter(([, { faults }]) => faults.length > 0)
  expect(Object.fromEntries(faulty.map(([name, { faults }]) => [name, faults.slice(0, 5)]))).toEqual({})
  expect(report.epochs).toEqual({ east: 1, west: 2 })
  expect(report.viewerReconnects).toBeGreaterThan(0)
  const { json } = report.verdicts
  // Without cuts that lose something the run would prove nothing.
  expect(json?.inGaps).toBeGreaterThan(0)
  expect(json?.events).toBeGreaterThan(2000)
}, 90_000)
