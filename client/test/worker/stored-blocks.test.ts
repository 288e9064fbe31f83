import { describe, expect, it } from 'vitest'
import { fromBlock } from '../../src/app/ladder/from-block.ts'
import { fromStoredRow } from '../../src/app/ladder/from-stored-row.ts'
import { storedBlocks } from '../../src/worker/stored-blocks.ts'

const ROW = {
  ts_us: 1_769_868_000_000_001,
  node: 'fra',
  epoch: 1_769_000_000_000,
  seq: 41,
  session_id: 'a@10.0.0.1',
  caller: 'alice',
  callee: 'bob',
  from_host: 'example.com',
  to_host: 'example.net',
  from_tag: 'f1',
  to_tag: 't1',
  branch: 'z9hG4bK-1',
  reason: 'Ringing',
  response_code: '180',
  cseq_method: 'INVITE',
  cseq: 7,
  src_ip: '10.0.0.1',
  src_port: 5060,
  dst_ip: '10.0.0.2',
  dst_port: 5062,
  protocol: 17,
  proto_type: 1,
  // SIP, response, IPv4.
  flags: 0b10101,
  hep_version: 3,
  node_id: '2001',
  agent_name: 'edge',
}

describe('storedBlocks', () => {
  it('makes the event that the row was', () => {
    const [block] = [...storedBlocks([ROW])]
    if (block === undefined) throw new Error('no block')
    expect(fromBlock(block, 0)).toEqual(fromStoredRow(ROW))
  })

  it('keeps nodes, numbers and IPv6 apart from each other', () => {
    const rows = [
      { ...ROW, seq: 50 },
      { ...ROW, node: 'ams', seq: 3, src_ip: '2001:db8::1', dst_ip: '2001:db8::2', flags: 0b100101 },
      { ...ROW, seq: 49, cseq_method: 'FOO', response_code: '' },
    ]
    const events = [...storedBlocks(rows)].flatMap((block) =>
      Array.from({ length: block.count }, (_, row) => fromBlock(block, row)),
    )
    expect(events.map(({ key, srcIp, method }) => `${key} ${srcIp} ${method}`).sort()).toEqual([
      'ams:1769000000000:3 2001:db8::1 INVITE',
      'fra:1769000000000:49 10.0.0.1 FOO',
      'fra:1769000000000:50 10.0.0.1 INVITE',
    ])
  })

  it('cuts blocks by time, so that a moment is found in them', () => {
    const rows = Array.from({ length: 10 }, (_, i) => ({ ...ROW, seq: i + 1, ts_us: ROW.ts_us + i * 1_000_000 }))
    const spans = [...storedBlocks(rows)].map(({ minTsUs, maxTsUs }) => maxTsUs - minTsUs)
    expect(Math.max(...spans)).toBeLessThanOrEqual(4_000_000)
    expect([...storedBlocks(rows)].reduce((sum, { count }) => sum + count, 0)).toBe(10)
  })
})
