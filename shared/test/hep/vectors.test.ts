import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { FLAG } from '../../src/event/columns.ts'
import { INFLATE_LIMIT_BYTES } from '../../src/event/writer.ts'
import { readCorrelation } from '../../src/hep/correlation.ts'
import { decodeHep } from '../../src/hep/decode.ts'
import { encodeHep } from '../../src/hep/encode.ts'
import type { HepPacket } from '../../src/hep/packet.ts'
import { blockOf, NOW_US } from '../event/rows.ts'
import { hex } from '../rtcp/hex.ts'

const B = `484550330069000000010007020000000200071100000003000a0a00000100000004000a0a00000200000007000813c4
  00000008000813c500000009000a6553f1000000000a000a0001e2400000000b0007010000000c000a000007d1
  0000000f000c494e56495445`
const INVITE = '494e56495445'
const NO_TIME = ['time-missing']
const NO_TIME_NO_PAYLOAD = ['time-missing', 'no-payload']

const bare = { version: 3, ipProtocol: 0, srcPort: 0, dstPort: 0, protocolType: 0, agentId: 0 }
const base = {
  version: 3,
  ipProtocol: 17,
  srcIp: '10.0.0.1',
  dstIp: '10.0.0.2',
  srcPort: 5060,
  dstPort: 5061,
  tsUs: 1_700_000_000_123_456,
  protocolType: 1,
  agentId: 2001,
  payload: INVITE,
}
const v1 = { ...base, version: 1, tsUs: undefined, agentId: 0 }
const v2 = { ...base, version: 2 }

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const ascii = (value: string): string => Buffer.from(value).toString('hex')

/** A decoded packet with its bytes as hex digits. */
function shown({ payload, chunks, ...rest }: HepPacket): Record<string, unknown> {
  return {
    ...rest,
    ...(payload && { payload: text(payload) }),
    ...(chunks && { chunks: chunks.map(({ vendor, type, bytes }) => `${vendor}/${type}:${text(bytes)}`) }),
  }
}

function decoded(bytes: string): HepPacket {
  const result = decodeHep(hex(bytes), NOW_US)
  if (!result.ok) throw new Error(result.reason)
  return result.packet
}

