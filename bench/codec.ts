import { decodeHep } from '@hepscope/shared/hep/decode.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import { BlockWriter } from '@hepscope/shared/event/writer.ts'
import hepJs from 'hep-js'
import { Bench } from 'tinybench'
import { capturedPackets, inviteDatagram, invitePacket } from './corpus/packets.ts'

/** Level that `append invite` has to stay under on the machine of the project. */
const APPEND_LIMIT_NS = 600
const ROUNDS = 5
const NOW_US = 1_795_308_990_000_000

/** What is measured: `run` handles `packets` packets; `after` it, not measured, comes what makes room for the next. */
interface Task {
  readonly name: string
  readonly packets: number
  readonly run: () => void
  readonly after?: () => void
}

const captured = capturedPackets()
const captured3 = captured.filter((packet) => packet[0] === 0x48)
const inviteText = Buffer.from(invitePacket.payload ?? []).toString()
const hepJsDescription = {
  protocolFamily: 2,
  protocol: invitePacket.ipProtocol,
  srcIp: invitePacket.srcIp,
  dstIp: invitePacket.dstIp,
  srcPort: invitePacket.srcPort,
  dstPort: invitePacket.dstPort,
  timeSeconds: 1_795_308_988,
  timeUseconds: 366_488,
  payloadType: invitePacket.protocolType,
  captureId: invitePacket.agentId,
  correlation_id: invitePacket.correlationId,
}
const writer = new BlockWriter({ node: 'bench', epoch: 1_795_308_000_000 })

function appendAll(packets: readonly Buffer[]): void {
  for (const packet of packets) writer.append(packet, NOW_US)
}

function seal(): void {
  writer.seal(NOW_US)
}

function times(count: number, run: () => void): () => void {
  return () => {
    for (let i = 0; i < count; i++) run()
  }
}

/** A few in turn: what a socket gives is in the processor's cache, but never the same memory twice. */
const buffers = Array.from({ length: 16 }, () => Buffer.from(inviteDatagram))
const invites = Array.from({ length: 1000 }, (_, i) => buffers[i % buffers.length] ?? inviteDatagram)
const tasks: readonly Task[] = [
  { name: 'append invite', packets: invites.length, run: () => appendAll(invites), after: seal },
  { name: 'append captures', packets: captured.length, run: () => appendAll(captured), after: seal },
  {
    name: 'append invite, seal',
    packets: invites.length,
    run: () => {
      appendAll(invites)
      seal()
    },
  },
  { name: 'decodeHep invite', packets: 1000, run: times(1000, () => decodeHep(inviteDatagram, NOW_US)) },
  {
    name: 'decodeHep captures (v3)',
    packets: captured3.length,
    run: () => {
      for (const packet of captured3) decodeHep(packet, NOW_US)
    },
  },
  { name: 'encodeHep invite', packets: 1000, run: times(1000, () => encodeHep(invitePacket)) },
  { name: 'hep-js decode invite', packets: 100, run: times(100, () => hepJs.decapsulate(inviteDatagram)) },
  {
    name: 'hep-js encode invite',
    packets: 1000,
    run: times(1000, () => hepJs.encapsulate(inviteText, hepJsDescription)),
  },
]

/** Nanoseconds per packet: the fastest sample of all rounds, and the middle of the rounds' medians. */
interface Figure {
  readonly bestNs: number
  readonly medianNs: number
}

const figures = await measure()
report(figures)

async function measure(): Promise<ReadonlyMap<string, Figure>> {
  const least = new Map<string, number>()
  const medians = new Map<string, number[]>()
  for (let round = 0; round < ROUNDS; round++) {
    const bench = new Bench({ time: 500, warmupTime: round === 0 ? 500 : 100 })
    for (const { name, run, after } of tasks) bench.add(name, run, after && { afterEach: after })
    await bench.run()
    for (const { name, packets } of tasks) {
      const result = bench.getTask(name)?.result
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
    console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(28) : cell.padStart(12))).join(''))
  console.log(
    `INVITE of ${inviteText.length} bytes in a HEP packet of ${inviteDatagram.length}; ${captured.length} captured packets`,
  )
  console.log(`${ROUNDS} rounds; ns per packet: fastest sample, middle of the rounds' medians\n`)
  line('', 'fastest', 'middle', 'packets/s')
  for (const [name, { bestNs, medianNs }] of all) {
    line(name, bestNs.toFixed(0), medianNs.toFixed(0), (1e9 / bestNs).toExponential(2))
  }
  const ratio = (ours: string, theirs: string) => (all.get(theirs)?.bestNs ?? NaN) / (all.get(ours)?.bestNs ?? NaN)
  console.log(`\nhep-js decode / decodeHep: ${ratio('decodeHep invite', 'hep-js decode invite').toFixed(1)}`)
  console.log(`hep-js decode / append with SIP summary: ${ratio('append invite', 'hep-js decode invite').toFixed(1)}`)
  console.log(`hep-js encode / encodeHep: ${ratio('encodeHep invite', 'hep-js encode invite').toFixed(1)}`)
  const append = all.get('append invite')?.bestNs ?? Infinity
  console.log(
    `append invite ${append.toFixed(0)} ns, limit ${APPEND_LIMIT_NS} ns: ${append <= APPEND_LIMIT_NS ? 'ok' : 'OVER'}`,
  )
}
