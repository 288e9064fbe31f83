import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { pino } from 'pino'
import { decodeHep } from '@hepscope/shared/hep/decode.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import { createApp } from '../../src/http/app.ts'
import type { AppMiddleware } from '../../src/http/context.ts'
import { callReportRoutes } from '../../src/http/routes/call-reports.ts'
import { messagesBody } from '../../src/store/search-request.ts'
import type { StoreEngine } from '../../src/store/engine.ts'
import { Blocks, packetOf, sipText, START_US } from '../store/blocks.ts'
import { fixturePackets } from '../store/calls/fixture-blocks.ts'
import { engineAt, newDataDir } from '../store/data-dir.ts'
import { ask } from './test-server.ts'

const SECOND = 1_000_000
const BACK = { srcIp: '192.0.2.200', dstIp: '192.0.2.1', srcPort: 5062, dstPort: 5060 }

const sdpAt = (ip: string, port: number): string =>
  `v=0\r\no=- 1 1 IN IP4 ${ip}\r\ns=-\r\nc=IN IP4 ${ip}\r\nt=0 0\r\nm=audio ${port} RTP/AVP 8\r\n`

async function serve(engine: StoreEngine): Promise<string> {
  const login: AppMiddleware = async (ctx, next) => {
    ctx.state.session = { kind: 'login', username: 'carol', admin: true, jti: 'a', expiresAt: undefined }
    await next()
  }
  const routes = callReportRoutes(login, engine, messagesBody, () => true)
  const app = createApp(pino({ level: 'silent' }), [routes])
  const server = createServer((request, response) => void app.callback()(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function rtcpOf(engine: StoreEngine, body: object): Promise<Record<string, unknown>[]> {
  const { data } = await ask(await serve(engine), 'post', '/api/v4/transactions/qos', {}, body)
  return (data as { rtcp: { data: Record<string, unknown>[] } }).rtcp.data
}

describe('qos', () => {
  it.each(['hot', 'sealed'])('finds RTCP that names no call by the addresses of its SDP: %s', async (where) => {
    const engine = await engineAt(newDataDir())
    const sdp = { headers: 'Content-Type: application/sdp\r\n' }
    const ok = {
      startLine: 'SIP/2.0 200 OK',
      to: '<sip:bob@example.net>;tag=b',
      ...sdp,
      body: sdpAt('192.0.2.7', 6000),
    }
    const bye = { startLine: 'BYE sip:bob@x SIP/2.0', cseq: '2 BYE', to: '<sip:bob@example.net>;tag=b' }
    const rtcp = (seconds: number, payload: string, hep: Partial<HepPacket>): HepPacket =>
      packetOf(payload, { protocolType: 5, tsUs: START_US + seconds * SECOND, dstIp: '198.51.100.1', ...hep })
    engine.append(
      new Blocks().of(
        packetOf(sipText({ ...sdp, body: sdpAt('192.0.2.1', 4000) })),
        packetOf(sipText(ok), { ...BACK, tsUs: START_US + SECOND }),
        rtcp(5, 'from the caller', { srcIp: '192.0.2.1', srcPort: 4001 }),
        rtcp(6, 'to the callee', { srcIp: '203.0.113.9', srcPort: 9, dstIp: '192.0.2.7', dstPort: 6001 }),
        rtcp(7, 'of the call by name', { srcIp: '203.0.113.9', srcPort: 9, correlationId: 'call-1@example.com' }),
        rtcp(8, 'of another call by name', { srcIp: '192.0.2.1', srcPort: 4001, correlationId: 'other@x' }),
        rtcp(9, 'of another port', { srcIp: '192.0.2.1', srcPort: 4003 }),
        rtcp(-60, 'before the call', { srcIp: '192.0.2.1', srcPort: 4001 }),
        packetOf(sipText(bye), { tsUs: START_US + 20 * SECOND }),
        rtcp(60, 'behind the call', { srcIp: '192.0.2.1', srcPort: 4001 }),
      ),
    )
    await engine.flush()
    if (where === 'sealed') await engine.seal()
    const found = await rtcpOf(engine, { session_id: 'call-1@example.com' })
    expect(found.map(({ payload }) => payload)).toEqual(['from the caller', 'to the callee', 'of the call by name'])
    const late = { session_id: 'call-1@example.com', timestamp: { from: START_US / 1000 + 5500 } }
    expect((await rtcpOf(engine, late)).map(({ payload }) => payload)).toEqual(['to the callee', 'of the call by name'])
  })

  it(
    'finds the same RTCP of a real media proxy with its correlation ids and without',
    { timeout: 60_000 },
    async () => {
      const packets = fixturePackets('kamailio-rtpengine-hep3-udp.pcap').flatMap((bytes) => {
        const decoded = decodeHep(bytes)
        return decoded.ok ? [decoded.packet] : []
      })
      const reports = packets.filter(({ protocolType }) => protocolType === 5)
      const callIds = [...new Set(reports.map(({ correlationId = '' }) => correlationId))]
      expect(callIds.length).toBeGreaterThan(0)
      const nameless = packets.map((packet) => {
        const { correlationId: _, ...rest } = packet
        return packet.protocolType === 5 ? rest : packet
      })
      const engines: StoreEngine[] = []
      for (const all of [packets, nameless]) {
        const engine = await engineAt(newDataDir())
        engine.append(new Blocks().fromBytes(all.map((packet) => encodeHep(packet))))
        await engine.flush()
        engines.push(engine)
      }
      let count = 0
      for (const session_id of callIds) {
        const [named, unnamed] = await Promise.all(engines.map((engine) => rtcpOf(engine, { session_id })))
        expect(unnamed?.map(({ seq }) => seq)).toEqual(named?.map(({ seq }) => seq))
        count += named?.length ?? 0
      }
      expect(count).toBe(reports.length)
    },
  )
})
