import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { BlockWriter } from '@hepscope/shared/event/writer.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'

const CALLS = 1000
const METHODS = ['INVITE', 'BYE', 'REGISTER', 'OPTIONS']

/** HEP packets of SIP requests, made once and sent over and over, each a Buffer as a socket gives it. */
export const packets: readonly Buffer[] = Array.from({ length: CALLS }, (_, call) => {
  const method = METHODS[call % METHODS.length] ?? ''
  const callId = `${(call * 7919).toString(16).padStart(8, '0')}-5f3a-4c1e@10.1.${call % 256}.1`
  const text = [
    `${method} sip:+49301234${call}@carrier.example SIP/2.0`,
    `Via: SIP/2.0/UDP 10.1.0.1:5060;rport;branch=z9hG4bK${(call * 104_729).toString(16)}`,
    'Max-Forwards: 70',
    `From: "Alice" <sip:alice${call}@example.com>;tag=${call}`,
    `To: <sip:+49301234${call}@carrier.example>`,
    `Call-ID: ${callId}`,
    `CSeq: 102 ${method}`,
    'Contact: <sip:alice@10.1.0.1:5060>',
    'User-Agent: Example PBX 18.4.1',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n')
  return Buffer.from(
    encodeHep({
      version: 3,
      ipProtocol: 17,
      srcIp: `10.1.0.${call % 250}`,
      dstIp: '10.2.0.1',
      srcPort: 5060,
      dstPort: 5060,
      tsUs: 1_795_308_988_366_488 + call,
      protocolType: 1,
      agentId: 2001,
      payload: new TextEncoder().encode(text),
    }),
  )
})

const timeless = Buffer.from(
  encodeHep({
    version: 3,
    ipProtocol: 17,
    srcIp: '10.1.0.1',
    dstIp: '10.2.0.1',
    srcPort: 5060,
    dstPort: 5060,
    protocolType: 1,
    agentId: 2001,
    payload: new TextEncoder().encode(
      `MESSAGE sip:bob@example.com SIP/2.0\r\nCall-ID: now\r\nCSeq: 1 MESSAGE\r\n\r\n${'x'.repeat(700)}`,
    ),
  }),
)

/** Makes blocks one after another, as a node does that gets these packets. */
export class BlockMaker {
  readonly #writer: BlockWriter
  #next = 0

  constructor() {
    this.#writer = new BlockWriter({ node: 'bench', epoch: Date.now() })
  }

  /** @param count 1 to 1,024 */
  block(count: number): EventBlock {
    for (let i = 0; i < count; i++) this.#writer.append(nextOf(this.#next++), 0)
    return this.#seal()
  }

  /** The same of packets that have no time, so that they get the present. */
  blockOfNow(count: number): EventBlock {
    const nowUs = Math.round((performance.timeOrigin + performance.now()) * 1000)
    for (let i = 0; i < count; i++) this.#writer.append(timeless, nowUs)
    return this.#seal()
  }

  #seal(): EventBlock {
    const nowUs = Date.now() * 1000
    const block = this.#writer.seal(nowUs)
    if (block === undefined) throw new Error('a block has at least one event')
    return block
  }
}

/** The packets again and again. */
export function nextOf(number: number): Buffer {
  const packet = packets[number % packets.length]
  if (packet === undefined) throw new Error('there are no packets')
  return packet
}
