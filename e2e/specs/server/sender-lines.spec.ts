import { expect, test } from '../../test.ts'
import { startKamailio } from '../../peers/kamailio.ts'
import { openMediaParty } from '../../peers/media-party.ts'
import { rtcpBytes } from '../../peers/rtcp-bytes.ts'
import { sdpPort, startRtpengine } from '../../peers/rtpengine.ts'
import { tally } from '../../peers/sip-key.ts'
import { makeCalls, startCallee } from '../../peers/sipp.ts'
import { needProgram } from '../../process/programs.ts'
import { FIXTURES } from '../../server/command-line.ts'

const SSRC = 0x11111111

/** OpenSIPS, Asterisk, FreeSWITCH and heplify are not in Debian 12, so nothing here runs what the page says of them. */
test('gets HEP from Kamailio, rtpengine and sngrep by the lines that the empty page shows', async ({
  page,
  live,
  stage,
  server,
}) => {
  const linesFor = async (agent: string): Promise<string> => {
    await page.getByRole('tab', { name: agent }).click()
    return page.getByRole('tabpanel', { name: agent }).locator('pre').innerText()
  }
  await expect(live.calls).toHaveCount(0)
  const siptrace = await linesFor('Kamailio')
  const homer = await linesFor('rtpengine')
  const sngrep = await linesFor('sngrep')

  const callee = await startCallee(stage, 1)
  const proxyPort = await startKamailio(stage, { siptrace, calleePort: callee.port })
  const caller = await makeCalls(stage, proxyPort, { calls: 1, callsPerSec: 10 })
  const recording = ['-N', '-q', '-F', '-I', `${FIXTURES}sip-20-calls.pcap`]
  await stage.run(needProgram('sngrep'), [...sngrep.split(' ').slice(1), ...recording]).succeeds(20_000)
  const rtpengine = await startRtpengine(stage, '127.0.0.1', homer.split(' '))
  const party = await openMediaParty(stage, SSRC, '127.0.0.1')
  const names = { 'call-id': 'lines@example.com', 'from-tag': 'a' }
  await rtpengine.ask({ command: 'offer', ...names, sdp: party.sdp })
  const { sdp } = await rtpengine.ask({ command: 'answer', ...names, 'to-tag': 'b', sdp: party.sdp })
  const sender = { ntpSeconds: 3_900_000_000, ntpFraction: 0, rtpTimestamp: 160, packetCount: 1, octetCount: 160 }
  party.sendRtp(sdpPort(sdp))
  party.sendRtcp(rtcpBytes([{ type: 'sender-report', ssrc: SSRC, sender, blocks: [] }]), sdpPort(sdp) + 1)

  const kamailioCount = caller.messages().length + callee.messages().length
  await server.stores(260 + kamailioCount + 1, 10_000)
  const api = await server.login()
  const param = { limit: 1000 }
  const sip = await api.search({ filter: {}, param })
  const rtcp = await api.search({ filter: { proto_type: 5, event_type: 'default' }, param })
  expect(tally([...sip, ...rtcp].map(({ node_id }) => `agent ${node_id}`))).toEqual([
    '1 × agent 2004',
    `${kamailioCount} × agent 2002`,
    // sngrep's own 2002, two bytes too far left.
    `260 × agent ${2002 << 16}`,
  ])
})
