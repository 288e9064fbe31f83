import { describe, expect, it } from 'vitest'
import type { EventBlock } from '../../src/event/block.ts'
import { readBlock } from '../../src/event/block.ts'
import { TEXT } from '../../src/event/columns.ts'
import { renameNode } from '../../src/event/rename.ts'
import { BlockWriter } from '../../src/event/writer.ts'
import { encodeHep } from '../../src/hep/encode.ts'
import type { HepPacket } from '../../src/hep/packet.ts'

const PACKET: HepPacket = {
  version: 3,
  ipProtocol: 17,
  srcIp: '10.0.0.1',
  dstIp: '10.0.0.2',
  srcPort: 5060,
  dstPort: 5061,
  tsUs: 1_700_000_000_000_000,
  protocolType: 1,
  agentId: 9,
  correlationId: 'leg',
  payload: new TextEncoder().encode(
    'INVITE sip:bob@example.com SIP/2.0\r\nFrom: <sip:alice@a>;tag=t\r\nCall-ID: c1\r\nCSeq: 1 INVITE\r\n\r\n',
  ),
}

function block(node: string): EventBlock {
  const writer = new BlockWriter({ node, epoch: 5 })
  writer.append(encodeHep(PACKET), 0)
  writer.append(encodeHep({ ...PACKET, protocolType: 5, payload: new Uint8Array(0) }), 0)
  writer.append(encodeHep(PACKET), 0)
  const sealed = writer.seal(77)
  if (sealed === undefined) throw new Error('no block')
  return sealed
}

/** All that a reader sees. */
function view(of: EventBlock): unknown {
  const rows = Array.from({ length: of.count }, (_, row) => ({
    seq: of.seq(row),
    tsUs: of.tsUs[row],
    flags: of.flags[row],
    src: of.srcIp(row),
    dst: of.dstIp(row),
    ports: [of.srcPort[row], of.dstPort[row]],
    texts: Object.values(TEXT).map((column) => of.text(column, row)),
    payload: [...of.payload(row)],
  }))
  return { node: of.node, epoch: of.epoch, firstSeq: of.firstSeq, sealedUs: of.sealedUs, minTsUs: of.minTsUs, rows }
}

describe('renameNode', () => {
  it.each(['b', 'edge-1', 'a much longer name than before', 'zoë', ''])(
    'gives what a node named %j would write',
    (name) => {
      const renamed = renameNode(block('edge'), name)
      expect(view(renamed)).toEqual(view(block(name)))
      const read = readBlock(renamed.bytes)
      expect(read.ok && view(read.block)).toEqual(view(block(name)))
    },
  )

  it('leaves the original alone', () => {
    const original = block('edge')
    const bytes = Uint8Array.from(original.bytes)
    renameNode(original, 'other')
    expect(original.bytes).toEqual(bytes)
  })
})
