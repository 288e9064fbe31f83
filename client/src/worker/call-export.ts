import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { FLAG, TEXT } from '@hepscope/shared/event/columns.ts'
import { sippScenario } from '@hepscope/shared/export/sipp.ts'
import { messageText } from '@hepscope/shared/export/text.ts'
import { PROTOCOL_TYPE, transportOf } from '@hepscope/shared/hep/chunks.ts'
import { encodeHep, HepEncodeError } from '@hepscope/shared/hep/encode.ts'
import { type PcapMessage, PcapWriter } from '@hepscope/shared/pcap/write.ts'
import { maskPayload } from '../app/privacy/mask-payload.ts'
import { type Masker, maskerOf } from '../app/privacy/masker.ts'

/** What the messages of calls can be written as. */
export type ExportFormat = 'pcap' | 'text' | 'ndjson' | 'hep' | 'sipp'

/** A file, or why there is none. */
export interface ExportedCalls {
  readonly format: ExportFormat
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Messages that there are, and of them those that the file does not hold: without payload, or nothing for this format. */
  readonly messageCount: number
  readonly withoutPayload: number
  readonly skippedCount: number
  /** In words; `''` if there is a file. */
  readonly fault: string
}

type Event = readonly [block: EventBlock, row: number]

const utf8 = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })

/**
 * The messages of some calls as a file.
 *
 * @param events in order of time
 * @param maskKey of the pseudonyms that stand in the file; undefined for what is as it was
 */
export function exportCalls(format: ExportFormat, events: readonly Event[], maskKey?: string): ExportedCalls {
  const masker = maskKey === undefined ? undefined : maskerOf(maskKey)
  const whole = events.filter(([block, row]) => hasPayload(block, row))
  const about = { format, messageCount: events.length, withoutPayload: events.length - whole.length }
  const made = make(
    format,
    whole.map(([block, row]) => messageOf(block, row, masker)),
  )
  const isNothing = made.fault === '' && whole.length === 0
  return { ...about, ...made, fault: isNothing ? nothingText(events.length) : made.fault }
}

interface Made {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly skippedCount: number
  readonly fault: string
}

/** A message with what HEP has beside it. */
interface ExportMessage extends PcapMessage {
  readonly proto: number
  readonly callId: string
  readonly correlationId: string
  readonly agentId: number
  readonly agentName: string
  readonly node: string
  readonly epoch: number
  readonly seq: number
}

function make(format: ExportFormat, messages: readonly ExportMessage[]): Made {
  const sip = messages.filter(({ proto }) => proto === PROTOCOL_TYPE.sip)
  switch (format) {
    case 'text':
      return file(messages.map((message) => utf8.encode(messageText(message))))
    case 'ndjson':
      return file(messages.map((message) => utf8.encode(`${JSON.stringify(jsonOf(message))}\n`)))
    case 'pcap': {
      const writer = new PcapWriter()
      const parts = sip.map((message) => writer.add(message))
      return file([writer.header(), ...parts], messages.length - sip.length + writer.skippedCount)
    }
    case 'hep': {
      const packets = messages.flatMap((message) => packetOf(message) ?? [])
      return file(packets, messages.length - packets.length)
    }
    case 'sipp': {
      const scenario = sippScenario(sip)
      if (scenario.ok) return file([utf8.encode(scenario.xml)], messages.length - sip.length)
      return { bytes: new Uint8Array(0), skippedCount: 0, fault: 'no SIP request of this call is here to begin with' }
    }
  }
}

function hasPayload(block: EventBlock, row: number): boolean {
  return ((block.flags[row] ?? 0) & (FLAG.payloadRemoved | FLAG.compressedPayload)) === 0
}

function nothingText(count: number): string {
  return count === 0
    ? 'no message of these calls is in memory any more'
    : 'none of the messages came with its payload: this server does not hand payloads to you'
}

function messageOf(block: EventBlock, row: number, masker: Masker | undefined): ExportMessage {
  const message = {
    tsUs: block.tsUs[row] ?? 0,
    ipProtocol: block.ipProtocol[row] ?? 0,
    srcIp: block.srcIp(row),
    dstIp: block.dstIp(row),
    srcPort: block.srcPort[row] ?? 0,
    dstPort: block.dstPort[row] ?? 0,
    bytes: block.payload(row),
    proto: block.proto[row] ?? 0,
    callId: block.text(TEXT.callId, row),
    correlationId: block.text(TEXT.correlationId, row),
    agentId: block.agentId[row] ?? 0,
    agentName: block.text(TEXT.agentName, row),
    node: block.node,
    epoch: block.epoch,
    seq: block.seq(row),
  }
  if (masker === undefined) return message
  return {
    ...message,
    srcIp: masker.host(message.srcIp),
    dstIp: masker.host(message.dstIp),
    bytes: maskPayload(message.bytes, masker),
    callId: masker.callId(message.callId),
    correlationId: masker.callId(message.correlationId),
    agentName: masker.name(message.agentName),
    node: masker.name(message.node),
  }
}

/** Members are named as in the rows of the server's export. */
function jsonOf(message: ExportMessage): object {
  const { tsUs } = message
  const micros = String(tsUs % 1_000_000).padStart(6, '0')
  return {
    timestamp: `${new Date(Math.floor(tsUs / 1000)).toISOString().slice(0, 19)}.${micros}Z`,
    ts_us: tsUs,
    proto_type: message.proto,
    session_id: message.callId || message.correlationId,
    src_ip: message.srcIp,
    src_port: message.srcPort,
    dst_ip: message.dstIp,
    dst_port: message.dstPort,
    transport: transportOf(message.ipProtocol),
    protocol: message.ipProtocol,
    node: message.node,
    epoch: message.epoch,
    seq: message.seq,
    node_id: String(message.agentId),
    ...payloadOf(message.bytes),
  }
}

/** The exact bytes beside the text, where it does not tell them. */
function payloadOf(bytes: Uint8Array): object {
  try {
    return { payload: strict.decode(bytes) }
  } catch {
    const letters = Array.from(bytes, (byte) => String.fromCharCode(byte))
    return { payload: decoder.decode(bytes), payload_raw: btoa(letters.join('')) }
  }
}

/** The packet as HEPv3; undefined if HEP cannot hold it. */
function packetOf(message: ExportMessage): Uint8Array | undefined {
  const { tsUs, ipProtocol, srcIp, dstIp, srcPort, dstPort, bytes, proto, agentId, correlationId, agentName } = message
  try {
    return encodeHep({
      version: 3,
      ipProtocol,
      ...(srcIp !== '' && { srcIp }),
      ...(dstIp !== '' && { dstIp }),
      srcPort,
      dstPort,
      tsUs,
      protocolType: proto,
      agentId,
      ...(correlationId !== '' && { correlationId }),
      ...(agentName !== '' && { agentName }),
      payload: bytes,
    })
  } catch (error) {
    if (error instanceof HepEncodeError) return undefined
    throw error
  }
}

function file(parts: readonly Uint8Array[], skippedCount = 0): Made {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return { bytes, skippedCount, fault: '' }
}
