import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { BlockWriter } from '@hepscope/shared/event/writer.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'

const TS_US = 1_700_000_000_123_456

/** A small SIP request or response, as a HEP packet with overridable members. */
export function sipPacket(startLine: string, callId: string, cseq: string, more: Partial<HepPacket> = {}): HepPacket {
  const text =
    `${startLine}\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK-${callId}\r\nFrom: <sip:alice@example.com>;tag=a\r\n` +
    `To: <sip:bob@example.com>\r\nCall-ID: ${callId}\r\nCSeq: ${cseq}\r\nContent-Length: 0\r\n\r\n`
  return {
    version: 3,
    ipProtocol: 17,
    srcIp: '10.0.0.1',
    dstIp: '10.0.0.2',
    srcPort: 5060,
    dstPort: 5060,
    tsUs: TS_US,
    protocolType: 1,
    agentId: 2001,
    payload: new TextEncoder().encode(text),
    ...more,
  }
}

export function invite(callId: string): HepPacket {
  return sipPacket('INVITE sip:bob@example.com SIP/2.0', callId, '1 INVITE')
}

/** Makes blocks one after another, as a node does. */
export class BlockSource {
  readonly #writer: BlockWriter

  constructor(epoch = 1, node = 'test') {
    this.#writer = new BlockWriter({ node, epoch })
  }

  block(packets: readonly HepPacket[]): EventBlock {
    for (const packet of packets) {
      const fault = this.#writer.append(encodeHep(packet), TS_US)
      if (fault !== undefined) throw new Error(fault)
    }
    const block = this.#writer.seal(TS_US)
    if (block === undefined) throw new Error('no packets')
    return block
  }
}
