import { expect, test } from '../../test.ts'
import { LiveView } from '../../page/live-view.ts'
import { openTee } from '../../hep/tee.ts'
import { keyOfFrame, keyOfPacket, keyOfRow } from '../../peers/evidence.ts'
import { siptraceLines, startKamailio } from '../../peers/kamailio.ts'
import { tally } from '../../peers/sip-key.ts'
import { makeCalls, startCallee } from '../../peers/sipp.ts'
import { watchFrames } from '../../stream/viewer.ts'

const CALLS = 50
// High enough for every row of the list and of a ladder.
test.use({ viewport: { width: 1440, height: 2000 } })

for (const hepVersion of [3, 2] as const) {
  test(`receives ${CALLS} SIPp calls through Kamailio's siptrace, HEP v${hepVersion}`, async ({
    page,
    faults,
    stage,
    server,
    deployment,
  }) => {
    const tee = await openTee(stage, server.udpPort)
    const callee = await startCallee(stage, CALLS)
    const proxyPort = await startKamailio(stage, {
      siptrace: siptraceLines(hepVersion, tee.port),
      calleePort: callee.port,
    })
    const frames = await watchFrames(stage, `${server.nodeUrl}/stream?proto=1`)
    const live = new LiveView(page, faults)
    await live.logIn(deployment)
    await live.open()

    await makeCalls(stage, proxyPort, { calls: CALLS, callsPerSec: 25 })
    await callee.child.succeeds(5000)

    const callIds = await test.step('every call is in the list, and ended', async () => {
      await expect(live.list.locator('[data-state=ended]')).toHaveCount(CALLS)
      await expect(live.calls).toHaveCount(CALLS)
      return live.calls.evaluateAll((rows) => rows.map((row) => row.getAttribute('data-call-id') ?? ''))
    })

    const sent = tally(tee.packets().map(keyOfPacket))
    await test.step('the stream had each message exactly once', async () => {
      await expect.poll(() => frames.length).toBe(tee.datagrams.length)
      expect(tally(frames.map(keyOfFrame))).toEqual(sent)
      const metrics = await server.stores(tee.datagrams.length, 5000)
      expect(metrics.sum('hepscope_packets_received_total', 'transport="udp"')).toBe(tee.datagrams.length)
      expect(metrics.sum('hepscope_packets_rejected_total')).toBe(0)
    })

    await test.step('the search finds each call by its Call-ID', async () => {
      const api = await server.login()
      const found: string[] = []
      for (const callId of callIds) {
        const messages = await api.messages([callId])
        const rows = await api.search({ filter: { call_id: callId }, param: { limit: 1000 } })
        expect(tally(rows.map(keyOfRow))).toEqual(tally(messages.map(keyOfRow)))
        found.push(...messages.map(keyOfRow))
      }
      expect(tally(found)).toEqual(sent)
    })

    await test.step('every ladder is complete and in order', async () => {
      const expected = [
        'caller > proxy INVITE (SDP)',
        'proxy > caller 100',
        'proxy > callee INVITE (SDP)',
        'callee > proxy 180',
        'proxy > caller 180',
        'callee > proxy 200',
        'proxy > caller 200',
        'caller > proxy ACK',
        'proxy > callee ACK',
        'caller > proxy BYE',
        'proxy > callee BYE',
        'callee > proxy 200',
        'proxy > caller 200',
      ]
      const nameOf = (endpoint: string): string => {
        if (endpoint === `127.0.0.1:${proxyPort}`) return 'proxy'
        return endpoint === `127.0.0.1:${callee.port}` ? 'callee' : 'caller'
      }
      // The ladder does not know of versions.
      for (const callId of callIds.slice(0, hepVersion === 3 ? CALLS : 5)) {
        await live.call(callId).click()
        await expect(live.arrows).toHaveCount(expected.length)
        const labels = (await live.ladderRows()).map(
          ({ from, to, label }) => `${nameOf(from)} > ${nameOf(to)} ${label.replace(/^(\d{3}) .*/, '$1')}`,
        )
        expect(labels, callId).toEqual(expected)
      }
    })
  })
}