describe('decodeHep', () => {
  it.each([
    {
      name: 'spec-113',
      bytes: `484550330071 00000001000702 00000002000711 00000003000ad4ca0001 00000004000a527400d3
        0000000700082eea 00000008000813c4 00000009000a4e4982cb 0000000a000a0001d4c0
        0000000b000701 0000000c000a000000e4 0000000f0014494e56495445207369703a626f62`,
      packet: {
        ...base,
        srcIp: '212.202.0.1',
        dstIp: '82.116.0.211',
        srcPort: 12010,
        dstPort: 5060,
        tsUs: 1_313_440_459_120_000,
        agentId: 228,
        payload: ascii('INVITE sip:bob'),
      },
    },
    { name: 'base-105', bytes: B, packet: base },
    {
      name: 'ipv6',
      bytes: `484550330039 0000000100070a 00000005001620010db8000000000000000000000001
        00000006001620010db8000000000000000000000002`,
      packet: { ...bare, srcIp: '2001:db8::1', dstIp: '2001:db8::2' },
      warnings: NO_TIME_NO_PAYLOAD,
    },
    {
      name: 'zlib, left as it is',
      bytes: '48455033001a000000100014789cf3f40bf30c710500066201d0',
      packet: { ...bare, payload: '789cf3f40bf30c710500066201d0', payloadCompressed: true },
      warnings: ['time-missing', 'compressed-payload'],
    },
    {
      name: 'a plain payload beside a compressed one, in either order',
      bytes: '484550330026 000000100007ff 0000000f000c494e56495445 0000001000077f 000000090006',
      packet: { ...bare, payload: INVITE },
      warnings: ['duplicate-chunk', 'chunk-size-ignored', 'time-missing'],
    },
    {
      name: 'vendor-shadow',
      bytes: '48455033001d 00000001000702 000300010009aabbcc 0000000f000741',
      packet: { ...bare, payload: '41', chunks: ['3/1:aabbcc'] },
      warnings: NO_TIME,
    },
    {
      name: 'genesys',
      bytes: '484550330014 00080080000778 0000000f000741',
      packet: { ...bare, payload: '41', chunks: ['8/128:78'] },
      warnings: NO_TIME,
    },
    {
      name: 'dup-payload',
      bytes: '484550330014 0000000f000741 0000000f000742',
      packet: { ...bare, payload: '42' },
      warnings: ['duplicate-chunk', 'time-missing'],
    },
    { name: 'header-only', bytes: '484550330006', packet: bare, warnings: ['empty-frame', ...NO_TIME_NO_PAYLOAD] },
    { name: 'empty-payload', bytes: '48455033000c0000000f0006', packet: { ...bare, payload: '' }, warnings: NO_TIME },
    { name: 'mos', bytes: '48455033000e0000002000080193', packet: { ...bare, mos: 403 }, warnings: NO_TIME_NO_PAYLOAD },
    {
      name: 'corr',
      bytes: '48455033001900000011000b61626340680000000f00087b7d',
      packet: { ...bare, correlationId: 'abc@h', payload: ascii('{}') },
      warnings: NO_TIME,
    },
    {
      name: 'vlan-1byte',
      bytes: '48455033000d00000012000764',
      packet: { ...bare, vlanId: 100 },
      warnings: ['chunk-size-ignored', ...NO_TIME_NO_PAYLOAD],
    },
    {
      name: 'vlan-2byte',
      bytes: '48455033000e0000001200080064',
      packet: { ...bare, vlanId: 100 },
      warnings: NO_TIME_NO_PAYLOAD,
    },
    {
      name: 'mac-8',
      bytes: '48455033001400000014000e0000525400123456',
      packet: { ...bare, sourceMac: '52:54:00:12:34:56' },
      warnings: NO_TIME_NO_PAYLOAD,
    },
    {
      name: 'mac-6',
      bytes: '48455033001200000014000c525400123456',
      packet: { ...bare, sourceMac: '52:54:00:12:34:56' },
      warnings: ['chunk-size-ignored', ...NO_TIME_NO_PAYLOAD],
    },
    {
      name: 'sngrep-id',
      bytes: '4845503300100000000c000a07d10000',
      packet: { ...bare, agentId: 131_137_536 },
      warnings: NO_TIME_NO_PAYLOAD,
    },
    { name: 'eep1', bytes: '45455031000d0000000f000741', packet: { ...bare, payload: '41' }, warnings: NO_TIME },
    { name: 'eep3', bytes: '45455033000d0000000f000741', packet: { ...bare, payload: '41' }, warnings: NO_TIME },
    { name: 'trailing', bytes: `${B}aabbcc`, packet: base, warnings: ['trailing-bytes'] },
    {
      name: 'nul-utf8',
      bytes: '48455033000f0000000f00094100ff',
      packet: { ...bare, payload: '4100ff' },
      warnings: NO_TIME,
    },
    {
      name: 'usec-overflow',
      bytes: '48455033001a00000009000a6553f1000000000a000a0016e360',
      packet: { ...bare, tsUs: 1_700_000_001_500_000 },
      warnings: ['microseconds-overflow', 'no-payload'],
    },
    {
      name: 'u8-two-bytes',
      bytes: '48455033000e0000000100080203',
      packet: bare,
      warnings: ['chunk-size-ignored', ...NO_TIME_NO_PAYLOAD],
    },
    {
      name: 'port-one-byte',
      bytes: '48455033000d00000007000713',
      packet: bare,
      warnings: ['chunk-size-ignored', ...NO_TIME_NO_PAYLOAD],
    },
    {
      name: 'not-enough-elements',
      bytes: '48455033000d0000000f000741',
      packet: { ...bare, payload: '41' },
      warnings: NO_TIME,
    },
    {
      name: 'family 10 with IPv4 chunks',
      bytes: '484550330017 0000000100070a 00000003000a0a000001',
      packet: { ...bare, srcIp: '10.0.0.1' },
      warnings: ['family-mismatch', ...NO_TIME_NO_PAYLOAD],
    },
    {
      name: 'the later family of two',
      bytes: '484550330026 00000003000a0a000001 00000006001620010db8000000000000000000000002',
      packet: { ...bare, dstIp: '2001:db8::2' },
      warnings: ['family-mismatch', ...NO_TIME_NO_PAYLOAD],
    },
    {
      name: 'vendor 0 type 0 as unknown',
      bytes: '48455033000d00000000000741',
      packet: { ...bare, chunks: ['0/0:41'] },
      warnings: NO_TIME_NO_PAYLOAD,
    },
  ])('reads version 3: $name', ({ bytes, packet, warnings = [] }) => {
    const result = decodeHep(hex(bytes), NOW_US)
    expect(result.ok && [shown(result.packet), result.warnings]).toEqual([packet, warnings])
  })

  it('reads the further ids of OpenSIPS (extra-corr)', () => {
    const json = ascii('{\n\t"sip1":\t"a",\n\t"sip2":\t"b"\n}')
    const packet = decoded(`48455033002a000000650024${json}`)
    expect(shown(packet)).toEqual({ ...bare, chunks: [`0/101:${json}`] })
    expect(readCorrelation(packet).extra).toEqual([
      { type: 'sip1', id: 'a' },
      { type: 'sip2', id: 'b' },
    ])
  })

  it.each([
    { name: 'magic-only', bytes: '48455033', reason: 'too-short', offset: 4 },
    { name: 'five-bytes', bytes: '4845503300', reason: 'too-short', offset: 5 },
    { name: 'nothing', bytes: '', reason: 'too-short', offset: 0 },
    { name: 'bad-magic', bytes: '484550390006', reason: 'unknown-format', offset: 0 },
    { name: 'lower-case', bytes: '686570330006', reason: 'unknown-format', offset: 0 },
    { name: 'total-5', bytes: '484550330005', reason: 'bad-total', offset: 4 },
    { name: 'total-0', bytes: '484550330000', reason: 'bad-total', offset: 4 },
    { name: 'total+1', bytes: B.replace('330069', '33006a'), reason: 'truncated', offset: 105 },
    { name: 'total-1', bytes: B.replace('330069', '330068'), reason: 'chunk-overrun', offset: 97 },
    {
      name: 'chunk-len-0',
      bytes: '48455033001b00000001000702000000020000110000000f000741',
      reason: 'bad-chunk-length',
      offset: 17,
    },
    { name: 'chunk-len-3', bytes: '48455033000c000000020003', reason: 'bad-chunk-length', offset: 10 },
    { name: 'chunk-overrun', bytes: '48455033000e0000000f00204142', reason: 'chunk-overrun', offset: 10 },
    { name: 'tail-4', bytes: '484550330011000000010007020000000f', reason: 'chunk-truncated', offset: 13 },
    { name: 'v1-short', bytes: '0110021113c413c50a0000010a0000', reason: 'too-short', offset: 15 },
    { name: 'seven bytes', bytes: '0110021113c413', reason: 'too-short', offset: 7 },
    {
      name: 'v2-short',
      bytes: '0210021113c413c50a0000010a00000200f1536540e20100d1',
      reason: 'too-short',
      offset: 25,
    },
    { name: 'v1-family-7', bytes: '0110071113c413c50a0000010a00000241', reason: 'bad-family', offset: 2 },
    { name: 'version-3-byte', bytes: '0310021113c413c50a0000010a00000241', reason: 'unknown-format', offset: 0 },
    { name: 'v1 without payload', bytes: '0110021113c413c50a0000010a000002', reason: 'no-payload', offset: 16 },
    { name: 'v1 with NULs alone', bytes: '0110021113c413c50a0000010a0000020000', reason: 'no-payload', offset: 16 },
    { name: 'gzip-frame', bytes: text(gzipSync(hex(B))), reason: 'unknown-format', offset: 0 },
    { name: 'protobuf', bytes: '08021002', reason: 'unknown-format', offset: 0 },
  ])('refuses $name', ({ bytes, reason, offset }) => {
    expect(decodeHep(hex(bytes), NOW_US)).toEqual({ ok: false, reason, offset })
  })

  it.each([
    { name: 'trailing', bytes: `${B}aabbcc`, reason: 'bad-total', offset: 4 },
    { name: 'u8-two-bytes', bytes: '48455033000e0000000100080203', reason: 'bad-chunk-size', offset: 10 },
    { name: 'port-one-byte', bytes: '48455033000d00000007000713', reason: 'bad-chunk-size', offset: 10 },
  ])('refuses, if strict, $name', ({ bytes, reason, offset }) => {
    expect(decodeHep(hex(bytes), NOW_US, { strict: true })).toEqual({ ok: false, reason, offset })
  })

  const BIG_ENDIAN = '0210021113c413c50a0000010a0000026553f1000001e24007d1'
  const LITTLE_ENDIAN = '10021113c413c50a0000010a00000200f1536540e20100d107'
  const REQUEST = ascii('INVITE sip:b SIP/2.0')
  const OPTIONS_OK = ascii('SIP/2.0 200 OK\r\nCSeq: 1 OPTIONS\r\n\r\n')
  const IPV6_PAIR = '20010db800000000000000000000000120010db8000000000000000000000002'
  const ipv6 = { srcIp: '2001:db8::1', dstIp: '2001:db8::2' }
  it.each([
    { name: 'v1-v4', bytes: `0110021113c413c50a0000010a000002${INVITE}`, packet: v1, warnings: NO_TIME },
    {
      name: 'v1-v6',
      bytes: `01280a1113c413c5${IPV6_PAIR}${INVITE}`,
      packet: { ...v1, ...ipv6 },
      warnings: NO_TIME,
    },
    {
      name: 'v1 with the IPv6 family of macOS',
      bytes: `01281e1113c413c5${IPV6_PAIR}${INVITE}`,
      packet: { ...v1, ...ipv6 },
      warnings: NO_TIME,
    },
    { name: 'v2-le', bytes: `02${LITTLE_ENDIAN}0000${INVITE}`, packet: v2 },
    { name: 'v2-be', bytes: `${BIG_ENDIAN}0000${INVITE}`, packet: v2 },
    { name: 'v2-be-10', bytes: `${BIG_ENDIAN}${REQUEST}`, packet: { ...v2, payload: REQUEST } },
    { name: 'v2-hl-28', bytes: `021c${LITTLE_ENDIAN.slice(2)}0000${INVITE}`, packet: v2 },
    {
      name: 'v2-hl-junk',
      bytes: `0204${LITTLE_ENDIAN.slice(2)}0000${INVITE}`,
      packet: v2,
      warnings: ['header-length-odd'],
    },
    { name: 'v2-pad-garbage', bytes: `02${LITTLE_ENDIAN}7f41${INVITE}`, packet: v2 },
    { name: 'v2-trailing-nul', bytes: `02${LITTLE_ENDIAN}0000${INVITE}0000000000000000`, packet: v2 },
    {
      name: 'hs-v1-sample',
      bytes: `0110021113c413c40a000164c0a800fe${OPTIONS_OK}`,
      packet: { ...v1, dstPort: 5060, srcIp: '10.0.1.100', dstIp: '192.168.0.254', payload: OPTIONS_OK },
      warnings: NO_TIME,
    },
    {
      name: 'v2 with a time of neither byte order',
      bytes: `0210021113c413c50a0000010a000002ffffffff40e20100d1070000${INVITE}`,
      packet: { ...v2, tsUs: 4_294_967_295_123_456 },
      warnings: ['time-implausible'],
    },
  ])('reads versions 1 and 2: $name', ({ bytes, packet, warnings = [] }) => {
    const result = decodeHep(hex(bytes), NOW_US)
    expect(result.ok && [shown(result.packet), result.warnings]).toEqual([packet, warnings])
  })
})

