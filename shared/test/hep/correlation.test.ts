import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeCorrelate } from '../../src/hep/correlate.ts'
import {
  EXTRA_CORRELATION_CHUNK,
  extraCorrelationChunk,
  homer5CorrelationId,
  readCorrelation,
  readExtraCorrelation,
} from '../../src/hep/correlation.ts'
import { decodeHep } from '../../src/hep/decode.ts'
import type { HepPacket } from '../../src/hep/packet.ts'

const utf8 = new TextEncoder()
const CONTROL_TYPE = 96

/** HEP packets of a capture with raw IPv4 frames of 20 + 8 header bytes. */
function captured(name: string): Uint8Array[] {
  const file = readFileSync(new URL(`../../../fixtures/${name}`, import.meta.url))
  const packets: Uint8Array[] = []
  for (let at = 24; at < file.length;) {
    const length = file.readUInt32LE(at + 8)
    packets.push(file.subarray(at + 16 + 28, at + 16 + length))
    at += 16 + length
  }
  return packets
}

function decoded(bytes: Uint8Array): HepPacket {
  const result = decodeHep(bytes)
  if (!result.ok) throw new Error(result.reason)
  return result.packet
}

describe('readExtraCorrelation', () => {
  it.each([
    { name: 'what OpenSIPS writes', json: '{\n\t"sip1":\t"a",\n\t"sip2":\t"b"\n}', expected: 'sip1=a sip2=b' },
    { name: 'compact JSON', json: '{"sip":"x@h","net":"17"}', expected: 'sip=x@h net=17' },
    { name: 'numbers', json: '{"net":17}', expected: 'net=17' },
    { name: 'a list of objects', json: '[{"sip":"a"},{"sip":"b"},3]', expected: 'sip=a sip=b' },
    { name: 'escapes', json: '{"sip":"a\\"\\u00e9"}', expected: 'sip=a"é' },
    { name: 'a name that JavaScript uses itself', json: '{"__proto__":"p"}', expected: '__proto__=p' },
    { name: 'NULs and line ends behind it', json: '{"sip":"a"}\r\n\0\0', expected: 'sip=a' },
    { name: 'values of other kinds', json: '{"a":null,"b":true,"c":{"d":"e"},"f":[1],"g":""}', expected: '' },
    { name: 'JSON that is no object', json: '"sip"', expected: '' },
    { name: 'half of it', json: '{"sip":"a', expected: '' },
    { name: 'nothing', json: '', expected: '' },
  ])('reads $name', ({ json, expected }) => {
    const found = readExtraCorrelation(utf8.encode(json))
    expect(found.map(({ type, id }) => `${type}=${id}`).join(' ')).toBe(expected)
  })

  it('never throws', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => Array.isArray(readExtraCorrelation(bytes))))
    fc.assert(fc.property(fc.json(), (json) => Array.isArray(readExtraCorrelation(utf8.encode(json)))))
  })

  it('reads back what extraCorrelationChunk writes', () => {
    const name = fc.string({ minLength: 1 }).map((text) => `k${text.replaceAll('\0', '')}`)
    const list = fc.uniqueArray(fc.record({ type: name, id: name }), { selector: ({ type }) => type, maxLength: 4 })
    fc.assert(
      fc.property(list, (correlations) => {
        expect(readExtraCorrelation(extraCorrelationChunk(correlations).bytes)).toEqual(correlations)
      }),
    )
  })
})

describe('extraCorrelationChunk', () => {
  it('is 30 bytes for two short ids', () => {
    const chunk = extraCorrelationChunk([
      { type: 'sip1', id: 'a' },
      { type: 'sip2', id: 'b' },
    ])
    expect({ ...chunk, bytes: chunk.bytes.length }).toEqual({ vendor: 0, type: EXTRA_CORRELATION_CHUNK, bytes: 30 })
  })
})

describe('homer5CorrelationId', () => {
  it.each([
    { name: 'the id of a type that begins with sip', types: ['net', 'sipx'], expected: 'id of sipx' },
    { name: 'the last of several', types: ['sip1', 'sip2'], expected: 'id of sip2' },
    { name: 'the primary id if there is none', types: ['net'], expected: 'primary' },
    { name: 'none for a type in capitals', types: ['SIP'], expected: 'primary' },
  ])('is $name', ({ types, expected }) => {
    const correlations = types.map((type) => ({ type, id: `id of ${type}` }))
    expect(homer5CorrelationId(correlations, 'primary')).toBe(expected)
  })
})

