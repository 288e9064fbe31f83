import { viewPayload } from '@hepscope/shared/payload/view.ts'
import { expect, test } from '../../test.ts'
import { freshName, SipCall } from '../../hep/sip-call.ts'
import { openTcpTee, openTee } from '../../hep/tee.ts'
import { type MediaParty, openMediaParty } from '../../peers/media-party.ts'
import { rtcpBytes, type SentRtcp } from '../../peers/rtcp-bytes.ts'
import { sdpPort, startRtpengine } from '../../peers/rtpengine.ts'
import type { StoredRow } from '../../server/api.ts'

const RTCP_JSON = 5
const UDP = 17
const RTP_PACKETS = 20

/** By UDP and by TCP, of a call with media on IPv4 and of one on IPv6. This version of rtpengine has no TLS for HEP. */
const WAYS = [
  { hepTransport: 'udp', host: '127.0.0.1' },
  { hepTransport: 'tcp', host: '::1' },
] as const

for (const { hepTransport, host } of WAYS) {
  test(`shows the RTCP that rtpengine sends by ${hepTransport}, media on ${host}, in its call`, async ({
    stage,
    server,
    hep,
    live,
  }) => {
    const tee = await (hepTransport === 'udp' ? openTee(stage, server.udpPort) : openTcpTee(stage, server.tcpPort))
    const homer = [`--homer=127.0.0.1:${tee.port}`, `--homer-protocol=${hepTransport}`, '--homer-id=2004']
    const rtpengine = await startRtpengine(stage, host, homer)
    const call = new SipCall({ callId: freshName('media') })
    const caller = await openMediaParty(stage, 0x11111111, host)
    const callee = await openMediaParty(stage, 0xeeeeeeee, host)

    await hep.send(call.invite(), call.trying(), call.ringing())
    const names = { 'call-id': call.callId, 'from-tag': 'caller' }
    const offered = await rtpengine.ask({ command: 'offer', ...names, sdp: caller.sdp })
    const answered = await rtpengine.ask({ command: 'answer', ...names, 'to-tag': 'callee', sdp: callee.sdp })
    await hep.send(call.answer(), call.ack())
    const ends = [
      { party: caller, other: callee, port: sdpPort(answered.sdp) },
      { party: callee, other: caller, port: sdpPort(offered.sdp) },
    ]

    await test.step('media and RTCP pass through it', async () => {
      for (let i = 0; i < RTP_PACKETS; i++) for (const { party, port } of ends) party.sendRtp(port)
      await expect.poll(() => ends.map(({ party }) => party.rtp.length)).toEqual([RTP_PACKETS, RTP_PACKETS])
      for (const [i, { party, other, port }] of ends.entries()) {
        for (const packets of reportsOf(party, other)) {
          const before = other.rtcp.length
          party.sendRtcp(rtcpBytes(packets), port + 1)
          await expect.poll(() => other.rtcp.length, `RTCP of end ${i}`).toBe(before + 1)
        }
      }
    })
    await rtpengine.ask({ command: 'delete', ...names })
    await hep.send(call.bye(), call.byeAnswer())

    // Three reports of each end beside seven SIP messages.
    await server.stores(13, 5000)
    expect(tee.datagrams).toHaveLength(6)
    const api = await server.login()
    const rows = (await api.related([call.callId])).filter(({ proto_type }) => proto_type === RTCP_JSON)

    await test.step('each report is stored byte for byte', () => {
      const sent = tee.packets().map(({ payload }) => Buffer.from(payload ?? []).toString())
      expect(rows.map(({ payload }) => payload)).toEqual(sent)
      // Seen without a decoder: the payload is the last chunk.
      for (const [i, { payload }] of rows.entries()) {
        const end = Buffer.from(tee.datagrams[i] ?? []).subarray(-payload.length)
        expect(end.toString()).toBe(payload)
      }
    })

    await test.step('each report says what the endpoint did', () => {
      const found = rows.map(({ payload }) => viewPayload(RTCP_JSON, Buffer.from(payload)))
      const expected = ends.flatMap(({ party, other }) => reportsOf(party, other))
      expect(found).toEqual(expected.map((packets) => ({ kind: 'rtcp', packets })))
      expect(rows.map(originOf)).toEqual(
        ends.flatMap(({ party, port }) =>
          reportsOf(party, party).map(() => ({
            from: `${host}:${party.port + 1}`,
            to: `${host}:${port + 1}`,
            protocol: UDP,
            node_id: '2004',
            cid: call.callId,
          })),
        ),
      )
    })

    await test.step('the ladder of the call has them', async () => {
      await live.call(call.callId).click()
      await expect(live.arrows).toHaveCount(13)
      const labels = (await live.ladderRows()).map(({ label }) => label).filter((label) => label.startsWith('RTCP'))
      const perEnd = ['RTCP loss 9.8 % jitter 40', 'RTCP loss 0 % jitter 7', 'RTCP 20 packets sent']
      expect(labels).toEqual([...perEnd, ...perEnd])
    })
  })
}

/** A sender report with loss, a receiver report, and a sender report of one that hears nothing. */
function reportsOf({ ssrc }: MediaParty, other: MediaParty): readonly (readonly SentRtcp[])[] {
  const sender = {
    ntpSeconds: 3_900_000_000,
    ntpFraction: 0x40000000,
    sentUs: 1_691_011_200_250_000,
    rtpTimestamp: 3200,
    packetCount: RTP_PACKETS,
    octetCount: RTP_PACKETS * 160,
  }
  const block = { source: other.ssrc, highestSequence: RTP_PACKETS, lsr: 0x89abcdef, dlsr: 65_536 }
  const lossy = { ...block, fractionLost: 25, packetsLost: 3, jitter: 40 }
  // More came than were expected.
  const repeated = { ...block, fractionLost: 0, packetsLost: -2, jitter: 7 }
  const name: SentRtcp = {
    type: 'source-description',
    chunks: [{ ssrc, items: [{ type: 1, name: 'CNAME', text: `end-${ssrc}@example.com` }] }],
  }
  return [
    [{ type: 'sender-report', ssrc, sender, blocks: [lossy] }, name],
    [{ type: 'receiver-report', ssrc, blocks: [repeated] }, name],
    [{ type: 'sender-report', ssrc, sender, blocks: [] }, name],
  ]
}

function originOf({ src_ip, src_port, dst_ip, dst_port, protocol, node_id, cid }: StoredRow) {
  return { from: `${src_ip}:${src_port}`, to: `${dst_ip}:${dst_port}`, protocol, node_id, cid }
}
