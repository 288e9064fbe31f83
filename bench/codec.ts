import { decodeHep } from '@hepscope/shared/hep/decode.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import { BlockWriter } from '@hepscope/shared/event/writer.ts'
import hepJs from 'hep-js'
import { Bench } from 'tinybench'
import { capturedPackets, inviteDatagram, invitePacket } from './corpus/packets.ts'

const ROUNDS = 5
const NOW_US = 1_795_308_990_000_000
/** First byte of `HEP3`. */
const LETTER_H = 0x48
const LF = 0x0a

/** What is measured: `run` handles `packets` packets; `after` it, not measured, comes what makes room for the next. */
interface Task {
  readonly name: string
  readonly packets: number
  readonly run: () => void
  readonly after?: () => void
}

/** What has to come out, by the fastest samples. */
interface Target {
  readonly text: string
  readonly unit: 'ns' | 'times'
  readonly limit: number
  readonly value: (bestNs: (name: string) => number) => number
}

const captured = capturedPackets()
const captured3 = captured.filter((packet) => packet[0] === LETTER_H)
const capturedObjects = captured3.flatMap((packet) => {
  const decoded = decodeHep(packet, NOW_US)
  return decoded.ok ? [decoded.packet] : []
})
const writer = new BlockWriter({ node: 'bench', epoch: 1_795_308_000_000 })

/** A packet as hep-js takes it: text, and the same members by its names. */
function forHepJs(packet: HepPacket): { readonly text: string; readonly description: Record<string, unknown> } {
  const tsUs = packet.tsUs ?? NOW_US
  return {
    text: Buffer.from(packet.payload ?? []).toString(),
    description: {
      protocolFamily: 2,
      protocol: packet.ipProtocol,
      srcIp: packet.srcIp,
      dstIp: packet.dstIp,
      srcPort: packet.srcPort,
      dstPort: packet.dstPort,
      timeSeconds: Math.floor(tsUs / 1_000_000),
      timeUseconds: tsUs % 1_000_000,
      payloadType: packet.protocolType,
      captureId: packet.agentId,
      correlation_id: packet.correlationId,
    },
  }
}

function appendAll(packets: readonly Buffer[]): void {
  for (const packet of packets) writer.append(packet, NOW_US)
}

function seal(): void {
  writer.seal(NOW_US)
}

/** Keeps results alive, so that no work is left out. */
const kept: { result?: unknown } = {}

function countLineEnds(bytes: Uint8Array): number {
  let count = 0
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === LF) count++
  return count
}

function forEach<T>(name: string, items: readonly T[], run: (item: T) => unknown): Task {
  return {
    name,
    packets: items.length,
    run: () => {
      for (const item of items) kept.result = run(item)
    },
  }
}

/** A few in turn: what a socket gives is in the processor's cache, but never the same memory twice. */
const buffers = Array.from({ length: 16 }, () => Buffer.from(inviteDatagram))
const invites = Array.from({ length: 1000 }, (_, i) => buffers[i % buffers.length] ?? inviteDatagram)
const yardsticks = invites.map((packet) => new Uint8Array(packet.subarray(0, invitePacket.payload?.length)))
const inviteObjects = Array.from({ length: 1000 }, () => invitePacket)
const hepJsInvites = inviteObjects.map(forHepJs)
const hepJsCaptures = capturedObjects.map(forHepJs)
const tasks: readonly Task[] = [
  forEach('yardstick', yardsticks, countLineEnds),
  { name: 'append invite', packets: invites.length, run: () => appendAll(invites), after: seal },
  { name: 'append captures', packets: captured.length, run: () => appendAll(captured), after: seal },
  { name: 'append captures (v3)', packets: captured3.length, run: () => appendAll(captured3), after: seal },
  {
    name: 'append invite, seal',
    packets: invites.length,
    run: () => {
      appendAll(invites)
      seal()
    },
  },
  forEach('decodeHep invite', invites, (packet) => decodeHep(packet, NOW_US)),
  forEach('decodeHep captures (v3)', captured3, (packet) => decodeHep(packet, NOW_US)),
  forEach('hep-js decode invite', invites.slice(0, 100), (packet) => hepJs.decapsulate(packet)),
  forEach('hep-js decode captures (v3)', captured3, (packet) => hepJs.decapsulate(packet)),
  forEach('encodeHep invite', inviteObjects, encodeHep),
  forEach('encodeHep captures (v3)', capturedObjects, encodeHep),
  forEach('hep-js encode invite', hepJsInvites, ({ text, description }) => hepJs.encapsulate(text, description)),
  forEach('hep-js encode captures (v3)', hepJsCaptures, ({ text, description }) =>
    hepJs.encapsulate(text, description),
  ),
]
const targets: readonly Target[] = [
  { text: 'append invite', unit: 'ns', limit: 450, value: (ns) => ns('append invite') },
  {
    text: 'append, with SIP summary, over hep-js decode: invite',
    unit: 'times',
    limit: 50,
    value: (ns) => ns('hep-js decode invite') / ns('append invite'),
  },
  {
    text: 'append, with SIP summary, over hep-js decode: captures',
    unit: 'times',
    limit: 50,
    value: (ns) => ns('hep-js decode captures (v3)') / ns('append captures (v3)'),
  },
  {
    text: 'encodeHep over hep-js encode: invite',
    unit: 'times',
    limit: 10,
    value: (ns) => ns('hep-js encode invite') / ns('encodeHep invite'),
  },
  {
    text: 'encodeHep over hep-js encode: captures',
    unit: 'times',
    limit: 10,
    value: (ns) => ns('hep-js encode captures (v3)') / ns('encodeHep captures (v3)'),
  },
]

