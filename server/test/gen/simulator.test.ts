import { createHash } from 'node:crypto'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SCENARIOS } from '../../src/gen/scenarios/all.ts'
import {
  longestSimulationSec,
  simulateCalls,
  type CallRecord,
  type SimulationOptions,
} from '../../src/gen/simulator.ts'
import { brokenRules } from './rfc-rules.ts'
import { checkMessage } from './sip-check.ts'

const START_US = 1_760_000_000_000_000
const DEFAULTS = { seed: 1, calls: 40, callsPerSec: 10, startUs: START_US }

function packetsOf(options: Partial<SimulationOptions> = {}): HepPacket[] {
  return [...simulateCalls({ ...DEFAULTS, ...options })]
}

function digest(packets: readonly HepPacket[]): string {
  const hash = createHash('sha256')
  for (const packet of packets) hash.update(encodeHep(packet))
  return hash.digest('hex')
}

function named(...names: string[]) {
  return SCENARIOS.filter(({ name }) => names.includes(name))
}

function grouped(packets: readonly HepPacket[], keyOf: (packet: HepPacket) => unknown): Map<unknown, HepPacket[]> {
  const groups = new Map<unknown, HepPacket[]>()
  for (const packet of packets) groups.set(keyOf(packet), [...(groups.get(keyOf(packet)) ?? []), packet])
  return groups
}

/** The first packet of each call that begins with INVITE, and the size of its payload. */
function firstInvites(packets: readonly HepPacket[]): { packet: HepPacket; size: number }[] {
  const seen = new Set<string | undefined>()
  return packets.flatMap((packet) => {
    const size = packet.payload?.length ?? 0
    if (seen.has(packet.correlationId) || packet.protocolType !== 1) return []
    seen.add(packet.correlationId)
    return checkMessage(packet).what === 'INVITE' ? [{ packet, size }] : []
  })
}

describe('simulateCalls', () => {
  it('gives the same bytes for the same seed and start', () => {
    expect(digest(packetsOf())).toBe(digest(packetsOf()))
  })

  it('gives other bytes for another seed', () => {
    expect(digest(packetsOf())).not.toBe(digest(packetsOf({ seed: 2 })))
    expect(digest(packetsOf())).not.toBe(digest(packetsOf({ seed: 1 + 2 ** 32 })))
  })

  it('moves all times with the start and changes no SIP message', () => {
    const shifted = packetsOf({ startUs: START_US + 5_000_000 })
    const sip = (packets: readonly HepPacket[], shiftUs: number) =>
      packets
        .filter(({ protocolType }) => protocolType === 1)
        .map((packet) => ({ ...packet, tsUs: (packet.tsUs ?? 0) - shiftUs }))
    expect(sip(shifted, 5_000_000)).toEqual(sip(packetsOf(), 0))
  })

  it('keeps a call the same when others are left out', () => {
    const first = packetsOf({ calls: 1 })
    const { correlationId } = first[0] ?? {}
    expect(packetsOf().filter((packet) => packet.correlationId === correlationId)).toEqual(first)
  })

  it('holds its promises for any seed', () => {
    const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
    fc.assert(
      fc.property(
        seeds,
        fc.constantFrom(0.5, 20, 1000),
        fc.constantFrom(0.1, 1),
        (seed, callsPerSec, durationScale) => {
          const options = { seed, callsPerSec, durationScale, calls: 12 }
          const packets = packetsOf(options)
          const times = packets.map(({ tsUs }) => tsUs ?? 0)
          expect(times.every((time, at) => Number.isInteger(time) && time >= (times[at - 1] ?? START_US))).toBe(true)
          expect((times.at(-1) ?? 0) - START_US).toBeLessThan(longestSimulationSec(options) * 1_000_000)
          const sip = packets.filter(({ protocolType }) => protocolType === 1).map(checkMessage)
          for (const id of new Set(sip.map(({ callId }) => callId))) {
            expect(brokenRules(sip.filter(({ callId }) => callId === id))).toEqual([])
          }
        },
      ),
      { numRuns: 40, seed: 42 },
    )
  })

  it('tells about each call when it has ended', () => {
    const records: CallRecord[] = []
    const packets = packetsOf({ calls: 200, onCallEnd: (record) => records.push(record) })
    expect(records).toHaveLength(200)
    const sum = (count: (record: CallRecord) => number) => records.reduce((total, record) => total + count(record), 0)
    expect(sum((record) => record.messageCount + record.rtcpCount + record.logCount)).toBe(packets.length)
    for (const { callId, otherCallIds, scenario, expectedState, messageCount } of records) {
      const own = packets
        .filter((packet) => packet.correlationId === callId && packet.protocolType === 1)
        .map(checkMessage)
      expect(new Set(own.map((message) => message.callId))).toEqual(new Set([callId, ...otherCallIds]))
      expect(own).toHaveLength(messageCount)
      expect(SCENARIOS.find(({ name }) => name === scenario)?.expected).toBe(expectedState)
    }
  })

  it('starts calls at the asked rate', () => {
    const starts = firstInvites(packetsOf({ calls: 100, callsPerSec: 4, scenarios: named('busy') })).map(
      ({ packet }) => packet.tsUs,
    )
    starts.forEach((tsUs, index) => {
      expect(tsUs).toBeGreaterThanOrEqual(START_US + index * 250_000)
      expect(tsUs).toBeLessThan(START_US + (index + 1) * 250_000)
    })
  })

  it('shortens what people do, not the timers of the protocol', () => {
    const lengthSec = (scenario: string, durationScale: number) => {
      const packets = packetsOf({ calls: 1, scenarios: named(scenario), durationScale })
      return ((packets.at(-1)?.tsUs ?? 0) - (packets[0]?.tsUs ?? 0)) / 1_000_000
    }
    expect(lengthSec('no-answer', 1)).toBeGreaterThan(30)
    expect(lengthSec('no-answer', 0.1)).toBeLessThan(8)
    expect(lengthSec('lost-ack', 0.1)).toBeGreaterThan(32)
  })

  it('keeps only running calls in memory', () => {
    const packets = simulateCalls({ ...DEFAULTS, calls: Number.MAX_SAFE_INTEGER, callsPerSec: 50 })
    let count = 0
    for (const packet of packets) {
      if (++count === 2000) break
      expect(packet.version).toBe(3)
    }
    expect(count).toBe(2000)
  })

  it('refuses a rate that is not above zero', () => {
    expect(() => packetsOf({ callsPerSec: 0 })).toThrow(RangeError)
    expect(() => packetsOf({ callsPerSec: Number.NaN })).toThrow(RangeError)
  })
})

