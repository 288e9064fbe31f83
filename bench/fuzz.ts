import { readBlock } from '@hepscope/shared/event/block.ts'
import { selectRows } from '@hepscope/shared/event/select.ts'
import { BlockWriter } from '@hepscope/shared/event/writer.ts'
import { ByteSink } from '@hepscope/shared/frame/byte-sink.ts'
import { appendJsonFrame } from '@hepscope/shared/frame/json.ts'
import { decodeHep } from '@hepscope/shared/hep/decode.ts'
import { HepDeframer } from '@hepscope/shared/hep/deframe.ts'
import { encodeHep, HepEncodeError } from '@hepscope/shared/hep/encode.ts'
import { CallTracker } from '@hepscope/shared/call/tracker.ts'
import { capturedPackets, inviteDatagram } from './corpus/packets.ts'
import { FuzzRandom, mutate } from './fuzz/mutations.ts'

/**
 * Mutated packets through everything that reads bytes from the network. Ends with a count, or with the packet
 * that broke something.
 *
 *     npm run fuzz -- --packets=10000000 --seed=1
 */
const PACKETS = Number(option('packets') ?? 10_000_000)
const SEED = Number(option('seed') ?? 1)
/** Every so many packets the slower paths run too. */
const DEEP_EVERY = 16
const REPORTS = 10
/** A packet that takes longer than this counts as a hang. */
const SLOW_MS = 250
const NOW_US = 1_795_308_990_000_000

const corpus = [...capturedPackets(), inviteDatagram].map((packet) => new Uint8Array(packet))
const random = new FuzzRandom(SEED)
const memory = new Uint8Array(0x20000)
const sink = new ByteSink()
const writer = new BlockWriter({ node: 'fuzz', epoch: 1 })
const tracker = new CallTracker({ maxCalls: 1000 })
const reasons = new Map<string, number>()
let accepted = 0
let heapAtStart = 0

process.stdout.write(`fuzz: ${PACKETS} packets, seed ${SEED}, corpus of ${corpus.length}\n`)
const startMs = performance.now()
for (let i = 0; i < PACKETS; i++) {
  const packet = mutate(corpus, random, memory)
  const beforeMs = i % 64 === 0 ? performance.now() : undefined
  try {
    tryPacket(packet, i)
  } catch (error) {
    process.stdout.write(`\npacket ${i} of seed ${SEED} broke something:\n${Buffer.from(packet).toString('hex')}\n`)
    throw error
  }
  if (beforeMs !== undefined && performance.now() - beforeMs > SLOW_MS) {
    throw new Error(`packet ${i} of seed ${SEED} took ${Math.round(performance.now() - beforeMs)} ms`)
  }
  if ((i + 1) % Math.ceil(PACKETS / REPORTS) === 0) report(i + 1)
}
const seconds = (performance.now() - startMs) / 1000
process.stdout.write(
  `fuzz: ${PACKETS} packets, ${accepted} accepted, ${PACKETS - accepted} refused, 0 throws, 0 hangs, ` +
    `${seconds.toFixed(0)} s, ${Math.round(PACKETS / seconds)} packets/s\n`,
)
for (const [reason, count] of [...reasons].sort((a, b) => b[1] - a[1]))
  process.stdout.write(`  ${reason.padEnd(20)}${count}\n`)

function tryPacket(packet: Uint8Array, index: number): void {
  const fault = writer.append(packet, NOW_US)
  if (fault === undefined) accepted++
  else reasons.set(fault, (reasons.get(fault) ?? 0) + 1)
  if (writer.isFull) readAll()
  if (index % DEEP_EVERY !== 0) return
  const decoded = decodeHep(packet, NOW_US)
  if (decoded.ok !== (fault === undefined)) throw new Error('decodeHep and BlockWriter disagree')
  if (decoded.ok) reencode(decoded)
  new HepDeframer().push(packet, (whole) => {
    if (whole.length < 6) throw new Error('a packet without header')
  })
}

/** What was decoded can be encoded, unless HEPv3 has no place for it, and then decodes to the same. */
function reencode(decoded: Extract<ReturnType<typeof decodeHep>, { ok: true }>): void {
  let bytes: Uint8Array
  try {
    bytes = encodeHep(decoded.packet)
  } catch (error) {
    if (error instanceof HepEncodeError) return
    throw error
  }
  const again = decodeHep(bytes, NOW_US)
  if (!again.ok) throw new Error(`our own encoding is refused: ${again.reason}`)
  const { payload } = decoded.packet
  if (payload !== undefined && Buffer.compare(payload, again.packet.payload ?? new Uint8Array(0)) !== 0) {
    throw new Error('the payload changed')
  }
}

/** Everything that reads a block: frames, selection, checks, call model. */
function readAll(): void {
  const block = writer.seal(NOW_US)
  if (block === undefined) return
  sink.length = 0
  for (let row = 0; row < block.count; row++) {
    tracker.apply(block, row)
    if (row % 8 === 0) {
      const start = sink.length
      appendJsonFrame(sink, block, row, true)
      JSON.parse(Buffer.from(sink.bytes.subarray(start, sink.length)).toString())
    }
  }
  const some = selectRows(block, [0, block.count >> 1].slice(0, block.count > 1 ? 2 : 1), false)
  const damaged = some.bytes.slice()
  for (let i = 0; i < 4; i++) damaged[random.below(damaged.length)] = random.below(256)
  const read = readBlock(damaged)
  if (!read.ok) return
  for (let row = 0; row < read.block.count; row++) appendJsonFrame(sink, read.block, row, true)
}

function report(done: number): void {
  const { heapUsed, rss } = process.memoryUsage()
  if (heapAtStart === 0) heapAtStart = heapUsed
  const mib = (bytes: number): string => `${Math.round(bytes / 1048576)} MiB`
  process.stdout.write(`  ${done} done, heap ${mib(heapUsed)}, resident ${mib(rss)}\n`)
}

function option(name: string): string | undefined {
  return process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3)
}
