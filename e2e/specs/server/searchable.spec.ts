import { expect, test } from '../../test.ts'
import { freshName, SipCall } from '../../hep/sip-call.ts'
import type { UdpHep } from '../../hep/udp.ts'
import { quantile, tellMeasured } from '../../measured.ts'
import type { Api } from '../../server/api.ts'
import { runHepscope } from '../../server/command-line.ts'

/** What docs/storage.md promises. */
const PROMISED_MS = 1500
/** Beside traffic it is the machine that decides; a row that takes longer than this is lost, and not late. */
const MOST_BESIDE_TRAFFIC_MS = 10_000
const ROWS = 8
const POLL_MS = 10

/** Send packets some time apart; how long each took to be found, ms. */
async function searchTimes(hep: UdpHep, api: Api, everyMs: number): Promise<number[]> {
  const times: Promise<number>[] = []
  for (let i = 0; i < ROWS; i++) {
    const call = new SipCall({ callId: freshName('searchable') })
    const sentMs = performance.now()
    // On loopback a packet that is sent has arrived.
    await hep.send(call.invite())
    times.push(timeUntilFound(api, call.callId, sentMs))
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
  return Promise.all(times)
}

async function timeUntilFound(api: Api, callId: string, sinceMs: number): Promise<number> {
  for (;;) {
    const rows = await api.messages([callId])
    const tookMs = performance.now() - sinceMs
    if (rows.length > 0 || tookMs > MOST_BESIDE_TRAFFIC_MS) return tookMs
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

function told(times: readonly number[]): string {
  return `${ROWS} rows found ${quantile(times, 0.5).toFixed(0)} ms (median), ${Math.max(...times).toFixed(0)} ms (most) after their packets`
}

test('finds a row at most 1.5 s after its packet', async ({ server, hep }) => {
  const times = await searchTimes(hep, await server.login(), 130)
  tellMeasured(told(times))
  expect(Math.max(...times)).toBeLessThan(PROMISED_MS)
})

test('finds rows soon amid 5,000 packets/s', async ({ stage, server, hep }) => {
  const api = await server.login()
  const gen = runHepscope(stage, ['gen', '--to', server.udpTarget, '--rate', '5000', '--seconds', '20'])
  await expect.poll(async () => (await server.metrics()).sum('hepscope_events_total')).toBeGreaterThan(2000)
  const times = await searchTimes(hep, api, 300)
  const events = (await server.metrics()).sum('hepscope_events_total')
  tellMeasured(`amid 5,000 packets/s: ${told(times)}, ${events} events in all`)
  expect(Math.max(...times)).toBeLessThan(MOST_BESIDE_TRAFFIC_MS)
  expect(gen.status, 'the traffic goes on').toBeUndefined()
  gen.send('SIGINT')
  await gen.exited
})
