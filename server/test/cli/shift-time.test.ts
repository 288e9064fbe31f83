import { decodeHep } from '@hepscope/shared/hep/decode.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import { hepTimeUs } from '@hepscope/shared/pcap/recording.ts'
import { describe, expect, it } from 'vitest'
import { shiftHepTime } from '../../src/cli/shift-time.ts'

const NOW = 1_700_000_000

function decoded(bytes: Uint8Array): HepPacket {
  const result = decodeHep(new Uint8Array(bytes))
  if (!result.ok) throw new Error(result.reason)
  return result.packet
}

describe('shiftHepTime', () => {
  const at = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'))
  const v3 = encodeHep({
    version: 3,
    ipProtocol: 17,
    srcPort: 1,
    dstPort: 2,
    protocolType: 1,
    agentId: 3,
    tsUs: NOW * 1e6 + 900_000,
    chunks: [{ vendor: 3, type: 9, bytes: Uint8Array.of(1, 2, 3, 4) }],
  })
  const v2Little = '0210021113c413c50a0000010a00000200f1536540e20100d1070000494e56495445'
  const v2Big = '0210021113c413c50a0000010a0000026553f1000001e24007d10000494e56495445'
  const v1 = '0110021113c413c50a0000010a000002494e56495445'

  it.each([
    { name: 'HEPv3', packet: v3 },
    { name: 'a Buffer amid others', packet: Buffer.concat([Buffer.alloc(9), v3]).subarray(9) },
    { name: 'HEPv2, little-endian', packet: at(v2Little) },
    { name: 'HEPv2, big-endian', packet: at(v2Big) },
  ])('moves the time in $name and nothing else', ({ packet }) => {
    const before = new Uint8Array(packet)
    const { tsUs = 0, ...rest } = decoded(packet)
    const { tsUs: movedUs, ...movedRest } = decoded(shiftHepTime(packet, 1_200_000))
    expect(movedUs).toBe(tsUs + 1_200_000)
    expect(movedRest).toEqual(rest)
    expect(decoded(shiftHepTime(packet, -1_000_001)).tsUs).toBe(tsUs - 1_000_001)
    expect(new Uint8Array(packet)).toEqual(before)
  })

  it('leaves what has no time, or no room for the new one', () => {
    const damaged = v3.subarray(0, 20)
    expect(shiftHepTime(at(v1), 5)).toEqual(at(v1))
    expect(shiftHepTime(damaged, 5)).toBe(damaged)
    expect(shiftHepTime(v3, -NOW * 2e6)).toBe(v3)
    expect(shiftHepTime(v3, 2 ** 32 * 1e6)).toBe(v3)
    expect(hepTimeUs(at(v1))).toBeUndefined()
    expect(hepTimeUs(damaged)).toBeUndefined()
  })
})
