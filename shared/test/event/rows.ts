import type { EventBlock } from '../../src/event/block.ts'
import { FLAG, TEXT } from '../../src/event/columns.ts'
import { BlockWriter } from '../../src/event/writer.ts'
import type { Inflate } from '../../src/hep/compression.ts'
import { encodeHep } from '../../src/hep/encode.ts'
import type { HepPacket } from '../../src/hep/packet.ts'

export const NOW_US = 1_790_000_000_000_000
export const SOURCE = { node: 'n1', epoch: 1_789_999_000_000 }

const utf8 = new TextEncoder()

/** The headers of an INVITE, under any start line. */
export function sipText(startLine: string, ...headers: string[]): string {
  return [startLine, ...headers, '', ''].join('\r\n')
}

/** A HEPv3 packet of SIP over UDP from 10.0.0.1:5060 to 10.0.0.2:5061, agent 2001. */
export function hepOf(payload: string | Uint8Array, change: Partial<HepPacket> = {}): Uint8Array {
  return encodeHep({
    version: 3,
    ipProtocol: 17,
    srcIp: '10.0.0.1',
    dstIp: '10.0.0.2',
    srcPort: 5060,
    dstPort: 5061,
    tsUs: 1_700_000_000_123_456,
    protocolType: 1,
    agentId: 2001,
    payload: typeof payload === 'string' ? utf8.encode(payload) : payload,
    ...change,
  })
}

/** One sealed block of these packets. */
export function blockOf(packets: readonly Uint8Array[], inflate?: Inflate): EventBlock {
  const writer = new BlockWriter(SOURCE, inflate)
  for (const packet of packets) {
    const fault = writer.append(packet, NOW_US)
    if (fault !== undefined) throw new Error(fault)
  }
  const block = writer.seal(NOW_US)
  if (block === undefined) throw new Error('no packets')
  return block
}

/** All columns of a row; texts and numbers that are absent or 0 are left out. */
export function rowOf(block: EventBlock, row: number): Record<string, unknown> {
  const numbers = {
    agentId: block.agentId[row],
    srcPort: block.srcPort[row],
    dstPort: block.dstPort[row],
    proto: block.proto[row],
    ipProtocol: block.ipProtocol[row],
    statusCode: block.statusCode[row],
    cseqNumber: block.cseqNumber[row],
  }
  const texts = Object.entries(TEXT).map(([name, column]) => [
    name,
    column === TEXT.extra ? Buffer.from(block.textBytes(column, row)).toString('hex') : block.text(column, row),
  ])
  const all: [string, unknown][] = [
    ...Object.entries(numbers),
    ['srcIp', block.srcIp(row)],
    ['dstIp', block.dstIp(row)],
    ['method', block.methodName(row)],
    ...(texts as [string, unknown][]),
    ['payload', Buffer.from(block.payload(row)).toString()],
  ]
  return {
    seq: block.seq(row),
    tsUs: block.tsUs[row],
    hepVersion: block.hepVersion[row],
    flags: flagNames(block.flags[row] ?? 0),
    ...Object.fromEntries(all.filter(([, value]) => value !== 0 && value !== '')),
  }
}

function flagNames(flags: number): string {
  return Object.entries(FLAG)
    .filter(([, bit]) => (flags & bit) !== 0)
    .map(([name]) => name)
    .join(' ')
}