describe('readCorrelation', () => {
  it('reads test vector extra-corr', () => {
    const json = Buffer.from('{\n\t"sip1":\t"a",\n\t"sip2":\t"b"\n}').toString('hex')
    expect(readCorrelation(decoded(Buffer.from(`48455033002a000000650024${json}`, 'hex')))).toEqual({
      extra: [
        { type: 'sip1', id: 'a' },
        { type: 'sip2', id: 'b' },
      ],
    })
  })

  it('passes over the same type of another vendor', () => {
    const { bytes } = extraCorrelationChunk([{ type: 'sip', id: 'a' }])
    expect(readCorrelation({ correlationId: '', chunks: [{ vendor: 3, type: 0x65, bytes }] })).toEqual({ extra: [] })
  })

  it('reads the Call-ID that OpenSIPS sends with SIP and with logs', () => {
    const packets = captured('opensips-hep3-udp.pcap').map(decoded)
    const others = packets.filter(({ protocolType }) => protocolType !== CONTROL_TYPE)
    expect(others.length).toBeGreaterThan(100)
    for (const packet of others)
      expect(readCorrelation(packet)).toEqual({ correlationId: packet.correlationId, extra: [] })
    expect(new Set(others.map(({ correlationId }) => correlationId)).size).toBe(20)
  })
})

describe('encodeCorrelate', () => {
  const call = { type: 'sip', id: '1-29466@127.0.0.1' }
  const connection = { type: 'net', id: '17' }
  const options = { agentId: 205, tsUs: 1_700_000_000_123_456, mode: 'homer6' } as const

  it('is what a real OpenSIPS sends, byte for byte', () => {
    const packets = captured('opensips-hep3-udp.pcap').filter((bytes) => decoded(bytes).protocolType === CONTROL_TYPE)
    expect(packets).toHaveLength(20)
    for (const bytes of packets) {
      const { tsUs = 0, agentId } = decoded(bytes)
      // HOMER 5 mode and no type that begins with "sip": the captured frames hold no id at all.
      const ours = encodeCorrelate(connection, { type: 'b2b', id: 'x' }, { agentId, tsUs, mode: 'homer5' })
      expect(Buffer.from(ours).toString('hex')).toBe(Buffer.from(bytes).toString('hex'))
      expect(readCorrelation(decoded(bytes))).toEqual({ extra: [] })
      const withIds = encodeCorrelate(call, connection, { agentId, tsUs, mode: 'homer6' })
      expect([...withIds.subarray(6, bytes.length)]).toEqual([...bytes.subarray(6)])
    }
  })

  it('sends both ids in HOMER 6 mode', () => {
    const packet = decoded(encodeCorrelate(call, connection, options))
    expect(packet).toMatchObject({
      protocolType: 96,
      ipProtocol: 6,
      srcIp: '127.0.0.2',
      dstIp: '127.0.0.2',
      srcPort: 0,
    })
    expect(packet.payload).toBeUndefined()
    expect(packet).toMatchObject({ dstPort: 0, tsUs: options.tsUs, agentId: 205 })
    expect(readCorrelation(packet)).toEqual({ extra: [call, connection] })
  })

  it('sends the sip id in HOMER 5 mode', () => {
    expect(readCorrelation(decoded(encodeCorrelate(call, connection, { ...options, mode: 'homer5' })))).toEqual({
      correlationId: call.id,
      extra: [],
    })
  })

  it('adds a payload for receivers that refuse packets without one', () => {
    const packet = decoded(encodeCorrelate(call, connection, { ...options, payload: 'empty-json' }))
    expect(new TextDecoder().decode(packet.payload)).toBe('{}')
    expect(readCorrelation(packet).extra).toHaveLength(2)
  })

  it.each([
    { name: 'two ids of one type', second: { type: 'sip', id: 'y' }, change: {}, code: 'same-type' },
    {
      name: 'an id that no packet can hold',
      second: { type: 'net', id: 'y'.repeat(65_500) },
      change: {},
      code: 'too-large',
    },
    { name: 'a negative agent id', second: connection, change: { agentId: -1 }, code: 'out-of-range' },
    { name: 'a time after 2106', second: connection, change: { tsUs: 2 ** 32 * 1e6 }, code: 'out-of-range' },
    { name: 'half a microsecond', second: connection, change: { tsUs: 0.5 }, code: 'out-of-range' },
  ])('refuses $name', ({ second, change, code }) => {
    expect(() => encodeCorrelate(call, second, { ...options, ...change })).toThrow(expect.objectContaining({ code }))
  })
})
