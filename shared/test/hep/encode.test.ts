import { describe, expect, it } from 'vitest'
import { encodeHep } from '../../src/hep/encode.ts'
import type { HepPacket } from '../../src/hep/packet.ts'
import { hex } from '../rtcp/hex.ts'
import { B, decoded, digits } from './reference/vector.ts'

describe('encodeHep', () => {
  it.each([
    {
      name: 'vendor chunks',
      bytes:
        '484550330058 00000002000711 00000007000813c4 00000008000813c5 00000009000a6553f100 0000000a000a0001e240 0000000b000701 0000000c000a000007d1 00080080000778 00030001000841420000000f000741',
    },
  ])('gives back the same bytes: $name', ({ bytes }) => {
    expect(digits(encodeHep(decoded(bytes).packet))).toBe(digits(hex(bytes)))
  })

  it('keeps a byte order mark', () => {
    const packet = { ...decoded(B).packet, correlationId: '\ufeffa' }
    expect(decoded(digits(encodeHep(packet))).packet).toEqual(packet)
  })

  it('counts bytes, not characters ', () => {
    const packet = { ...decoded('48455033000d0000000f000741').packet, correlationId: 'é!' }
    expect(digits(encodeHep(packet))).toContain('000000110009c3a921')
  })

  it('writes the same wherever in its memory, and nothing over packets that it gave out', () => {
    const packet: HepPacket = {
      ...decoded(B).packet,
      srcIp: '2001:db8::1',
      dstIp: '2001:db8::2',
      tsUs: 1_700_000_000_123_456,
      authKey: 'ключ',
      correlationId: '€'.repeat(70),
      agentName: 'edge',
      groupId: 'групп',
      sourceMac: '00:11:22:33:44:55',
      chunks: [{ vendor: 3, type: 1, bytes: hex('aabb') }],
    }
    const all = Array.from({ length: 400 }, (_, i) => encodeHep({ ...packet, payload: new Uint8Array(i) }))
    const digest = (bytes: Uint8Array) => digits(encodeHep(decoded(digits(bytes)).packet))
    expect(all.map(digest)).toEqual(all.map(digits))
    expect(all.map((bytes) => decoded(digits(bytes)).packet.payload?.length)).toEqual(all.map((_, i) => i))
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
    expect(() => encodeHep({ ...decoded(B).packet, ...change })).toThrow(expect.objectContaining({ code }))
  })
})