describe('encodeHep', () => {
  it.each([
    { name: 'base-105', bytes: B },
    {
      name: 'an empty key (hs-own-test)',
      bytes: B.replace('330069', '33006f').replace('0000000f', '0000000e00060000000f'),
    },
    {
      name: 'vendor chunks (genesys)',
      bytes:
        '484550330058 00000002000711 00000007000813c4 00000008000813c5 00000009000a6553f100 0000000a000a0001e240 0000000b000701 0000000c000a000007d1 00080080000778 00030001000841420000000f000741',
    },
  ])('gives back the same bytes: $name', ({ bytes }) => {
    expect(text(encodeHep(decoded(bytes)))).toBe(text(hex(bytes)))
  })

  it('keeps a byte order mark', () => {
    const packet = { ...decoded(B), correlationId: '\ufeffa' }
    expect(decoded(text(encodeHep(packet)))).toEqual(packet)
  })

  it('counts bytes, not characters (utf8-payload)', () => {
    const packet = { ...decoded('48455033000d0000000f000741'), correlationId: 'é!' }
    expect(text(encodeHep(packet))).toContain('000000110009c3a921')
  })

  it('fills a packet to its last byte and refuses one more (max)', () => {
    const packet = decoded(B)
    const room = 65_535 - 105 + 6
    expect(encodeHep({ ...packet, payload: new Uint8Array(room) })).toHaveLength(65_535)
    expect(() => encodeHep({ ...packet, payload: new Uint8Array(room + 1) })).toThrow(
      expect.objectContaining({ code: 'too-large' }),
    )
  })

  it.each<{ name: string; change: Partial<HepPacket>; code: string }>([
    { name: 'two families', change: { dstIp: '::1' }, code: 'bad-address' },
    { name: 'a name for an address', change: { srcIp: 'proxy' }, code: 'bad-address' },
    { name: 'a MAC of five bytes', change: { sourceMac: '00:11:22:33:44' }, code: 'bad-address' },
    { name: 'a port over 65535', change: { srcPort: 65_536 }, code: 'out-of-range' },
    { name: 'a negative agent id', change: { agentId: -1 }, code: 'out-of-range' },
    { name: 'half a microsecond', change: { tsUs: 0.5 }, code: 'out-of-range' },
    { name: 'a time after 2106', change: { tsUs: 2 ** 32 * 1_000_000 }, code: 'out-of-range' },
    { name: 'a VLAN id over 65535', change: { vlanId: 65_536 }, code: 'out-of-range' },
    {
      name: 'a vendor over 65535',
      change: { chunks: [{ vendor: 65_536, type: 1, bytes: hex('') }] },
      code: 'out-of-range',
    },
  ])('refuses $name', ({ change, code }) => {
    expect(() => encodeHep({ ...decoded(B), ...change })).toThrow(expect.objectContaining({ code }))
  })
})

