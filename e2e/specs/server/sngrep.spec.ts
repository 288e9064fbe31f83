import { expect, test } from '../../test.ts'
import { openTee } from '../../hep/tee.ts'
import { LiveView } from '../../page/live-view.ts'
import { keyOfFrame, keyOfPacket, keyOfRow } from '../../peers/evidence.ts'
import { tally } from '../../peers/sip-key.ts'
import { capturesPackets, runSngrep } from '../../peers/sngrep.ts'
import { makeCalls, startCallee } from '../../peers/sipp.ts'
import { FIXTURES } from '../../server/command-line.ts'
import { watchFrames } from '../../stream/viewer.ts'

const CALLS = 50
test.use({ viewport: { width: 1440, height: 2000 } })

test('receives what sngrep -H sends of a recording', async ({ page, faults, stage, server, deployment }) => {
  const tee = await openTee(stage, server.udpPort)
  await runSngrep(stage, tee.port, ['-I', `${FIXTURES}sip-20-calls.pcap`]).succeeds(20_000)

  await server.stores(260, 5000)
  expect(tee.datagrams).toHaveLength(260)
  const live = new LiveView(page, faults)
  await live.logIn(deployment)
  await live.open()
  await expect(live.list.locator('[data-state=ended]')).toHaveCount(20)
  await expect(live.calls).toHaveCount(20)
})

test(`receives ${CALLS} SIPp calls that sngrep -H captures live`, async ({
  page,
  faults,
  stage,
  server,
  deployment,
}) => {
  test.skip(process.getuid?.() !== 0, 'sngrep may capture packets only as root')
  const tee = await openTee(stage, server.udpPort)
  const frames = await watchFrames(stage, `${server.nodeUrl}/stream?proto=1`)
  const live = new LiveView(page, faults)
  await live.logIn(deployment)
  await live.open()
  const callee = await startCallee(stage, CALLS)
  await capturesPackets(runSngrep(stage, tee.port, ['-d', 'lo', 'udp', 'port', String(callee.port)]))

  await makeCalls(stage, callee.port, { calls: CALLS, callsPerSec: 10 })
  await callee.child.succeeds(5000)

  await expect(live.list.locator('[data-state=ended]')).toHaveCount(CALLS)
  await expect(live.calls).toHaveCount(CALLS)
  await expect.poll(() => tee.datagrams.length).toBe(6 * CALLS)
  await server.stores(6 * CALLS, 5000)
  const sent = tally(tee.packets().map(keyOfPacket))
  expect(tally(frames.map(keyOfFrame))).toEqual(sent)
  const callIds = await live.calls.evaluateAll((rows) => rows.map((row) => row.getAttribute('data-call-id') ?? ''))
  const api = await server.login()
  const found = await api.messages(callIds)
  expect(tally(found.map(keyOfRow))).toEqual(sent)
})
