import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { MAX_ROWS } from '@hepscope/shared/event/columns.ts'
import { BlockWriter } from '@hepscope/shared/event/writer.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'

export const MESSAGES_PER_CALL = 7
const STEPS: readonly (readonly [string, string])[] = [
  ['INVITE sip:{to}@carrier.example SIP/2.0', '102 INVITE'],
  ['SIP/2.0 100 Trying', '102 INVITE'],
  ['SIP/2.0 180 Ringing', '102 INVITE'],
  ['SIP/2.0 200 OK', '102 INVITE'],
  ['ACK sip:{to}@carrier.example SIP/2.0', '102 ACK'],
  ['BYE sip:{to}@carrier.example SIP/2.0', '103 BYE'],
  ['SIP/2.0 200 OK', '103 BYE'],
]

export interface TrafficOptions {
  /** Time of the first message, microseconds since 1970. */
  readonly startUs: number
  /** Between two messages. */
  readonly stepUs: number
}

/** SIP of 640 bytes on average, calls of seven messages, each with a Call-ID and users of its own. */
export class Traffic {
  readonly #options: TrafficOptions
  readonly #writer: BlockWriter
  rows = 0
  payloadBytes = 0

  constructor(options: TrafficOptions) {
    this.#options = options
    this.#writer = new BlockWriter({ node: 'bench', epoch: Math.floor(options.startUs / 1000) })
  }

  /** The next messages, in blocks of up to `MAX_ROWS`. @param atUs their time, if it is not to go on by `stepUs` */
  next(count: number, atUs?: number): EventBlock[] {
    const blocks: EventBlock[] = []
    for (let left = count; left > 0; left--) {
      const tsUs = atUs ?? this.#options.startUs + this.rows * this.#options.stepUs
      this.#append(tsUs)
      if (this.#writer.count < MAX_ROWS && left > 1) continue
      const block = this.#writer.seal(tsUs)
      if (block !== undefined) blocks.push(block)
    }
    return blocks
  }

  #append(tsUs: number): void {
    const i = this.rows++
    const call = Math.floor(i / MESSAGES_PER_CALL)
    const payload = Buffer.from(messageOf(call, i % MESSAGES_PER_CALL))
    this.payloadBytes += payload.length
    const packet = encodeHep({
      version: 3,
      ipProtocol: 17,
      srcIp: `10.1.${i % 4}.${i % 200}`,
      dstIp: `10.2.0.${i % 8}`,
      srcPort: 5060,
      dstPort: 5060,
      tsUs,
      protocolType: 1,
      agentId: 2001,
      correlationId: callIdOf(call),
      payload,
    })
    this.#writer.append(packet, tsUs)
  }
}

function messageOf(call: number, step: number): string {
  const [startLine, cseq] = STEPS[step] ?? ['', '']
  const from = userOf(call)
  const to = userOf(call * 7 + 1)
  const lines = [
    startLine.replace('{to}', to),
    `Via: SIP/2.0/UDP 10.1.${call % 4}.${call % 200}:5060;rport;branch=z9hG4bK${scramble(call * 10 + step)}`,
    'Max-Forwards: 70',
    `From: "Subscriber ${from}" <sip:${from}@carrier.example>;tag=${scramble(call + 1)}`,
    `To: <sip:${to}@carrier.example>${step === 0 ? '' : `;tag=${scramble(call + 2)}`}`,
    `Call-ID: ${callIdOf(call)}`,
    `CSeq: ${cseq}`,
    `Contact: <sip:${from}@10.1.${call % 4}.${call % 200}:5060>`,
    'User-Agent: Example PBX 18.4.1',
    'Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, INFO, PUBLISH',
    'Supported: replaces, timer',
  ]
  const sdp = `v=0\r\no=- ${call} ${call} IN IP4 10.1.0.1\r\ns=call\r\nc=IN IP4 10.1.0.1\r\nt=0 0\r\nm=audio ${10_000 + (call % 20_000)} RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n`
  const body = step === 0 || step === 3 ? sdp : ''
  if (body === '')
    lines.push(
      `Record-Route: <sip:10.2.0.${call % 8};lr;did=${scramble(call).slice(0, 8)}>`,
      `Server: Proxy ${scramble(step)}`,
    )
  else lines.push('Content-Type: application/sdp')
  return [...lines, `Content-Length: ${body.length}`, '', body].join('\r\n')
}

export function callIdOf(call: number): string {
  return `${scramble(call)}${scramble(call + 77)}@10.1.0.1`
}

export function userOf(n: number): string {
  return `+4930${String((n * 7919) % 1_000_000).padStart(7, '0')}`
}

/** Sixteen digits that look random and are the same each time. */
function scramble(n: number): string {
  const high = Math.imul(n + 1, 0x9e3779b1) >>> 0
  const low = Math.imul(high ^ (high >>> 15), 0x85ebca6b) >>> 0
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0')
}
