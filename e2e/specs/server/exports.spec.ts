import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { TEXT } from '@hepscope/shared/event/columns.ts'
import { decodeHep } from '@hepscope/shared/hep/decode.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import { RecordingCounts } from '@hepscope/shared/pcap/recording.ts'
import { exportCalls } from '../../../client/src/worker/call-export.ts'
import { loadReplayFile, readReplay } from '../../../server/src/cli/replay-file.ts'
import { expect, test } from '../../test.ts'
import { freshName } from '../../hep/sip-call.ts'
import { startCallee } from '../../peers/sipp.ts'
import { faultsByTshark, sipByTshark, type TsharkMessage } from '../../peers/tshark.ts'
import { freePort } from '../../process/loopback-port.ts'
import { needProgram } from '../../process/programs.ts'
import type { Stage } from '../../process/stage.ts'
import type { Api, StoredRow } from '../../server/api.ts'
import { FIXTURES, runHepscope } from '../../server/command-line.ts'
import { watchBlocks } from '../../stream/viewer.ts'

const UDP = 17
const TCP = 6
/** SIP by itself, and SIP beside RTCP and log lines in HEP. */
const RECORDINGS = ['sip-20-calls.pcap', 'kamailio-rtpengine-hep3-udp.pcap']
const SIP_OF_RECORDINGS = 260 + 260
const TIMEOUT_MS = 20_000
/** What fits a HEP packet, with addresses and times. */
const MAX_PLAIN_BYTES = 65_400

/** All pairs of ends that messages of our own go between. tshark looks for SIP over TCP on this port alone. */
const LINKS = [
  { ipProtocol: UDP, srcIp: '10.1.0.1', dstIp: '10.1.0.2', srcPort: 5066, dstPort: 5060, biggest: 65_000 },
  { ipProtocol: UDP, srcIp: '2001:db8::1', dstIp: '2001:db8::ff:2', srcPort: 5066, dstPort: 5060, biggest: 65_000 },
  { ipProtocol: TCP, srcIp: '10.1.0.3', dstIp: '10.1.0.4', srcPort: 40_001, dstPort: 5060, biggest: 200_000 },
  { ipProtocol: TCP, srcIp: '2001:db8::3', dstIp: '2001:db8::ff:4', srcPort: 40_001, dstPort: 5060, biggest: 200_000 },
]
/** An odd byte more than fits a frame of Ethernet, and bytes that are no text. */
const BODIES = [Buffer.from('plain'), Buffer.alloc(3001, 'm'), Buffer.from([0xe9, 0, 0xff, 0x0d, 0x0a, 0x80, 0])]

interface Message {
  readonly packet: HepPacket
  /** Its payload as it was before anybody compressed it. */
  readonly sip: Uint8Array
}

/** Messages there and back between the ends of each link, a microsecond apart. */
function ownMessages(): Message[] {
  const startUs = Date.now() * 1000
  return LINKS.flatMap(({ biggest, ...there }, n) => {
    const { ipProtocol, srcIp, dstIp, srcPort, dstPort } = there
    const back = { ipProtocol, srcIp: dstIp, dstIp: srcIp, srcPort: dstPort, dstPort: srcPort }
    const callId = freshName(`link-${n}`)
    const messageOf = (link: typeof back, tsUs: number, sip: Buffer): Message => ({
      packet: { version: 3, ...link, tsUs, protocolType: 1, agentId: 7, ...payloadOf(sip) },
      sip,
    })
    return [...BODIES, Buffer.alloc(biggest, 'B'), ...BODIES].flatMap((body, i) => {
      const tsUs = startUs + i * 1_000_003 + n * 7
      return [
        messageOf(there, tsUs, sipOf('MESSAGE sip:zo\u00eb@example.com SIP/2.0', callId, i + 1, body)),
        messageOf(back, tsUs + 1, sipOf('SIP/2.0 200 Tr\u00e8s bien', callId, i + 1, Buffer.from('ok'))),
      ]
    })
  })
}

