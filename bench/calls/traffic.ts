import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { BlockWriter } from '@hepscope/shared/event/writer.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'

/** Start line, method, and milliseconds since the INVITE of each message of a call. */
const STEPS = [
  ['INVITE sip:{to}@carrier.example SIP/2.0', 'INVITE', 0],
  ['SIP/2.0 100 Trying', 'INVITE', 10],
  ['SIP/2.0 180 Ringing', 'INVITE', 150],
  ['SIP/2.0 200 OK', 'INVITE', 500],
  ['ACK sip:{to}@carrier.example SIP/2.0', 'ACK', 520],
  ['BYE sip:{to}@carrier.example SIP/2.0', 'BYE', 900],
  ['SIP/2.0 200 OK', 'BYE', 910],
] as const
export const MESSAGES_PER_CALL = STEPS.length
const REQUESTS: ReadonlySet<number> = new Set([0, 4, 5])
const WITH_SDP: ReadonlySet<number> = new Set([0, 3])
const START_US = 1_795_305_600_000_000
/** 80,000 messages a second. */
const CALL_STEP_US = (MESSAGES_PER_CALL * 1_000_000) / 80_000

export interface CallTraffic {
  readonly blocks: readonly EventBlock[]
  readonly rows: number
  readonly payloadBytes: number
}

/**
 * So many calls of seven messages, one after the other at 80,000 messages a second: some ten thousand of them at a time.
 * INVITE and its 200 have SDP with addresses of their own; endpoints, tags and branches are those of one transaction.
 */
export function callTraffic(calls: number): CallTraffic {
  const order = new Float64Array(calls * MESSAGES_PER_CALL)
  const timeOf = (i: number): number => {
    const call = Math.floor(i / MESSAGES_PER_CALL)
    return Math.round(call * CALL_STEP_US + (STEPS[i % MESSAGES_PER_CALL]?.[2] ?? 0) * 1000)
  }
  // Time in front, the message's number behind: sorted as numbers.
  for (let i = 0; i < order.length; i++) order[i] = timeOf(i) * order.length + i
  order.sort()
  const writer = new BlockWriter({ node: 'bench', epoch: START_US / 1000 })
  const blocks: EventBlock[] = []
  let payloadBytes = 0
  const seal = (): void => {
    const block = writer.seal(START_US)
    if (block !== undefined) blocks.push(block)
  }
  for (const key of order) {
    const i = key % order.length
    const call = Math.floor(i / MESSAGES_PER_CALL)
    const step = i % MESSAGES_PER_CALL
    const payload = Buffer.from(messageOf(call, step))
    payloadBytes += payload.length
    const [client, server] = [`10.1.${call % 4}.${call % 200}`, `10.2.0.${call % 8}`]
    const isForth = REQUESTS.has(step)
    const packet = encodeHep({
      version: 3,
      ipProtocol: 17,
      srcIp: isForth ? client : server,
      dstIp: isForth ? server : client,
      srcPort: 5060,
      dstPort: 5060,
      tsUs: START_US + timeOf(i),
      protocolType: 1,
      agentId: 2001,
      correlationId: callIdOf(call),
      payload,
    })
    writer.append(packet, START_US)
    if (writer.isFull) seal()
  }
  seal()
  return { blocks, rows: order.length, payloadBytes }
}

function messageOf(call: number, step: number): string {
  const [startLine, method] = STEPS[step] ?? STEPS[0]
  const [from, to] = [userOf(call), userOf(call * 7 + 1)]
  const client = `10.1.${call % 4}.${call % 200}`
  const transaction = method === 'BYE' ? 2 : method === 'ACK' ? 1 : 0
  const lines = [
    startLine.replace('{to}', to),
    `Via: SIP/2.0/UDP ${client}:5060;rport;branch=z9hG4bK${scramble(call * 10 + transaction)}`,
    'Max-Forwards: 70',
    `From: "Subscriber ${from}" <sip:${from}@carrier.example>;tag=${scramble(call + 1)}`,
    `To: <sip:${to}@carrier.example>${step < 2 ? '' : `;tag=${scramble(call + 2)}`}`,
    `Call-ID: ${callIdOf(call)}`,
    `CSeq: ${method === 'BYE' ? 103 : 102} ${method}`,
    `Contact: <sip:${from}@${client}:5060>`,
    'User-Agent: Example PBX 18.4.1',
    'Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, INFO, PUBLISH',
    'Supported: replaces, timer',
  ]
  const body = WITH_SDP.has(step) ? sdpOf(call, step) : ''
  if (body === '') {
    lines.push(`Record-Route: <sip:10.2.0.${call % 8};lr;did=${scramble(call)}>`, `Server: Proxy ${scramble(step)}`)
  } else lines.push('Content-Type: application/sdp')
  return [...lines, `Content-Length: ${body.length}`, '', body].join('\r\n')
}

function sdpOf(call: number, step: number): string {
  const ip = `10.${step === 0 ? 1 : 2}.${call % 16}.1`
  return [
    'v=0',
    `o=- ${call} ${call} IN IP4 ${ip}`,
    's=call',
    `c=IN IP4 ${ip}`,
    't=0 0',
    `m=audio ${10_000 + 2 * (call % 20_000)} RTP/AVP 8 0 101`,
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-16',
    'a=sendrecv',
    '',
  ].join('\r\n')
}

function callIdOf(call: number): string {
  return `${scramble(call)}${scramble(call + 77)}@10.1.0.1`
}

function userOf(n: number): string {
  return `+4930${String((n * 7919) % 1_000_000).padStart(7, '0')}`
}

/** Sixteen digits that look random and are the same each time. */
function scramble(n: number): string {
  const high = Math.imul(n + 1, 0x9e3779b1) >>> 0
  const low = Math.imul(high ^ (high >>> 15), 0x85ebca6b) >>> 0
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0')
}