/** Nanoseconds per packet: the fastest sample of all rounds, and the middle of the rounds' medians. */
interface Figure {
  readonly bestNs: number
  readonly medianNs: number
}

report(await measure())

async function measure(): Promise<ReadonlyMap<string, Figure>> {
  const least = new Map<string, number>()
  const medians = new Map<string, number[]>()
  for (let round = 0; round < ROUNDS; round++) {
    const bench = new Bench({ time: 400, warmupTime: round === 0 ? 400 : 100 })
    for (const { name, run, after } of tasks) {
      // Before, too: tinybench calls each once to see whether it is asynchronous.
      bench.add(name, run, after && { beforeEach: after, afterEach: after })
    }
    await bench.run()
    for (const { name, packets } of tasks) {
      const result = bench.getTask(name)?.result
      if (result?.state === 'errored') throw result.error
      if (result?.state !== 'completed') throw new Error(`${name}: ${result?.state}`)
      const { min, p50 } = result.latency
      const nsPerPacket = (ms: number) => (ms * 1_000_000) / packets
      least.set(name, Math.min(least.get(name) ?? Infinity, nsPerPacket(min)))
      medians.set(name, [...(medians.get(name) ?? []), nsPerPacket(p50)])
    }
  }
  return new Map(
    Array.from(medians, ([name, all]) => {
      const sorted = all.sort((x, y) => x - y)
      return [name, { bestNs: least.get(name) ?? NaN, medianNs: sorted[sorted.length >> 1] ?? NaN }]
    }),
  )
}

function report(all: ReadonlyMap<string, Figure>): void {
  const line = (...cells: readonly string[]) =>
    console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(30) : cell.padStart(12))).join(''))
  console.log(
    `INVITE of ${invitePacket.payload?.length} bytes in a HEP packet of ${inviteDatagram.length}; ` +
      `${captured.length} captured packets, ${captured3.length} of them HEPv3`,
  )
  console.log(`yardstick of this machine: a loop that looks for line ends in as many bytes as the INVITE has`)
  console.log(`${ROUNDS} rounds; ns per packet: fastest sample, middle of the rounds' medians\n`)
  line('', 'fastest', 'middle', 'packets/s')
  for (const [name, { bestNs, medianNs }] of all) {
    line(name, bestNs.toFixed(0), medianNs.toFixed(0), (1e9 / bestNs).toExponential(2))
  }
  const bestNs = (name: string) => all.get(name)?.bestNs ?? NaN
  console.log('\nTargets, by the fastest samples (hep-js neither reads SIP nor writes the correlation id)')
  for (const { text, unit, limit, value } of targets) {
    const measured = value(bestNs)
    const isMet = unit === 'ns' ? measured <= limit : measured >= limit
    const bound = unit === 'ns' ? `at most ${limit} ns` : `at least ${limit} times`
    console.log(
      `${text.padEnd(56)}${measured.toFixed(1).padStart(8)} ${unit.padEnd(6)}${bound.padStart(20)}  ${verdict(isMet, unit)}`,
    )
  }
  console.log(`append invite / yardstick: ${(bestNs('append invite') / bestNs('yardstick')).toFixed(2)}`)
}

function verdict(isMet: boolean, unit: Target['unit']): string {
  if (isMet) return 'OK'
  return unit === 'ns' ? 'OVER' : 'UNDER'
}