describe('simulated traffic', () => {
  const packets = packetsOf({ calls: 1500, callsPerSec: 100, durationScale: 0.5 })

  it('has INVITEs as large as real ones', () => {
    const v4 = firstInvites(packets).filter(({ packet }) => !packet.srcIp?.includes(':'))
    const sizes = v4.map(({ size }) => size).sort((a, b) => a - b)
    expect(sizes.length).toBeGreaterThan(500)
    expect(sizes[0]).toBeGreaterThanOrEqual(600)
    expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThanOrEqual(750)
    expect(sizes.at(-1)).toBeLessThanOrEqual(850)
  })

  it('comes from several edges, over UDP, TCP and TLS, IPv4 and IPv6', () => {
    const share = (test: (packet: HepPacket) => boolean) => packets.filter(test).length / packets.length
    const agents = new Map(packets.map(({ agentId, agentName }) => [agentId, agentName]))
    expect([...agents].sort()).toEqual([
      [2001, 'edge-fra'],
      [2002, 'edge-lon'],
      [2003, 'edge-nyc'],
      [2004, 'edge-syd'],
      [2005, 'core-fra'],
      [2006, 'core-nyc'],
    ])
    expect(share(({ ipProtocol }) => ipProtocol === 17)).toBeGreaterThan(0.7)
    expect(share(({ ipProtocol }) => ipProtocol === 6)).toBeGreaterThan(0.03)
    expect(share(({ ipProtocol }) => ipProtocol === 22)).toBeGreaterThan(0.02)
    expect(share(({ srcIp }) => srcIp?.includes(':') ?? false)).toBeGreaterThan(0.05)
  })

  it('names nobody real', () => {
    const addresses = new Set(packets.flatMap(({ srcIp, dstIp }) => [srcIp, dstIp]))
    for (const address of addresses) {
      expect(address).toMatch(/^(10\.|192\.0\.2\.|198\.51\.100\.|203\.0\.113\.|2001:db8:)/)
    }
    const hosts = packets.flatMap(
      ({ payload }) => new TextDecoder().decode(payload).match(/sip:[^@>]+@([a-z][^:>;"\s]+)/g) ?? [],
    )
    for (const host of new Set(hosts)) expect(host).toMatch(/\.example\.(com|net|org)$/)
  })

  it('reports media in both directions every 5 s, under the Call-ID', () => {
    const rtcp = packets.filter(({ protocolType }) => protocolType === 5)
    const calls = grouped(rtcp, ({ correlationId }) => correlationId)
    expect(calls.size).toBeGreaterThan(100)
    const callIds = new Set(
      packets.filter(({ protocolType }) => protocolType === 1).map((packet) => checkMessage(packet).callId),
    )
    for (const [callId, reports] of calls) {
      expect(callIds).toContain(callId)
      const streams = grouped(reports, ({ payload }) => reportOf(payload).ssrc)
      expect(streams.size).toBeLessThanOrEqual(2)
      for (const stream of streams.values()) {
        const packetCounts = stream.map(({ payload }) => reportOf(payload).sender_information.packets)
        expect(packetCounts.every((count, at) => count > (packetCounts[at - 1] ?? 0))).toBe(true)
      }
    }
    const [longest = []] = [...calls.values()].sort((a, b) => b.length - a.length)
    const [one = []] = grouped(longest, ({ srcIp, srcPort }) => `${srcIp} ${srcPort}`).values()
    expect(new Set(longest.map(({ srcIp, srcPort }) => `${srcIp} ${srcPort}`)).size).toBe(2)
    expect((one[1]?.tsUs ?? 0) - (one[0]?.tsUs ?? 0)).toBe(5_000_000)
  })

  it('logs some calls', () => {
    const logs = packets.filter(({ protocolType }) => protocolType === 100)
    expect(logs.length).toBeGreaterThan(50)
    for (const { payload, correlationId } of logs) {
      const line = new TextDecoder().decode(payload)
      expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z (edge|core)-[a-z]{3} (INFO|NOTICE|WARNING): \[\S+\] ./)
      if (line.includes('edge-')) expect(line).toContain(`[${correlationId}]`)
    }
  })
})

interface Report {
  readonly type: number
  readonly ssrc: number
  readonly report_count: number
  readonly sender_information: { readonly packets: number; readonly octets: number }
  readonly report_blocks: readonly { readonly source_ssrc: number; readonly fraction_lost: number }[]
}

function reportOf(payload: Uint8Array | undefined): Report {
  const report = JSON.parse(new TextDecoder().decode(payload)) as Report
  expect(report).toMatchObject({ type: 200, report_count: report.report_blocks.length })
  return report
}
