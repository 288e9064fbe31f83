import { readFileSync } from 'node:fs'
import { HepDeframer } from '@hepscope/shared/hep/deframe.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import { BlockWriter } from '@hepscope/shared/event/writer.ts'
import type { EventBlock } from '@hepscope/shared/event/block.ts'

export const NODE = 'node-1'
export const EPOCH = 1_763_769_600_000
/** 2025-11-22T00:00:00Z in microseconds. */
export const START_US = 1_763_769_600_000_000

export interface SipFields {
  readonly callId?: string
  readonly startLine?: string
  readonly from?: string
  readonly to?: string
  readonly cseq?: string
  readonly userAgent?: string
  /** More header lines, each with its line end. */
  readonly headers?: string
  readonly body?: string
}

export function sipText(fields: SipFields = {}): string {
  const {
    callId = 'call-1@example.com',
    startLine = 'INVITE sip:bob@example.net SIP/2.0',
    from = '<sip:alice@example.com>;tag=a1',
    to = '<sip:bob@example.net>',
    cseq = '1 INVITE',
    userAgent = 'Test Phone 1.0',
    headers = '',
    body = '',
  } = fields
  return [
    startLine,
    'Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-1',
    `From: ${from}`,
    `To: ${to}`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq}`,
    `User-Agent: ${userAgent}`,
    `${headers}Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n')
}

export function packetOf(payload: string | Uint8Array, fields: Partial<HepPacket> = {}): HepPacket {
  return {
    version: 3,
    ipProtocol: 17,
    srcIp: '192.0.2.1',
    dstIp: '192.0.2.200',
    srcPort: 5060,
    dstPort: 5062,
    tsUs: START_US,
    protocolType: 1,
    agentId: 205,
    payload: typeof payload === 'string' ? new TextEncoder().encode(payload) : payload,
    ...fields,
  }
}

/** Seals packets into blocks, `seq` running on from block to block. */
export class Blocks {
  readonly #writer: BlockWriter

  constructor(node = NODE, epoch = EPOCH) {
    this.#writer = new BlockWriter({ node, epoch })
  }

  of(...packets: readonly HepPacket[]): EventBlock {
    return this.fromBytes(packets.map((packet) => encodeHep(packet)))
  }

  fromBytes(packets: readonly Uint8Array[]): EventBlock {
    for (const packet of packets) {
      const fault = this.#writer.append(packet, START_US)
      if (fault !== undefined) throw new Error(`not a HEP packet: ${fault}`)
    }
    const block = this.#writer.seal(START_US)
    if (block === undefined) throw new Error('no packet')
    return block
  }

  /** A block of INVITEs, one Call-ID each, one millisecond apart. */
  invites(count: number, prefix = 'call', startUs = START_US): EventBlock {
    return this.of(
      ...Array.from({ length: count }, (_, i) =>
        packetOf(sipText({ callId: `${prefix}-${i}@example.com` }), { tsUs: startUs + i * 1000 }),
      ),
    )
  }
}

/** Packets of a recorded OpenSIPS TCP stream. */
export function opensipsPackets(): Uint8Array[] {
  const packets: Uint8Array[] = []
  new HepDeframer().push(readFileSync(new URL('../../../fixtures/opensips-hep3-tcp.bin', import.meta.url)), (packet) =>
    packets.push(packet.slice()),
  )
  return packets
}