describe('BlockWriter', () => {
  const inflate = (bytes: Uint8Array, maxOutputLength: number): Uint8Array | undefined => {
    try {
      return (bytes[0] === 0x1f ? gunzipSync : inflateSync)(bytes, { maxOutputLength })
    } catch {
      return undefined
    }
  }
  const compressed = (value: Uint8Array): Uint8Array =>
    encodeHep({ ...decoded(B), payload: value, payloadCompressed: true })
  const register = Buffer.from('REGISTER sip:a SIP/2.0\r\nCall-ID: c1\r\nCSeq: 1 REGISTER\r\n\r\n')

  it.each([
    { name: 'zlib', value: hex('789cf3f40bf30c710500066201d0'), payload: 'INVITE' },
    { name: 'gzip', value: hex('1f8b0800000000000203f3f40bf30c71050051d71a3706000000'), payload: 'INVITE' },
    { name: 'plain-in-0010', value: hex(INVITE), payload: 'INVITE' },
    { name: 'mixed-order', value: deflateSync(register), payload: register.toString() },
  ])('inflates $name', ({ value, payload }) => {
    const block = blockOf([compressed(value)], inflate)
    expect(Buffer.from(block.payload(0)).toString()).toBe(payload)
    expect((block.flags[0] ?? 0) & FLAG.compressedPayload).toBe(0)
  })

  it.each([
    { name: 'zip-bomb', value: gzipSync(new Uint8Array(INFLATE_LIMIT_BYTES + 1)) },
    { name: 'half a gzip', value: hex('1f8b0800000000000203f3f4') },
  ])('keeps $name as it came', ({ value }) => {
    const block = blockOf([compressed(value)], inflate)
    expect(text(block.payload(0))).toBe(text(value))
    expect((block.flags[0] ?? 0) & FLAG.compressedPayload).toBe(FLAG.compressedPayload)
  })
})
