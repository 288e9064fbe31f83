import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeHepDatagram } from '../../src/hep/decode-datagram.ts'
import { decodeHep } from '../../src/hep/decode.ts'
import { HepDeframer } from '../../src/hep/deframe.ts'
import { encodeHep } from '../../src/hep/encode.ts'
import { encodeLegacyHep } from '../../src/hep/encode-legacy.ts'
import type { Decoded, HepPacket } from '../../src/hep/packet.ts'
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

const packet: fc.Arbitrary<HepPacket> = fc.tuple(members, addresses, fc.boolean()).map(([rest, ips, isCompressed]) => ({
  ...rest,
  ...ips,
  ...(isCompressed && rest.payload !== undefined && compressedOf(rest.payload)),
}))

/** A payload that looks like zlib: the decoder tells by its first bytes. */
function compressedOf(bytes: Uint8Array): Pick<HepPacket, 'payload' | 'payloadCompressed'> {
  return { payload: Uint8Array.of(0x78, 0x9c, ...bytes), payloadCompressed: true }
}

/** What HEPv1 and HEPv2 can hold. */
const legacyPacket = fc
  .record({
    ipProtocol: u8,
    srcPort: u16,
    dstPort: u16,
    // Whole seconds of times that a decoder takes for times; others are settled by their byte order.
    tsUs: fc.integer({ min: 946_684_800_000_000, max: NOW_US }),
    agentId: u16,
    sip: fc.string({ unit: 'binary', maxLength: 60 }),
    size: fc.constantFrom(4, 16),
    ips: fc.tuple(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.uint8Array({ minLength: 16, maxLength: 16 })),
  })
  .map(({ sip, size, ips: [src, dst], ...rest }) => ({
    ...rest,
    protocolType: 1,
    srcIp: formatIp(src, 0, size),
    dstIp: formatIp(dst, 0, size),
    // A method, so that no byte of it is taken for padding, and no NUL at the end.
    payload: Uint8Array.from(Buffer.from(`OPTIONS ${sip}.`)),
  }))

const magics = fc.constantFrom('', 'HEP3', 'EEP1', '\x01\x10\x02', '\x02\x10\x02', '\x02\x28\x0a', '\x1f\x8b\x08')
const options = fc.record({ strict: fc.boolean(), strictMagic: fc.boolean(), sanitizeTime: fc.boolean() })
const changes = fc.array(fc.tuple(fc.nat(), u8), { minLength: 1, maxLength: 8 })

/** Change some bytes, each at its place modulo the length. */
function change(bytes: Uint8Array, places: readonly (readonly [number, number])[]): Uint8Array {
  for (const [at, byte] of places) bytes[at % bytes.length] = byte
  return bytes
}

/** Whether a result is one that callers can use: a packet of known parts, or a fault inside the input. */
function isSound(result: Decoded, length: number): boolean {
  if (!result.ok) return result.offset >= 0 && result.offset <= length
  const { payload, chunks = [], tsUs = 0 } = result.packet
  return (payload?.length ?? 0) <= length && chunks.length * 6 <= length && Number.isSafeInteger(tsUs)
}

