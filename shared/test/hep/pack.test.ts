import { describe, expect, it } from 'vitest'
import { decodeHep } from '../../src/hep/decode.ts'
import { ipProtocolOf, packHep } from '../../src/hep/pack.ts'

const from = { ip: '10.0.0.1', port: 5060 }
const to = { ip: '10.0.0.2', port: 5061 }
const tsUs = 1_700_000_000_123_456

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('packHep', () => {
  it('writes the reference packet', () => {
    expect(hex(packHep(from, to, 'udp', 'INVITE', { agentId: 2001, tsUs }))).toBe(
      '4845503300690000000100070200000002000711' +
        '00000003000a0a00000100000004000a0a000002' +
        '00000007000813c400000008000813c5' +
        '00000009000a6553f1000000000a000a0001e2400000000b0007010000000c000a000007d1' +
        '0000000f000c494e56495445',
    )
  })

  it.each([1, 2] as const)('writes version %i', (version) => {
    expect(packHep(from, to, 'udp', 'INVITE', { version, tsUs }).subarray(0, 2)).toEqual(Uint8Array.of(version, 16))
  })

  it('takes the time of the call, agent id 1 and protocol type 1 where nothing is said', () => {
    const beforeUs = Date.now() * 1000
    const decoded = decodeHep(packHep({ ip: '::1', port: 1 }, { ip: '::2', port: 2 }, 132, Uint8Array.of(0xff)))
    expect(decoded).toMatchObject({
      ok: true,
      packet: {
        srcIp: '::1',
        dstIp: '::2',
        ipProtocol: 132,
        protocolType: 1,
        agentId: 1,
        payload: Uint8Array.of(0xff),
      },
    })
    const at = decoded.ok ? (decoded.packet.tsUs ?? 0) : 0
    expect(at).toBeGreaterThanOrEqual(beforeUs)
    expect(at).toBeLessThanOrEqual(Date.now() * 1000)
  })

  it('carries other protocol types with their correlation id', () => {
    const decoded = decodeHep(packHep(from, to, 'tcp', '{}', { protocolType: 5, correlationId: 'é@h' }))
    expect(decoded).toMatchObject({ ok: true, packet: { protocolType: 5, correlationId: 'é@h', ipProtocol: 6 } })
  })

  it('refuses what does not fit', () => {
    expect(() => packHep({ ip: 'host', port: 1 }, to, 'udp', 'x')).toThrow(
      expect.objectContaining({ code: 'bad-address' }),
    )
    expect(() => packHep(from, to, 'udp', 'x'.repeat(65_536))).toThrow(expect.objectContaining({ code: 'too-large' }))
    expect(() => packHep(from, to, 256, 'x')).toThrow(expect.objectContaining({ code: 'out-of-range' }))
  })
})

describe('ipProtocolOf', () => {
  it.each([
    ['udp', 17, 17],
    ['tcp', 6, 6],
    ['tls', 6, 22],
    ['ws', 6, 50],
    ['sctp', 132, 132],
  ] as const)('is for %s %i, or %i as OpenSIPS writes it', (transport, honest, opensips) => {
    expect(ipProtocolOf(transport)).toBe(honest)
    expect(ipProtocolOf(transport, true)).toBe(opensips)
  })
})
