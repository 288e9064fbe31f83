import { expect, test } from '../../test.ts'
import { siptraceLines, startKamailio } from '../../peers/kamailio.ts'
import { readSipText, tally } from '../../peers/sip-key.ts'
import { makeCalls, type SippParty, startCallee } from '../../peers/sipp.ts'
import { issueCertificates } from '../../process/certificates.ts'
import type { LoopbackHost } from '../../process/loopback-port.ts'
import { Hepscope } from '../../server/hepscope.ts'

const CALLS = 10
/** INVITE 100 INVITE 180 180 200 200 ACK ACK BYE BYE 200 200. */
const MESSAGES_PER_CALL = 13

const IP_PROTOCOL = { tcp: 6, udp: 17 }

interface Way {
  readonly hepVersion: 1 | 2 | 3
  readonly hepTransport: 'udp' | 'tcp' | 'tls'
  readonly host: LoopbackHost
  readonly callerTransport: 'udp' | 'tcp'
}

/**
 * Every way that siptrace of Kamailio 5.6 has to a listener. HEP by WebSocket or HTTP POST it does not know, and v1
 * and v2 have no end that a stream could be cut at, so they go by UDP.
 */
const WAYS: readonly Way[] = [
  { hepVersion: 1, hepTransport: 'udp', host: '127.0.0.1', callerTransport: 'udp' },
  { hepVersion: 2, hepTransport: 'udp', host: '127.0.0.1', callerTransport: 'tcp' },
  { hepVersion: 3, hepTransport: 'udp', host: '127.0.0.1', callerTransport: 'udp' },
  { hepVersion: 1, hepTransport: 'udp', host: '::1', callerTransport: 'udp' },
  { hepVersion: 2, hepTransport: 'udp', host: '::1', callerTransport: 'udp' },
  { hepVersion: 3, hepTransport: 'udp', host: '::1', callerTransport: 'udp' },
  { hepVersion: 3, hepTransport: 'tcp', host: '127.0.0.1', callerTransport: 'tcp' },
  { hepVersion: 3, hepTransport: 'tcp', host: '::1', callerTransport: 'udp' },
  { hepVersion: 3, hepTransport: 'tls', host: '127.0.0.1', callerTransport: 'udp' },
]

test("stores what Kamailio's siptrace mirrors to every listener byte for byte as SIPp had it", async ({ stage }) => {
  const { collector, agent } = issueCertificates(stage, ['collector', 'agent'])
  const { cert, key, ca } = collector
  const server = await Hepscope.start(stage, {
    listeners: [
      { uri: 'hep_udp:[::1]:0' },
      { uri: 'hep_tcp:[::1]:0' },
      // Only a client with a certificate gets in.
      { uri: 'hep_tls:127.0.0.1:0', cert, key, client_ca: ca },
    ],
  })

  const runs = await Promise.all(
    WAYS.map(async (way) => {
      const { hepTransport, host, callerTransport } = way
      const hepPort = server.hepPort(`${hepTransport} ${host === '::1' ? '[::1]' : host}`)
      const callee = await startCallee(stage, CALLS, { host })
      const siptrace = siptraceLines(way.hepVersion, hepPort, way)
      const proxyPort = await startKamailio(stage, { ...way, siptrace, calleePort: callee.port, tls: agent })
      const call = { calls: CALLS, callsPerSec: 10, host, transport: callerTransport }
      const caller = await makeCalls(stage, proxyPort, call)
      await callee.child.succeeds(10_000)
      return { way, caller, callee, proxyPort }
    }),
  )

  const metrics = await server.stores(WAYS.length * CALLS * MESSAGES_PER_CALL, 10_000)
  expect(metrics.sum('hepscope_packets_rejected_total')).toBe(0)
  for (const transport of ['udp', 'tcp', 'tls']) {
    const count = WAYS.filter(({ hepTransport }) => hepTransport === transport).length * CALLS * MESSAGES_PER_CALL
    expect(metrics.sum('hepscope_packets_received_total', `transport="${transport}"`), transport).toBe(count)
  }
  const api = await server.login()
  for (const { way, caller, callee, proxyPort } of runs) {
    const { hepVersion, hepTransport, host, callerTransport } = way
    const name = `HEP v${hepVersion} over ${hepTransport}, ${host}, caller's SIP over ${callerTransport}`
    const expected = [
      ...messagesOf(caller, IP_PROTOCOL[callerTransport], host, proxyPort),
      ...messagesOf(callee, IP_PROTOCOL.udp, host, proxyPort),
    ]
    const rows = await api.messages([...new Set(expected.map((text) => readSipText(text).callId))])
    const found = rows.map(
      (row) => `${row.protocol} ${row.src_ip}:${row.src_port}>${row.dst_ip}:${row.dst_port}\n${row.payload}`,
    )
    expect(tally(found), name).toEqual(tally(expected))
    // Version 1 has no place for the agent's id.
    const from = `HEP v${hepVersion} of ${hepVersion === 1 ? 0 : 301}`
    expect(tally(rows.map((row) => `HEP v${row.hep_version} of ${row.node_id}`)), name).toEqual([
      `${CALLS * MESSAGES_PER_CALL} × ${from}`,
    ])
  }
  await server.stop()
})

/** What passed between SIPp and the proxy, which by TCP too keep to the ports that they listen on. */
function messagesOf({ port, messages }: SippParty, protocol: number, host: string, proxyPort: number) {
  const [own, proxy] = [`${host}:${port}`, `${host}:${proxyPort}`]
  return messages().map(
    ({ isSent, bytes }) => `${protocol} ${isSent ? `${own}>${proxy}` : `${proxy}>${own}`}\n${bytes.toString()}`,
  )
}