describe('decodeHep', () => {
  it('never throws on any bytes', () => {
    const input = fc.tuple(magics, fc.uint8Array({ maxLength: 200 }), options)
    fc.assert(
      fc.property(input, ([magic, rest, demands]) => {
        const bytes = Uint8Array.from([...Buffer.from(magic, 'latin1'), ...rest])
        return isSound(decodeHep(bytes, NOW_US, demands), bytes.length)
      }),
      { numRuns: 1000 },
    )
  })

  it('never throws on a packet with changed bytes', () => {
    fc.assert(
      fc.property(packet, changes, options, (input, places, demands) => {
        const changed = change(encodeHep(input), places)
        return isSound(decodeHep(changed, NOW_US, demands), changed.length)
      }),
      { numRuns: 1000 },
    )
  })

  it('never throws on a packet of version 1 or 2 with changed bytes, or cut', () => {
    const input = fc.tuple(legacyPacket, fc.constantFrom(1 as const, 2 as const), changes, fc.nat(), options)
    fc.assert(
      fc.property(input, ([whole, version, places, end, demands]) => {
        const changed = change(encodeLegacyHep({ ...whole, version }, version), places)
        const cut = changed.subarray(0, end % (changed.length + 1))
        return (
          isSound(decodeHep(changed, NOW_US, demands), changed.length) && isSound(decodeHep(cut, NOW_US), cut.length)
        )
      }),
      { numRuns: 500 },
    )
  })

  it('reads back what encodeLegacyHep wrote', () => {
    fc.assert(
      fc.property(legacyPacket, (input) => {
        const { tsUs: _, ...untimed } = input
        for (const expected of [
          { ...untimed, version: 1 as const, agentId: 0 },
          { ...input, version: 2 as const },
        ]) {
          const result = decodeHep(encodeLegacyHep(expected, expected.version), NOW_US)
          expect(result.ok && result.packet).toEqual(expected)
        }
      }),
      { numRuns: 500 },
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
  const cuts = fc.array(fc.nat(), { maxLength: 10 })

  /** Push a stream in pieces; its packets and state afterwards. */
  function pushed(stream: Uint8Array, at: readonly number[], scan: boolean) {
    const edges = [0, ...at.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length]
    const deframer = new HepDeframer({ scan })
    const packets: Uint8Array[] = []
    for (const [i, edge] of edges.entries()) {
      deframer.push(stream.subarray(edge, edges[i + 1]), (whole) => packets.push(Uint8Array.from(whole)))
    }
    const { fault, pendingBytes, lossCount, skippedBytes } = deframer
    return { packets, fault, pendingBytes, lossCount, skippedBytes }
  }

  it('gives the same packets for any split', () => {
    const input = fc.tuple(fc.array(packet, { minLength: 1, maxLength: 4 }), cuts, fc.boolean())
    fc.assert(
      fc.property(input, ([packets, at, scan]) => {
        const wires = packets.map(encodeHep)
        expect(pushed(Buffer.concat(wires), at, scan)).toEqual({
          packets: wires,
          fault: undefined,
          pendingBytes: 0,
          lossCount: 0,
          skippedBytes: 0,
        })
      }),
    )
  })

  it('gives the same packets for any split of a damaged stream, and accounts for each byte of it when it searches', () => {
    const input = fc.tuple(fc.array(packet, { minLength: 1, maxLength: 4 }), changes, cuts, fc.boolean())
    fc.assert(
      fc.property(input, ([packets, places, at, scan]) => {
        const stream = change(Buffer.concat(packets.map(encodeHep)), places)
        const whole = pushed(stream, [], scan)
        expect(pushed(stream, at, scan).packets).toEqual(whole.packets)
        if (!scan) return
        expect(pushed(stream, at, scan)).toEqual(whole)
        const length = whole.packets.reduce((sum, { length }) => sum + length, 0)
        expect(length + whole.skippedBytes + whole.pendingBytes).toBe(stream.length)
      }),
      { numRuns: 500 },
    )
  })

  it('finds a packet behind any garbage', () => {
    const garbage = fc.uint8Array({ minLength: 1, maxLength: 100 }).filter((bytes) => !bytes.includes(0x50))
    fc.assert(
      fc.property(garbage, packet, cuts, (bytes, input, at) => {
        const wire = encodeHep(input)
        expect(pushed(Buffer.concat([bytes, wire]), at, true).packets).toEqual([wire])
      }),
    )
  })

  it('never throws on any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(magics, fc.uint8Array())), fc.boolean(), (pieces, scan) => {
        const deframer = new HepDeframer({ scan })
        for (const [magic, rest] of pieces) {
          deframer.push(Uint8Array.from([...Buffer.from(magic, 'latin1'), ...rest]), () => undefined)
        }
        return deframer.pendingBytes <= 65_535
      }),
    )
  })
})

describe('decodeHepDatagram', () => {
  it('never rejects on any bytes, nor on gzip or a payload with changed bytes', async () => {
    const mutated = fc.tuple(packet, changes).map(([input, places]) => change(gzipSync(encodeHep(input)), places))
    const payload = fc.tuple(packet, changes).map(([input, places]) => {
      const zipped = change(gzipSync(encodeHep(input)), places)
      return encodeHep({ ...input, payload: zipped, payloadCompressed: true })
    })
    await fc.assert(
      fc.asyncProperty(fc.oneof(mutated, payload, fc.uint8Array()), async (bytes) => {
        const result = await decodeHepDatagram(bytes, NOW_US)
        return result.ok || result.offset >= 0
      }),
      { numRuns: 300 },
    )
  })
})
