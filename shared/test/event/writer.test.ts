import { describe, expect, it } from 'vitest'
import { readBlock } from '../../src/event/block.ts'
import { FLAG, MAX_ROWS, TEXT } from '../../src/event/columns.ts'
import { ARENA_LIMIT_BYTES, BlockWriter } from '../../src/event/writer.ts'
import { decodeHep, readChunks } from '../../src/hep/decode.ts'
import { encodeHep } from '../../src/hep/encode.ts'
import type { HepPacket } from '../../src/hep/packet.ts'
import { hex } from '../rtcp/hex.ts'
import { blockOf, hepOf, NOW_US, rowOf, sipText, SOURCE } from './rows.ts'
import { FOO, INVITE, RINGING, SAMPLES } from './samples.ts'

const TS_US = 1_700_000_000_123_456
const base = {
  tsUs: TS_US,
  hepVersion: 3,
  srcIp: '10.0.0.1',
  dstIp: '10.0.0.2',
  srcPort: 5060,
  dstPort: 5061,
  proto: 1,
  ipProtocol: 17,
  agentId: 2001,
}
const ringing = {
  statusCode: 180,
  reason: 'Ringing now',
  method: 'INVITE',
  cseq: '7 INVITE',
  cseqNumber: 7,
  callId: 'c1@a.example',
  fromUser: 'alice',
  fromHost: 'a.example',
  fromTag: 'f1',
  toUser: 'bob',
  toHost: 'b.example',
  toTag: 't1',
  payload: RINGING,
}
const foo = {
  method: 'FOO',
  methodOther: 'FOO',
  ruriUser: 'carol',
  callId: 'c2',
  cseq: '1 FOO',
  cseqNumber: 1,
  payload: FOO,
}

const EXPECTED = [
  {
    ...base,
    flags: 'sip request sdp ipv4',
    method: 'INVITE',
    callId: 'c1@a.example',
    cseq: '7 INVITE',
    cseqNumber: 7,
    fromUser: 'alice',
    fromHost: 'a.example',
    fromTag: 'f1',
    toUser: 'bob',
    toHost: 'b.example',
    ruriUser: 'bob',
    branch: 'z9hG4bK1',
    userAgent: 'phone 1.0',
    correlationId: 'corr',
    aLegId: 'leg-a',
    agentName: 'edge',
    extra: '0000001200080007000300010008aabb',
    payload: `${INVITE}v=0\r\n`,
  },
  { ...base, ...ringing, flags: 'sip response ipv6', srcIp: '2001:db8::1', dstIp: '2001:db8::2' },
  { ...base, ...foo, flags: 'sip request ipv4' },
  { ...base, flags: 'ipv4', proto: 5, correlationId: 'c1@a.example', payload: '{"sender_information":{}}' },
  { ...base, flags: 'ipv4', payload: 'not SIP at all' },
  { tsUs: NOW_US, hepVersion: 3, flags: 'receiveTime warned' },
  {
    ...base,
    ...ringing,
    flags: 'sip response ipv4 receiveTime warned',
    tsUs: NOW_US,
    hepVersion: 1,
    agentId: undefined,
  },
  { ...base, ...foo, flags: 'sip request ipv4', hepVersion: 2 },
].map((row, i) => ({ seq: i + 1, ...row }))