function sipOf(startLine: string, callId: string, cseq: number, body: Uint8Array): Buffer {
  const head =
    `${startLine}\r\nVia: SIP/2.0/TCP a.example.com;branch=z9hG4bK-${cseq}\r\nFrom: <sip:a@example.com>;tag=1\r\n` +
    `To: <sip:zo\u00eb@example.com>\r\nCall-ID: ${callId}\r\nCSeq: ${cseq} MESSAGE\r\nSubject: \u4e16\u754c\r\n` +
    `Content-Type: application/octet-stream\r\nContent-Length: ${body.length}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), body])
}

/** What is too large for a HEP packet comes compressed. */
function payloadOf(bytes: Uint8Array): Pick<HepPacket, 'payload' | 'payloadCompressed'> {
  return bytes.length > MAX_PLAIN_BYTES ? { payload: gzipSync(bytes), payloadCompressed: true } : { payload: bytes }
}

/** All SIP of the recordings, as the packets that `hepscope import` makes of them. */
async function recordedMessages(): Promise<Message[]> {
  const found: Message[] = []
  for (const name of RECORDINGS) {
    const file = await loadReplayFile(`${FIXTURES}${name}`)
    for (const { bytes } of readReplay(file, 2001, new RecordingCounts())) {
      const decoded = decodeHep(bytes)
      if (!decoded.ok || decoded.packet.protocolType !== 1) continue
      found.push({ packet: decoded.packet, sip: decoded.packet.payload ?? new Uint8Array(0) })
    }
  }
  return found
}

async function sendByTcp(port: number, messages: readonly Message[]): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.end(Buffer.concat(messages.map(({ packet }) => encodeHep(packet))))
  await once(socket, 'close')
}

/** What tshark is to say of a message. */
function expectedOf({ packet, sip }: Message): TsharkMessage {
  const { tsUs = 0, srcIp = '', srcPort, dstIp = '', dstPort, ipProtocol } = packet
  const transport = ipProtocol === TCP ? 'tcp' : 'udp'
  return { tsUs, srcIp, srcPort, dstIp, dstPort, transport, callId: callIdOf(sip), payload: hexOf(sip) }
}

function callIdOf(bytes: Uint8Array): string {
  return /^(?:Call-ID|i)[ \t]*:[ \t]*(\S+)/im.exec(Buffer.from(bytes).toString('latin1'))?.[1] ?? ''
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** A text a message, to compare what has no order among equal times. */
function lines(messages: readonly TsharkMessage[]): string[] {
  return messages.map((message) => Object.values(message).join(' ')).sort()
}

async function exported(api: Api, format: string, callIds: readonly string[]): Promise<Buffer> {
  const response = await fetch(new URL(`/api/v4/transactions/export/${format}`, api.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${api.token}` },
    body: JSON.stringify({ session_ids: callIds, event_type: 'all' }),
  })
  expect([response.status, response.headers.get('x-hepscope-skipped')]).toEqual([200, '0'])
  return Buffer.from(await response.arrayBuffer())
}

async function exportedByCommand(stage: Stage, api: Api, format: string, callIds: readonly string[]): Promise<Buffer> {
  const path = join(stage.directory(), `calls.${format}`)
  const args = ['export', ...callIds, '--format', format, '--output', path, '--url', api.url]
  await runHepscope(stage, args, { HEPSCOPE_TOKEN: api.token }).succeeds(TIMEOUT_MS)
  return readFileSync(path)
}

/** What the browser makes of the events that it has. */
function byBrowser(blocks: readonly EventBlock[], callIds: readonly string[]): Buffer {
  const wanted = new Set(callIds)
  const events = blocks
    .flatMap((block) => Array.from({ length: block.count }, (_, row) => [block, row] as const))
    .filter(([block, row]) => wanted.has(block.text(TEXT.callId, row)))
    .sort(([a, i], [b, j]) => (a.tsUs[i] ?? 0) - (b.tsUs[j] ?? 0) || a.seq(i) - b.seq(j))
  return Buffer.from(exportCalls('pcap', events).bytes)
}

/** Rows without what a capture file does not hold. */
function captured(rows: readonly StoredRow[]): string[] {
  return rows
    .map((row) => {
      const { ts_us, src_ip, src_port, dst_ip, dst_port, protocol, session_id, method, response_code } = row
      const { cseq, cseq_method, payload, payload_raw } = row
      const names = [session_id, method, response_code, cseq, cseq_method]
      return JSON.stringify([ts_us, src_ip, src_port, dst_ip, dst_port, protocol, ...names, payload, payload_raw])
    })
    .sort()
}

