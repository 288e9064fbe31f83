import { describe, expect, it } from 'vitest'
import { decodeHep } from '../../src/hep/decode.ts'
import { hex } from '../rtcp/hex.ts'
import {
  B,
  bare,
  base,
  decoded,
  digits,
  INVITE,
  NO_TIME,
  NO_TIME_NO_PAYLOAD,
  NOW_US,
  reads,
  refuses,
} from './reference/vector.ts'

const V1 = '0110021113c413c50a0000010a000002'
const IPV6_PAIR = '20010db800000000000000000000000120010db8000000000000000000000002'
const IPV4_CHUNKS = '00000003000a0a000001 00000004000a0a000002'
const IPV6_CHUNKS = '00000005001620010db8000000000000000000000001 00000006001620010db8000000000000000000000002'
const ipv4 = { srcIp: '10.0.0.1', dstIp: '10.0.0.2' }
const ipv6 = { srcIp: '2001:db8::1', dstIp: '2001:db8::2' }
const MISMATCH = ['family-mismatch', ...NO_TIME_NO_PAYLOAD] as const

/** A packet of these chunks. */
function packet(...chunks: string[]): string {
  const all = chunks.join('').replaceAll(' ', '')
  return `48455033${(6 + all.length / 2).toString(16).padStart(4, '0')}${all}`
}

/** Chunk of vendor 0. */
function chunk(type: number, value: string): string {
  const u16 = (number: number): string => number.toString(16).padStart(4, '0')
  return `0000${u16(type)}${u16(6 + value.length / 2)}${value}`
}