describe('BlockWriter', () => {
  it('writes every column of every kind of packet', () => {
    const read = readBlock(blockOf(SAMPLES).bytes)
    if (!read.ok) throw new Error(read.reason)
    const { block } = read
    expect(SAMPLES.map((_, row) => rowOf(block, row))).toEqual(EXPECTED)
    expect({
      node: block.node,
      epoch: block.epoch,
      count: block.count,
      firstSeq: block.firstSeq,
      lastSeq: block.lastSeq,
      sealedUs: block.sealedUs,
      minTsUs: block.minTsUs,
      maxTsUs: block.maxTsUs,
    }).toEqual({ ...SOURCE, count: 8, firstSeq: 1, lastSeq: 8, sealedUs: NOW_US, minTsUs: TS_US, maxTsUs: NOW_US })
  })

  it('writes the same whatever stood in the row before', () => {
    const writer = new BlockWriter(SOURCE)
    for (const packet of SAMPLES.toReversed()) writer.append(packet, NOW_US)
    writer.seal(NOW_US)
    for (const packet of SAMPLES) writer.append(packet, NOW_US)
    const block = writer.seal(NOW_US)
    expect(block && SAMPLES.map((_, row) => rowOf(block, row))).toEqual(
      EXPECTED.map((row, i) => ({ ...row, seq: i + 9 })),
    )
  })

  it('keeps other chunks whole', () => {
    const block = blockOf(SAMPLES)
    expect(readChunks(block.textBytes(TEXT.extra, 0))).toEqual([
      { vendor: 0, type: 0x12, bytes: hex('0007') },
      { vendor: 3, type: 1, bytes: hex('aabb') },
    ])
  })

  type Optional = 'srcIp' | 'dstIp' | 'tsUs'
  it.each<{ name: string; without: readonly Optional[]; expected: Record<string, unknown> }>([
    { name: 'destination', without: ['dstIp'], expected: { srcIp: '10.0.0.1', dstIp: '0.0.0.0', flags: 'ipv4' } },
    { name: 'addresses', without: ['srcIp', 'dstIp'], expected: { flags: '' } },
    {
      name: 'time',
      without: ['tsUs'],
      expected: { srcIp: '10.0.0.1', dstIp: '10.0.0.2', tsUs: NOW_US, flags: 'ipv4 receiveTime warned' },
    },
  ])('writes a packet without $name', ({ without, expected }) => {
    const { srcIp: _src, dstIp: _dst, ...log } = { ...base, seq: 1, payload: 'not SIP at all' }
    const whole = decodeHep(SAMPLES[4] ?? hex(''))
    if (!whole.ok) throw new Error(whole.reason)
    const kept = Object.entries(whole.packet).filter(([member]) => !(without as readonly string[]).includes(member))
    const block = blockOf([encodeHep(Object.fromEntries(kept) as unknown as HepPacket)])
    expect(rowOf(block, 0)).toEqual({ ...log, ...expected })
  })

  it.each<{ name: string; change: Partial<HepPacket>; expected?: Record<string, unknown> }>([
    {
      name: 'the largest numbers',
      change: { srcPort: 65_535, dstPort: 65_535, agentId: 0xffff_ffff, ipProtocol: 255 },
    },
    { name: 'a correlation id in UTF-8', change: { correlationId: 'é€😀' } },
    { name: 'a correlation id with a byte order mark', change: { correlationId: '\ufeffa' } },
    { name: 'an empty correlation id', change: { correlationId: '' }, expected: {} },
  ])('writes $name', ({ change, expected = change }) => {
    expect(rowOf(blockOf([hepOf('not SIP at all', change)]), 0)).toEqual({ ...EXPECTED[4], seq: 1, ...expected })
  })

  it('reads folded values as one line and keeps their bytes', () => {
    const block = blockOf([hepOf(sipText('OPTIONS sip:h SIP/2.0', 'User-Agent: phone\r\n  1.0'))])
    expect(block.text(TEXT.userAgent, 0)).toBe('phone 1.0')
    expect(Buffer.from(block.textBytes(TEXT.userAgent, 0)).toString()).toBe('phone\r\n  1.0')
  })

  it('cuts a text at 65,535 bytes', () => {
    const block = blockOf([
      hex(
        `0110021113c413c50a0000010a000002${Buffer.from(sipText('FOO sip:h SIP/2.0', `i: ${'x'.repeat(65_536)}`)).toString('hex')}`,
      ),
    ])
    expect(block.text(TEXT.callId, 0)).toBe('x'.repeat(65_535))
  })

  it('shows nothing of the next packet in a message that ends inside a quote', () => {
    const block = blockOf([hepOf('OPTIONS sip:h SIP/2.0\r\nf: "a:b'), hepOf('zzz')])
    expect(block.text(TEXT.fromHost, 0)).toBe('b')
    expect(readBlock(blockOf([hepOf('OPTIONS sip:h SIP/2.0\r\nf: "a:b\\')]).bytes).ok).toBe(true)
  })

  it('adds nothing for bytes that are no packet', () => {
    const writer = new BlockWriter(SOURCE)
    expect(writer.append(hex('48455033001b00000001000702000000020000110000000f000741'), NOW_US)).toBe(
      'bad-chunk-length',
    )
    expect([writer.count, writer.lastFields.faultAt, writer.seal(NOW_US)]).toEqual([0, 17, undefined])
    expect(writer.append(SAMPLES[2] ?? hex(''), NOW_US)).toBeUndefined()
    expect(writer.seal(NOW_US)?.firstSeq).toBe(1)
  })

  it('copies the packet', () => {
    const writer = new BlockWriter(SOURCE)
    const packet = hepOf(FOO)
    writer.append(packet, NOW_US)
    packet.fill(0)
    const block = writer.seal(NOW_US)
    expect(block && rowOf(block, 0)).toEqual({ ...EXPECTED[2], seq: 1 })
  })

  it('is full at 1,024 rows and goes on counting in the next block', () => {
    const writer = new BlockWriter(SOURCE)
    for (let i = 0; i < MAX_ROWS; i++) {
      expect(writer.isFull).toBe(false)
      writer.append(hepOf(String(i)), NOW_US)
    }
    expect(writer.isFull).toBe(true)
    const first = writer.seal(NOW_US)
    expect([writer.isFull, writer.count]).toEqual([false, 0])
    writer.append(hepOf(FOO), NOW_US)
    const second = writer.seal(NOW_US)
    if (first === undefined || second === undefined) throw new Error('not sealed')
    expect([first.count, first.firstSeq, first.lastSeq]).toEqual([1024, 1, 1024])
    expect([second.count, second.firstSeq, second.lastSeq]).toEqual([1, 1025, 1025])
    expect(Array.from({ length: MAX_ROWS }, (_, row) => Buffer.from(first.payload(row)).toString())).toEqual(
      Array.from({ length: MAX_ROWS }, (_, row) => String(row)),
    )
    expect(readBlock(first.bytes).ok).toBe(true)
  })

  it('is full when its arena has passed the limit, and holds the packet that passed it', () => {
    const writer = new BlockWriter(SOURCE)
    const large = new Uint8Array(60_000).fill(0x61)
    let count = 0
    for (; !writer.isFull; count++) writer.append(hepOf(large, { protocolType: 100 }), NOW_US)
    expect(count).toBe(Math.ceil(ARENA_LIMIT_BYTES / large.length))
    const block = writer.seal(NOW_US)
    expect(block && [block.count, block.payload(0), block.payload(count - 1)]).toEqual([count, large, large])
  })

  it('grows for an inflated payload', () => {
    const inflated = new Uint8Array(2 * ARENA_LIMIT_BYTES).fill(0x61)
    const block = blockOf([hepOf(hex('1f8b00'), { payloadCompressed: true, protocolType: 100 })], () => inflated)
    expect(Buffer.compare(block.payload(0), inflated)).toBe(0)
    expect((block.flags[0] ?? 0) & FLAG.warned).toBe(0)
  })

  it('summarizes an inflated message, however long', () => {
    const headers = sipText('OPTIONS sip:bob@h SIP/2.0', 'Call-ID: c1')
    const inflated = Buffer.from(`${headers}${'x'.repeat(2 * ARENA_LIMIT_BYTES)}`)
    const block = blockOf([hepOf(hex('1f8b00'), { payloadCompressed: true })], () => inflated)
    expect([block.text(TEXT.callId, 0), block.text(TEXT.ruriUser, 0), block.payloadLength[0]]).toEqual([
      'c1',
      'bob',
      inflated.length,
    ])
  })

  it('takes a packet that is longer than any HEPv3 may be', () => {
    const headers = Buffer.from(sipText('OPTIONS sip:bob@h SIP/2.0', 'Call-ID: c1'))
    const packet = Buffer.concat([hex('0110021113c413c50a0000010a000002'), headers, Buffer.alloc(300_000, 'x')])
    const block = blockOf([packet])
    expect([block.text(TEXT.callId, 0), block.payloadLength[0]]).toEqual(['c1', packet.length - 16])
  })

  it('names a node of any text', () => {
    const writer = new BlockWriter({ node: 'kärnten 😀', epoch: 0 })
    writer.append(hepOf(FOO), NOW_US)
    expect(writer.seal(NOW_US)?.node).toBe('kärnten 😀')
  })
})
