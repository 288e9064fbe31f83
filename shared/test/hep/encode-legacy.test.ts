import { describe, expect, it } from 'vitest'
import { decodeHep } from '../../src/hep/decode.ts'
import { HepEncodeError } from '../../src/hep/encode-error.ts'
import { encodeLegacyHep } from '../../src/hep/encode-legacy.ts'
import type { HepPacket } from '../../src/hep/packet.ts'

const NOW_US = 1_790_000_000_000_000

const packet: HepPacket = {
  version: 3,
  ipProtocol: 17,
  srcIp: '10.0.0.1',
  dstIp: '10.0.0.2',
  srcPort: 5060,
  dstPort: 5061,
  tsUs: 1_700_000_000_123_456,
  protocolType: 1,
  agentId: 2001,
  payload: new TextEncoder().encode('INVITE'),
}
const ipv6: HepPacket = { ...packet, srcIp: '2001:db8::1', dstIp: '2001:db8::2' }

const V1 = '0110021113c413c50a0000010a000002494e56495445'
const V1_IPV6 = `01280a1113c413c520010db800000000000000000000000120010db8000000000000000000000002494e56495445`
const V2 = '0210021113c413c50a0000010a00000200f1536540e20100d1070000494e56495445'
const V2_BIG_ENDIAN = '0210021113c413c50a0000010a0000026553f1000001e24007d10000494e56495445'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))

function decoded(text: string): HepPacket {
  const result = decodeHep(bytesOf(text), NOW_US)
  if (!result.ok) throw new Error(result.reason)
  return result.packet
}

describe('encodeLegacyHep', () => {
  it.each([
    { name: 'v1-v4', version: 1, packet, bytes: V1 },
    { name: 'v1-v6', version: 1, packet: ipv6, bytes: V1_IPV6 },
    { name: 'v2-le', version: 2, packet, bytes: V2 },
  ] as const)('writes $name', ({ version, packet: input, bytes }) => {
    expect(hex(encodeLegacyHep(input, version))).toBe(bytes)
  })

  it.each([
    { name: 'v1-v4', bytes: V1, expected: { ...packet, version: 1, tsUs: undefined, agentId: 0 } },
    { name: 'v1-v6', bytes: V1_IPV6, expected: { ...ipv6, version: 1, tsUs: undefined, agentId: 0 } },
    { name: 'v2-le', bytes: V2, expected: { ...packet, version: 2 } },
    { name: 'v2-be', bytes: V2_BIG_ENDIAN, expected: { ...packet, version: 2 }, again: V2 },
  ] as const)('is the inverse of decodeHep: $name', ({ bytes, expected, ...more }) => {
    const found = decoded(bytes)
    expect({ ...found, payload: hex(found.payload ?? new Uint8Array(0)) }).toEqual({
      ...expected,
      payload: '494e56495445',
    })
    expect(hex(encodeLegacyHep(found, expected.version))).toBe('again' in more ? more.again : bytes)
  })

  it('adds the padding that a big-endian sender left out (v2-be-10)', () => {
    // Of a request, what lies two bytes further on looks like one as well.
    const line = hex(new TextEncoder().encode('SIP/2.0 200 OK'))
    const unpadded = `0210021113c413c50a0000010a0000026553f1000001e24007d1${line}`
    expect(hex(encodeLegacyHep(decoded(unpadded), 2))).toBe(V2.replace('494e56495445', line))
  })

  it('writes IPv6 with the time of version 2 behind the addresses', () => {
    const found = decoded(hex(encodeLegacyHep(ipv6, 2)))
    expect({ ...found, payload: undefined }).toEqual({ ...ipv6, version: 2, payload: undefined })
  })

  it('keeps the edges of every number', () => {
    const edge = {
      ...packet,
      ipProtocol: 255,
      srcPort: 65_535,
      dstPort: 0,
      agentId: 65_535,
      tsUs: 1_699_999_999_999_999,
    }
    expect(decoded(hex(encodeLegacyHep(edge, 2)))).toMatchObject({ ...edge, version: 2, payload: expect.anything() })
  })

  it.each<{ name: string; change: Partial<HepPacket>; version: 1 | 2; code: string }>([
    { name: 'RTCP', change: { protocolType: 5 }, version: 1, code: 'not-sip' },
    { name: 'a compressed payload', change: { payloadCompressed: true }, version: 2, code: 'compressed' },
    { name: 'no payload', change: { payload: new Uint8Array(0) }, version: 1, code: 'no-payload' },
    { name: 'two families', change: { dstIp: '::1' }, version: 1, code: 'bad-address' },
    { name: 'an address that is none', change: { srcIp: 'proxy' }, version: 1, code: 'bad-address' },
    { name: 'a port over 65535', change: { srcPort: 65_536 }, version: 1, code: 'out-of-range' },
    { name: 'a protocol over 255', change: { ipProtocol: 256 }, version: 1, code: 'out-of-range' },
    { name: 'an agent id over 65535', change: { agentId: 65_536 }, version: 2, code: 'out-of-range' },
    { name: 'a time after 2106', change: { tsUs: 2 ** 32 * 1_000_000 }, version: 2, code: 'out-of-range' },
    { name: 'half a microsecond', change: { tsUs: 0.5 }, version: 2, code: 'out-of-range' },
    { name: 'more than a datagram', change: { payload: new Uint8Array(65_508 - 28) }, version: 2, code: 'too-large' },
  ])('refuses $name', ({ change, version, code }) => {
    expect(() => encodeLegacyHep({ ...packet, ...change }, version)).toThrow(expect.objectContaining({ code }))
  })

  it.each([
    { member: 'srcIp', version: 1, code: 'no-address' },
    { member: 'dstIp', version: 2, code: 'no-address' },
    { member: 'payload', version: 1, code: 'no-payload' },
    { member: 'tsUs', version: 2, code: 'no-time' },
  ] as const)('refuses a packet without $member', ({ member, version, code }) => {
    const { [member]: _, ...rest } = packet
    expect(() => encodeLegacyHep(rest, version)).toThrow(expect.objectContaining({ code }))
    expect(() => encodeLegacyHep(rest, version)).toThrow(HepEncodeError)
  })

  it('fills a datagram to its last byte', () => {
    expect(encodeLegacyHep({ ...packet, payload: new Uint8Array(65_507 - 28).fill(65) }, 2)).toHaveLength(65_507)
  })

  it('leaves out what version 1 does not hold and the message does not need', () => {
    const { tsUs: _, ...timeless } = packet
    expect(hex(encodeLegacyHep({ ...timeless, agentId: 2 ** 31, correlationId: 'abc' }, 1))).toBe(V1)
  })
})