describe('decodeHep', () => {
  it.each([
    reads(
      0,
      'a plain payload before a compressed one',
      packet(chunk(0x0f, INVITE), chunk(0x10, '789c')),
      { ...bare, payload: INVITE },
      [...NO_TIME, 'two-payloads'],
    ),
    reads(
      0,
      'a plain payload behind a compressed one',
      packet(chunk(0x10, '789c'), chunk(0x0f, INVITE)),
      { ...bare, payload: INVITE },
      [...NO_TIME, 'two-payloads'],
    ),
    reads(0, 'an empty 0x0010', packet(chunk(0x10, '')), { ...bare, payload: '' }, [...NO_TIME, 'not-compressed']),
    reads(0, 'family 10 with IPv4 chunks', packet(chunk(1, '0a'), IPV4_CHUNKS), { ...bare, ...ipv4 }, MISMATCH),
    reads(0, 'family 2 with IPv6 chunks', packet(IPV6_CHUNKS, chunk(1, '02')), { ...bare, ...ipv6 }, MISMATCH),
    reads(0, 'family 7 with IPv6 chunks', packet(IPV6_CHUNKS, chunk(1, '07')), { ...bare, ...ipv6 }, MISMATCH),
    reads(0, 'the IPv6 family of macOS', packet(IPV6_CHUNKS, chunk(1, '1e')), { ...bare, ...ipv6 }, NO_TIME_NO_PAYLOAD),
    reads(
      0,
      'both families, of which IPv4 is meant',
      packet(IPV4_CHUNKS, IPV6_CHUNKS, chunk(1, '02')),
      { ...bare, ...ipv4 },
      MISMATCH,
    ),
    reads(
      0,
      'both families, of which IPv6 is meant',
      packet(chunk(1, '0a'), IPV6_CHUNKS, IPV4_CHUNKS),
      { ...bare, ...ipv6 },
      MISMATCH,
    ),
    reads(
      0,
      'both families and neither is meant',
      packet(IPV6_CHUNKS, IPV4_CHUNKS, chunk(1, '63')),
      { ...bare, ...ipv4 },
      MISMATCH,
    ),
    reads(0, 'the later family of two', packet(IPV4_CHUNKS, IPV6_CHUNKS), { ...bare, ...ipv6 }, MISMATCH),
    reads(0, 'vendor 0 type 0 as unknown', packet(chunk(0, '41')), { ...bare, chunks: ['0/0:41'] }, NO_TIME_NO_PAYLOAD),
    reads(
      0,
      'reserved types as unknown, twice',
      packet(chunk(0x19, ''), chunk(0x19, '')),
      { ...bare, chunks: ['0/25:', '0/25:'] },
      NO_TIME_NO_PAYLOAD,
    ),
    reads(0, 'a text that is no UTF-8', packet(chunk(0x11, '61ff')), { ...bare, correlationId: 'a\ufffd' }, [
      ...NO_TIME_NO_PAYLOAD,
      'not-utf8',
    ]),
    reads(
      0,
      'a text with a U+FFFD of its own',
      packet(chunk(0x29, 'efbfbd')),
      { ...bare, groupId: '\ufffd' },
      NO_TIME_NO_PAYLOAD,
    ),
  ])('reads version 3: $name', ({ check }) => check())

  it.each<{ member: string; type: number; sizes: readonly number[] | 'any'; legacy: readonly number[] }>([
    { member: 'keepAliveSeconds', type: 0x0d, sizes: [2], legacy: [] },
    { member: 'vlanId', type: 0x12, sizes: [2], legacy: [1] },
    { member: 'sourceMac', type: 0x14, sizes: [8], legacy: [6] },
    { member: 'destinationMac', type: 0x15, sizes: [8], legacy: [6] },
    { member: 'etherType', type: 0x16, sizes: [2], legacy: [] },
    { member: 'tcpFlags', type: 0x17, sizes: [1], legacy: [2] },
    { member: 'ipTos', type: 0x18, sizes: [1], legacy: [2] },
    { member: 'mos', type: 0x20, sizes: [2], legacy: [] },
    { member: 'rFactor', type: 0x21, sizes: [2], legacy: [] },
    { member: 'geoLocation', type: 0x22, sizes: 'any', legacy: [] },
    { member: 'jitter', type: 0x23, sizes: [4], legacy: [] },
    { member: 'transactionType', type: 0x24, sizes: 'any', legacy: [] },
    { member: 'payloadJsonKeys', type: 0x25, sizes: 'any', legacy: [] },
    { member: 'tagsValues', type: 0x26, sizes: 'any', legacy: [] },
    { member: 'tagType', type: 0x27, sizes: [2], legacy: [] },
    { member: 'eventType', type: 0x28, sizes: [2], legacy: [1] },
    { member: 'groupId', type: 0x29, sizes: 'any', legacy: [] },
  ])('reads $member in its sizes alone, and warns of a second one', ({ member, type, sizes, legacy }) => {
    for (let size = 0; size <= 9; size++) {
      const value = '30'.repeat(size)
      const isRight = sizes === 'any' || sizes.includes(size)
      const isLegacy = legacy.includes(size)
      const { packet: found, warnings } = decoded(packet(chunk(type, value), chunk(0x0f, '41')))
      expect(member in found, `${size} bytes`).toBe(isRight || isLegacy)
      expect(warnings, `${size} bytes`).toEqual([
        ...(isRight || isLegacy ? [] : ['chunk-size-ignored']),
        'time-missing',
        ...(isLegacy ? ['legacy-chunk-size'] : []),
      ])
      const strict = decodeHep(hex(packet(chunk(type, value))), NOW_US, { strict: true })
      expect(strict.ok ? 'read' : strict.reason).toBe(isRight || isLegacy ? 'read' : 'bad-chunk-size')
      expect(decoded(packet(chunk(type, value), chunk(type, value))).warnings).toContain('duplicate-chunk')
    }
  })

  it.each([
    refuses(0, 'nothing', '', 'too-short', 0),
    refuses(0, 'seven bytes of version 1', V1.slice(0, 14), 'too-short', 7),
    refuses(0, 'v1 without payload', V1, 'no-payload', 16),
    refuses(0, 'v1 with NULs alone', `${V1}0000`, 'no-payload', 16),
    refuses(0, 'protobuf', '08021002', 'unknown-format', 0),
    refuses(0, 'gzip, which is not for decodeHep', '1f8b0800', 'unknown-format', 0),
  ])('refuses $name', ({ check }) => check())

  it.each([
    reads(
      0,
      'v1 with the IPv6 family of macOS',
      `01281e1113c413c5${IPV6_PAIR}${INVITE}`,
      { ...base, ...ipv6, version: 1, tsUs: undefined, agentId: 0 },
      NO_TIME,
    ),
    reads(
      0,
      'v2 with a time of neither byte order',
      `0210021113c413c50a0000010a000002ffffffff40e20100d1070000${INVITE}`,
      { ...base, version: 2, tsUs: 4_294_967_295_123_456 },
      ['time-implausible'],
    ),
  ])('reads versions 1 and 2: $name', ({ check }) => check())

  it('replaces such a time by none if told to', () => {
    const bytes = `0210021113c413c50a0000010a000002ffffffff40e20100d1070000${INVITE}`
    expect(decoded(bytes, { sanitizeTime: true }).packet).not.toHaveProperty('tsUs')
  })

  it('gives views into its input', () => {
    const bytes = hex(B)
    const result = decodeHep(bytes, NOW_US)
    bytes[104] = 0x21
    expect(result.ok && digits(result.packet.payload ?? hex(''))).toBe('494e56495421')
  })
})
