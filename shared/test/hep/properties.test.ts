import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeHep } from '../../src/hep/decode.ts'
import { HepDeframer } from '../../src/hep/deframe.ts'
import { encodeHep } from '../../src/hep/encode.ts'
import type { HepPacket } from '../../src/hep/packet.ts'
import { formatIp } from '../../src/net/ip.ts'

const NOW_US = 1_790_000_000_000_000
const MAX_TIME_US = 0xffff_ffff * 1_000_000 + 999_999

const u8 = fc.nat(0xff)
const u16 = fc.nat(0xffff)
const u32 = fc.nat(0xffff_ffff)
const bytes = fc.uint8Array({ maxLength: 60 })
const text = fc.string({ unit: 'binary', maxLength: 20 })
const mac = fc
  .uint8Array({ minLength: 6, maxLength: 6 })
  .map((value) => Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join(':'))

const addresses = fc.constantFrom(4, 16).chain((length) => {
  const ip = fc.uint8Array({ minLength: length, maxLength: length }).map((value) => formatIp(value, 0, length))
  return fc.record({ srcIp: ip, dstIp: ip }, { requiredKeys: [] })
})

/** Chunks that have no member of their own: of a vendor, or of a generic type that is not assigned. */
const unknownChunk = fc.oneof(
  fc.record({ vendor: fc.integer({ min: 1, max: 0xffff }), type: u16, bytes }),
  fc.record({ vendor: fc.constant(0), type: fc.constantFrom(0, 0x19, 0x1f, 0x2a, 0x65, 0xffff), bytes }),
)

const members = fc.record(
  {
    version: fc.constant(3 as const),
    ipProtocol: u8,
    srcPort: u16,
    dstPort: u16,
    tsUs: fc.integer({ min: 1, max: MAX_TIME_US }),
    protocolType: u8,
    agentId: u32,
    keepAliveSeconds: u16,
    authKey: text,
    payload: bytes,
    correlationId: text,
    vlanId: u16,
    agentName: text,
    sourceMac: mac,
    destinationMac: mac,
    etherType: u16,
    tcpFlags: u8,
    ipTos: u8,
    mos: u16,
    rFactor: u16,
    geoLocation: text,
    jitter: u32,
    transactionType: text,
    payloadJsonKeys: text,
    tagsValues: text,
    tagType: u16,
    eventType: u16,
    groupId: text,
    chunks: fc.array(unknownChunk, { minLength: 1, maxLength: 4 }),
  },
  { requiredKeys: ['version', 'ipProtocol', 'srcPort', 'dstPort', 'protocolType', 'agentId'] },
)

const packet: fc.Arbitrary<HepPacket> = fc
  .tuple(members, addresses, fc.boolean())
  .map(([rest, ips, payloadCompressed]) => ({
    ...rest,
    ...ips,
    ...(payloadCompressed && rest.payload !== undefined && { payloadCompressed: true }),
  }))

const magics = fc.constantFrom('', 'HEP3', 'EEP1', '\x01\x10\x02', '\x02\x10\x02', '\x02\x28\x0a')

describe('decodeHep', () => {
  it('never throws on any bytes', () => {
    const input = fc.tuple(magics, fc.uint8Array({ maxLength: 200 }))
    fc.assert(
      fc.property(input, ([magic, rest]) => {
        const result = decodeHep(Uint8Array.from([...Buffer.from(magic, 'latin1'), ...rest]), NOW_US)
        return result.ok || (result.offset >= 0 && result.offset <= magic.length + rest.length)
      }),
      { numRuns: 1000 },
    )
  })

  it('never throws on a packet with changed bytes', () => {
    fc.assert(
      fc.property(packet, fc.array(fc.tuple(fc.nat(), u8), { minLength: 1, maxLength: 8 }), (input, changes) => {
        const changed = encodeHep(input)
        for (const [at, byte] of changes) changed[at % changed.length] = byte
        const result = decodeHep(changed, NOW_US)
        return result.ok || (result.offset >= 0 && result.offset <= changed.length)
      }),
      { numRuns: 1000 },
    )
  })

  it('reads back what encodeHep wrote', () => {
    fc.assert(
      fc.property(packet, (input) => {
        const result = decodeHep(encodeHep(input), NOW_US)
        expect(result.ok && result.packet).toEqual(input)
      }),
      { numRuns: 500 },
    )
  })

  it('loses neither payload nor unknown chunks when it is encoded again, wherever they stand', () => {
    const chunk = fc.oneof(
      unknownChunk,
      fc.record({ vendor: fc.constant(0), type: fc.constantFrom(2, 0xb, 0x11), bytes }),
    )
    const input = fc.record({ before: fc.array(chunk), payload: bytes, after: fc.array(chunk) })
    fc.assert(
      fc.property(input, ({ before, payload, after }) => {
        const wire = wireOf([...before, { vendor: 0, type: 0x0f, bytes: payload }, ...after])
        const first = decodeHep(wire, NOW_US)
        if (!first.ok) throw new Error(first.reason)
        const again = decodeHep(encodeHep(first.packet), NOW_US)
        const kept = [...before, ...after].filter(({ vendor, type }) => vendor > 0 || ![2, 0xb, 0x11].includes(type))
        expect(again.ok && [again.packet.payload, again.packet.chunks ?? []]).toEqual([payload, kept])
      }),
    )
  })
})

function wireOf(chunks: readonly { vendor: number; type: number; bytes: Uint8Array }[]): Uint8Array {
  const parts = chunks.map(({ vendor, type, bytes: value }) => {
    const header = Buffer.alloc(6)
    header.writeUInt16BE(vendor, 0)
    header.writeUInt16BE(type, 2)
    header.writeUInt16BE(6 + value.length, 4)
    return Buffer.concat([header, value])
  })
  const wire = Buffer.concat([Buffer.from('HEP3\0\0'), ...parts])
  wire.writeUInt16BE(wire.length, 4)
  return wire
}

describe('HepDeframer', () => {
  it('gives the same packets for any split', () => {
    const input = fc.tuple(fc.array(packet, { minLength: 1, maxLength: 4 }), fc.array(fc.nat(), { maxLength: 10 }))
    fc.assert(
      fc.property(input, ([packets, cuts]) => {
        const wires = packets.map(encodeHep)
        const stream = Buffer.concat(wires)
        const edges = [0, ...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length]
        const deframer = new HepDeframer()
        const found: Uint8Array[] = []
        for (const [i, edge] of edges.entries()) {
          deframer.push(stream.subarray(edge, edges[i + 1]), (whole) => found.push(Uint8Array.from(whole)))
        }
        expect([found, deframer.fault, deframer.pendingBytes]).toEqual([wires, undefined, 0])
      }),
    )
  })

  it('never throws on any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(magics, fc.uint8Array())), (pieces) => {
        const deframer = new HepDeframer()
        for (const [magic, rest] of pieces) {
          deframer.push(Uint8Array.from([...Buffer.from(magic, 'latin1'), ...rest]), () => undefined)
        }
        return deframer.pendingBytes <= 65_535
      }),
    )
  })
})
