import { readFileSync } from 'node:fs'
import type { Call } from '@hepscope/shared/call/call.ts'
import { CallTracker } from '@hepscope/shared/call/tracker.ts'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { HepDeframer } from '@hepscope/shared/hep/deframe.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import { CaptureMessages, readMessages } from '@hepscope/shared/pcap/messages.ts'
import { PcapTransport } from '@hepscope/shared/pcap/transport.ts'
import type { StoreEngine } from '../../../src/store/engine.ts'
import { Blocks } from '../blocks.ts'
import type { Row } from '../data-dir.ts'

/** The packets of a fixture in blocks of so many rows. */
export function fixtureBlocks(name: string, rows: number): EventBlock[] {
  const packets = fixturePackets(name)
  const blocks = new Blocks()
  return Array.from({ length: Math.ceil(packets.length / rows) }, (_, i) =>
    blocks.fromBytes(packets.slice(i * rows, (i + 1) * rows)),
  )
}

/** All HEP packets of a fixture, plain SIP packed into HEP. */
export function fixturePackets(name: string): Uint8Array[] {
  const bytes = readFileSync(new URL(`../../../../fixtures/${name}`, import.meta.url))
  const packets: Uint8Array[] = []
  if (name.endsWith('.bin')) {
    new HepDeframer().push(bytes, (packet) => packets.push(packet.slice()))
    return packets
  }
  for (const message of readMessages(bytes, new PcapTransport(), new CaptureMessages())) {
    const { kind, bytes: payload, tsUs = 0, ipProtocol, srcIp, dstIp, srcPort, dstPort } = message
    const about = { version: 3, ipProtocol, srcIp, dstIp, srcPort, dstPort, tsUs, protocolType: 1, agentId: 1 } as const
    packets.push(kind === 'hep' ? payload.slice() : encodeHep({ ...about, payload }))
  }
  return packets
}

/** Rows of calls that a search finds; throws if it fails. */
export async function calls(engine: StoreEngine, body: unknown = {}): Promise<Row[]> {
  const answer = await engine.calls(body)
  if (!answer.ok) throw new Error(JSON.stringify(answer))
  return (JSON.parse(answer.json.toString()) as { readonly data: { readonly items: Row[] } }).data.items
}

/** What the live list knows of the same events, as rows have it, by Call-ID. */
export function liveRows(blocks: readonly EventBlock[]): Map<string, Row> {
  const tracker = new CallTracker()
  for (const block of blocks) for (let row = 0; row < block.count; row++) tracker.apply(block, row)
  return new Map([...tracker.calls()].map((call) => [call.id, liveRow(call)]))
}

function liveRow(call: Call): Row {
  return {
    session_id: call.id,
    call_ids: call.legs.map(({ callId }) => callId),
    kind: call.kind,
    state: call.state,
    state_class: call.stateClass,
    is_running: call.isRunning,
    status_code: call.statusCode,
    reason: call.reason,
    caller: call.fromUser,
    callee: call.toUser,
    ruri_user: call.ruriUser,
    from_host: call.fromHost,
    to_host: call.toHost,
    route: call.route,
    start_time_us: call.firstUs,
    ring_time_us: call.ringAtUs ?? null,
    answer_time_us: call.answerAtUs ?? null,
    end_time_us: call.endAtUs ?? null,
    last_time_us: call.lastUs,
    setup_us: call.postDialDelayUs ?? null,
    ring_us: call.ringUs ?? null,
    talk_us: call.talkUs ?? null,
    response_us: call.responseTimeUs ?? null,
    hangup_side: call.hangupSide ?? null,
    message_count: call.messageCount,
    retransmission_count: call.retransmissionCount,
    duplicate_count: call.duplicateCount,
    evidence: call.evidence,
    uac: call.userAgent,
    codec: call.codec,
    transport: call.transport,
    agent_ids: call.agentIds,
  }
}

/** Those members of stored rows that `liveRows` has too, by Call-ID; throws if one is there twice. */
export function storedRows(rows: readonly Row[]): Map<string, Row> {
  const byCallId = new Map<string, Row>()
  for (const row of rows) {
    const callId = String(row.session_id)
    if (byCallId.has(callId)) throw new Error(`${callId} is there twice`)
    byCallId.set(callId, Object.fromEntries(MEMBERS.map((key) => [key, row[key]])))
  }
  return byCallId
}

const MEMBERS = [
  ...['session_id', 'call_ids', 'kind', 'state', 'state_class', 'is_running', 'status_code', 'reason', 'caller'],
  ...['callee', 'ruri_user', 'from_host', 'to_host', 'route', 'start_time_us', 'ring_time_us', 'answer_time_us'],
  ...['end_time_us', 'last_time_us', 'setup_us', 'ring_us', 'talk_us', 'response_us', 'hangup_side'],
  ...['message_count', 'retransmission_count', 'duplicate_count', 'evidence', 'uac', 'codec', 'transport'],
  'agent_ids',
]
