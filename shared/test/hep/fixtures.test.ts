import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decodeHep } from '../../src/hep/decode.ts'
import { HepDeframer } from '../../src/hep/deframe.ts'
import type { HepPacket } from '../../src/hep/packet.ts'
import { CaptureMessages, readMessages } from '../../src/pcap/messages.ts'
import { PcapTransport } from '../../src/pcap/transport.ts'
import { SipSummary, summarizeSip } from '../../src/sip/summary.ts'

const NOW_US = 1_800_000_000_000_000

function fixture(name: string): Uint8Array {
  return readFileSync(new URL(`../../../fixtures/${name}`, import.meta.url))
}

/** Messages of a pcap, or frames of a stream. */
function messagesOf(name: string): Uint8Array[] {
  const file = fixture(name)
  if (name.endsWith('.pcap')) {
    return [...readMessages(file, new PcapTransport(), new CaptureMessages())].map(({ bytes }) => bytes)
  }
  const deframer = new HepDeframer()
  const frames: Uint8Array[] = []
  expect(deframer.push(file, (frame) => frames.push(frame.slice()))).toBeUndefined()
  expect(deframer.pendingBytes).toBe(0)
  return frames
}

function packetsOf(name: string): HepPacket[] {
  return messagesOf(name).map((bytes) => {
    const result = decodeHep(bytes, NOW_US)
    if (!result.ok) throw new Error(result.reason)
    return result.packet
  })
}

function countBy(values: readonly (string | number)[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1
  return counts
}

function callIdsOf(messages: readonly Uint8Array[]): Set<string> {
  const sip = new SipSummary()
  return new Set(
    messages.map((bytes) => {
      expect(summarizeSip(bytes, 0, bytes.length, sip)).toBe(true)
      return Buffer.from(bytes.subarray(sip.callIdAt, sip.callIdEnd)).toString()
    }),
  )
}

const CAPTURES = [
  {
    name: 'opensips-hep3-udp.pcap',
    version: 3,
    types: { 1: 180, 100: 20, 96: 20 },
    agentIds: { 205: 220 },
    withTime: 220,
    calls: 20,
  },
  {
    name: 'opensips-hep3-tcp.bin',
    version: 3,
    types: { 1: 180, 96: 20 },
    agentIds: { 205: 200 },
    withTime: 200,
    calls: 20,
  },
  { name: 'opensips-hep1-udp.pcap', version: 1, types: { 1: 180 }, agentIds: { 0: 180 }, withTime: 0, calls: 20 },
  { name: 'kamailio-hep2-udp.pcap', version: 2, types: { 1: 259 }, agentIds: { 301: 259 }, withTime: 259, calls: 20 },
  {
    name: 'kamailio-rtpengine-hep3-udp.pcap',
    version: 3,
    types: { 1: 260, 5: 80, 100: 40 },
    agentIds: { 301: 300, 302: 80 },
    withTime: 380,
    calls: 20,
  },
]

describe('decodeHep', () => {
  it.each(CAPTURES)('reads all of $name', ({ name, version, types, agentIds, withTime, calls }) => {
    const packets = packetsOf(name)
    const total = packets.length
    const sip = packets.filter(({ protocolType }) => protocolType === 1)
    expect({
      versions: countBy(packets.map((packet) => packet.version)),
      types: countBy(packets.map(({ protocolType }) => protocolType)),
      agentIds: countBy(packets.map((packet) => packet.agentId)),
      withTime: packets.filter(({ tsUs }) => new Date((tsUs ?? 0) / 1000).getUTCFullYear() === 2026).length,
      withPayload: packets.filter(({ payload }) => payload !== undefined).length,
      calls: callIdsOf(sip.map(({ payload = new Uint8Array(0) }) => payload)).size,
    }).toEqual({
      versions: { [version]: total },
      types,
      agentIds,
      withTime,
      withPayload: total - packets.filter(({ protocolType }) => protocolType === 96).length,
      calls,
    })
  })

  it('finds no NULs behind the payloads of OpenSIPS HEPv1', () => {
    expect(packetsOf('opensips-hep1-udp.pcap').filter(({ payload }) => payload?.at(-1) === 0)).toEqual([])
  })

  it('finds the Call-ID of each SIP packet in chunk 0x0011', () => {
    const sip = new SipSummary()
    for (const { protocolType, payload, correlationId } of packetsOf('opensips-hep3-udp.pcap')) {
      if (protocolType !== 1 || payload === undefined) continue
      summarizeSip(payload, 0, payload.length, sip)
      expect(correlationId).toBe(Buffer.from(payload.subarray(sip.callIdAt, sip.callIdEnd)).toString())
    }
  })

  it.each(CAPTURES)('refuses what is left of a packet of $name, and never throws', ({ name, version }) => {
    for (const bytes of distinctShapes(messagesOf(name))) {
      const { length } = bytes
      const payloadAt = version === 3 ? length - 1 : version === 2 ? 28 : 16
      for (let end = 0; end < length; end++) {
        const result = decodeHep(bytes.subarray(0, end), NOW_US)
        if (end <= payloadAt) expect(result.ok, `${end} of ${length} bytes`).toBe(false)
        else expect(result, `${end} of ${length} bytes`).toMatchObject({ ok: true, packet: { version } })
      }
    }
  })
})

/** One packet for each order of chunks, or for each version and family. */
function distinctShapes(packets: readonly Uint8Array[]): Uint8Array[] {
  const shapes = new Map<string, Uint8Array>()
  for (const bytes of packets) {
    let shape = `${bytes[0]}/${bytes[2]}`
    if (bytes[0] === 0x48) {
      const view = Buffer.from(bytes)
      for (let at = 6; at < view.length; at += view.readUInt16BE(at + 4)) shape += `,${view.readUInt32BE(at)}`
    }
    if (!shapes.has(shape)) shapes.set(shape, bytes)
  }
  return [...shapes.values()]
}

describe('summarizeSip', () => {
  it('reads all messages of sip-20-calls.pcap', () => {
    const messages = messagesOf('sip-20-calls.pcap')
    expect(callIdsOf(messages).size).toBe(20)
    const sip = new SipSummary()
    const kinds = messages.map((bytes) => {
      summarizeSip(bytes, 0, bytes.length, sip)
      return sip.statusCode || Buffer.from(bytes.subarray(sip.methodAt, sip.methodEnd)).toString()
    })
    expect(countBy(kinds)).toEqual({ INVITE: 40, 100: 20, 180: 40, 200: 80, ACK: 40, BYE: 40 })
  })
})
