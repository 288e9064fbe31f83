import { expect, test } from '../../test.ts'
import { LiveView } from '../../page/live-view.ts'
import { FIXTURES, runHepscope } from '../../server/command-line.ts'

/** As in fixtures/README.md. Each holds 20 calls. */
const RECORDINGS = [
  { file: 'opensips-hep3-udp.pcap', sip: 180, control: 20, rtcp: 0, log: 20, version: 3 },
  { file: 'opensips-hep3-tcp.bin', sip: 180, control: 20, rtcp: 0, log: 0, version: 3 },
  { file: 'opensips-hep1-udp.pcap', sip: 180, control: 0, rtcp: 0, log: 0, version: 1 },
  { file: 'kamailio-hep2-udp.pcap', sip: 259, control: 0, rtcp: 0, log: 0, version: 2 },
  { file: 'kamailio-rtpengine-hep3-udp.pcap', sip: 260, control: 0, rtcp: 80, log: 40, version: 3 },
  { file: 'sip-20-calls.pcap', sip: 260, control: 0, rtcp: 0, log: 0, version: 3 },
] as const
const OPENSIPS_CONTROL = 96
const RTCP = 5
const LOG = 100
test.use({ viewport: { width: 1440, height: 1200 } })

for (const { file, sip, control, rtcp, log, version } of RECORDINGS) {
  for (const transport of ['udp', 'tcp'] as const) {
    // Streams carry HEP v3 alone: the older ones have no length to tell packets apart by.
    if (transport === 'tcp' && version < 3) continue
    const total = sip + control + rtcp + log
    test(`replays ${file} over ${transport}`, async ({ page, faults, stage, server, deployment }) => {
      const target = transport === 'udp' ? server.udpTarget : server.tcpTarget
      const replay = runHepscope(stage, ['replay', `${FIXTURES}${file}`, '--to', target, '--asap'])
      await replay.succeeds(20_000)
      expect(replay.stdout).toContain(`sent ${total} messages`)

      const metrics = await server.stores(total, 5000)
      expect(metrics.sum('hepscope_packets_received_total', `transport="${transport}"`)).toBe(total)
      expect(metrics.sum('hepscope_packets_rejected_total')).toBe(0)
      const api = await server.login()
      expect(await api.search({ filter: {}, param: { limit: 1000 } })).toHaveLength(sip)
      for (const [type, count] of [
        [OPENSIPS_CONTROL, control],
        [RTCP, rtcp],
        [LOG, log],
      ]) {
        const filter = { proto_type: type, event_type: 'default' }
        expect(await api.search({ filter, param: { limit: 1000 } })).toHaveLength(count ?? 0)
      }

      const live = new LiveView(page, faults)
      await live.logIn(deployment)
      await live.open()
      await expect(live.list.locator('[data-state=ended]')).toHaveCount(20)
      await expect(live.calls).toHaveCount(20)
    })
  }
}

test('says what is wrong with HEP v2 on a stream', async ({ stage, server }) => {
  const file = `${FIXTURES}kamailio-hep2-udp.pcap`
  await runHepscope(stage, ['replay', file, '--to', server.tcpTarget, '--asap']).exited
  await server.process.saying(/not HEP: not HEPv3, and only UDP takes another version/, 5000)
  const metrics = await server.metrics()
  expect(metrics.sum('hepscope_packets_rejected_total', 'reason="bad-magic"')).toBe(1)
  expect(metrics.sum('hepscope_events_total')).toBe(0)
})