function allRows(api: Api): Promise<readonly StoredRow[]> {
  return api.search({ filter: { proto_type: 1, event_type: 'all' }, param: { limit: 5000 } })
}

test('exports captures in which tshark finds the same messages, times and addresses', async ({ stage, server }) => {
  needProgram('tshark')
  const api = await server.login()
  const blocks: EventBlock[] = []
  await watchBlocks(
    stage,
    `${server.url}/api/v4/stream/hep?format=block&include_payload=1&access_token=${api.token}`,
    (block) => blocks.push(block),
  )
  const own = ownMessages()
  const recorded = await recordedMessages()
  expect(recorded).toHaveLength(SIP_OF_RECORDINGS)
  await sendByTcp(server.tcpPort, own)
  const files = RECORDINGS.map((name) => `${FIXTURES}${name}`)
  await runHepscope(stage, ['import', ...files, '--url', server.url], { HEPSCOPE_TOKEN: api.token }).succeeds(
    TIMEOUT_MS,
  )
  const streamed = () => blocks.reduce((sum, block) => sum + block.count, 0)
  await expect.poll(async () => (await server.metrics()).sum('hepscope_events_total') - streamed()).toBe(0)
  const eventCount = streamed()
  await server.stores(eventCount, TIMEOUT_MS)

  const expected = [...own, ...recorded].map(expectedOf)
  const callIds = [...new Set(expected.map(({ callId }) => callId))]
  const file = await exported(api, 'pcap', callIds)
  expect(file.equals(await exportedByCommand(stage, api, 'pcap', callIds)), 'the command writes the same').toBe(true)
  expect(file.equals(byBrowser(blocks, callIds)), 'the browser writes the same').toBe(true)
  const path = join(stage.directory(), 'calls.pcap')
  writeFileSync(path, file)
  expect(await faultsByTshark(stage, path)).toEqual([])
  expect(lines(await sipByTshark(stage, path))).toEqual(lines(expected))

  // And back: all but what is larger than a HEP packet can be.
  const rows = await allRows(api)
  const packed = rows.filter(({ payload }) => payload.length <= MAX_PLAIN_BYTES)
  const importing = runHepscope(stage, ['import', path, '--url', server.url], { HEPSCOPE_TOKEN: api.token })
  await importing.succeeds(TIMEOUT_MS)
  expect(importing.stdout).toContain(`(passed over: ${rows.length - packed.length} oversized)`)
  await server.stores(eventCount + packed.length, TIMEOUT_MS)
  const imported = (await allRows(api)).filter(({ seq }) => seq > eventCount)
  expect(captured(imported)).toEqual(captured(packed))
})

test('exports a call to read, and a scenario that SIPp plays', async ({ stage, server }) => {
  const sipp = needProgram('sipp')
  const api = await server.login()
  const file = `${FIXTURES}sip-20-calls.pcap`
  await runHepscope(stage, ['import', file, '--url', server.url], { HEPSCOPE_TOKEN: api.token }).succeeds(TIMEOUT_MS)
  await server.stores(260, TIMEOUT_MS)
  const [callId = ''] = (await allRows(api)).map(({ session_id }) => session_id)
  const messages = await api.messages([callId])

  const text = (await exported(api, 'text', [callId])).toString()
  expect(text.match(/^--- .*$/gm)).toHaveLength(messages.length)
  for (const { payload } of messages) expect(text).toContain(payload.replaceAll('\r\n', '\n').trimEnd())

  const scenario = await exportedByCommand(stage, api, 'sipp', [callId])
  expect(scenario.equals(await exported(api, 'sipp', [callId]))).toBe(true)
  const path = join(stage.directory(), 'call.xml')
  writeFileSync(path, scenario)
  const callee = await startCallee(stage, 1)
  const caller = ['-i', '127.0.0.1', '-p', String(await freePort()), '-m', '1', '-nostdin']
  const args = ['-sf', path, `127.0.0.1:${callee.port}`, ...caller]
  await stage.run(sipp, args, { cwd: stage.directory() }).succeeds(TIMEOUT_MS)
})
