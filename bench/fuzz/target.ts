import { unzipSync } from 'node:zlib'
import { CallTracker } from '@hepscope/shared/call/tracker.ts'
import { type EventBlock, readBlock } from '@hepscope/shared/event/block.ts'
import { selectRows } from '@hepscope/shared/event/select.ts'
import { BlockWriter } from '@hepscope/shared/event/writer.ts'
import { ByteSink } from '@hepscope/shared/frame/byte-sink.ts'
import { appendJsonFrame } from '@hepscope/shared/frame/json.ts'
import type { InflateFault } from '@hepscope/shared/hep/compression.ts'
import { readCorrelation } from '@hepscope/shared/hep/correlation.ts'
import { decodeHep } from '@hepscope/shared/hep/decode.ts'
import { HepDeframer } from '@hepscope/shared/hep/deframe.ts'
import { HepEncodeError } from '@hepscope/shared/hep/encode.ts'
import { encodeHepAs } from '@hepscope/shared/hep/pack.ts'
import type { Decoded, HepPacket } from '@hepscope/shared/hep/packet.ts'
import { callIdOfPayload, viewPayload } from '@hepscope/shared/payload/view.ts'
import type { FuzzRandom } from './mutations.ts'

/** Every so many packets the slower paths run too. */
const DEEP_EVERY = 16
const FRAME_EVERY = 8
const DAMAGED_BYTES = 4
/** Few, so that the tables are full before memory is looked at: what grows afterwards is a leak. */
const CALLS = 50
const VERSIONS = [1, 2, 3] as const
export const NOW_US = 1_795_308_990_000_000

/** Everything that reads bytes from the network. What is wrong, throws. */
export class FuzzTarget {
  acceptedCount = 0
  readonly refused = new Map<string, number>()
  readonly #random: FuzzRandom
  readonly #sink = new ByteSink()
  readonly #writer = new BlockWriter({ node: 'fuzz', epoch: 1 }, inflate)
  readonly #tracker = new CallTracker({ maxCalls: CALLS })
  #stream = new HepDeframer({ scan: true })
  #count = 0

  constructor(random: FuzzRandom) {
    this.#random = random
  }

  /** @throws an error that says what is wrong, or the one that should not have come out */
  take(packet: Uint8Array): void {
    const writer = this.#writer
    const fault = writer.append(packet, NOW_US)
    if (fault === undefined) this.acceptedCount++
    else this.refused.set(fault, (this.refused.get(fault) ?? 0) + 1)
    if (writer.isFull) this.#readBlock()
    if (this.#count++ % DEEP_EVERY !== 0) return
    const decoded = decodeHep(packet, NOW_US)
    if (decoded.ok !== (fault === undefined)) throw new Error('decodeHep and BlockWriter disagree')
    if (decoded.ok) this.#lookInto(decoded)
    this.#deframe(packet)
  }

  /** Read what has not filled a block. */
  finish(): void {
    this.#readBlock()
  }

  #lookInto({ packet }: Extract<Decoded, { ok: true }>): void {
    readCorrelation(packet)
    if (packet.payload !== undefined) callIdOfPayload(viewPayload(packet.protocolType, packet.payload))
    const version = VERSIONS[this.#random.below(VERSIONS.length)] ?? 3
    encodeAgain(packet, version)
  }

  /** Two deframers: one that ends at a bad header, and one that has seen all packets before as its stream. */
  #deframe(packet: Uint8Array): void {
    const onPacket = (whole: Uint8Array): void => {
      if (whole.length < 6) throw new Error('a packet without header')
    }
    new HepDeframer().push(packet, onPacket)
    const cut = this.#random.below(packet.length + 1)
    for (const piece of [packet.subarray(0, cut), packet.subarray(cut)]) {
      if (this.#stream.push(piece, onPacket) !== undefined) this.#stream = new HepDeframer({ scan: true })
      if (this.#stream.pendingBytes > 0xffff) throw new Error('the deframer holds more than a packet')
    }
  }

  /** Everything that reads a block: frames, selection, checks, call model. */
  #readBlock(): void {
    const block = this.#writer.seal(NOW_US)
    if (block === undefined) return
    const sink = this.#sink
    sink.length = 0
    for (let row = 0; row < block.count; row++) {
      this.#tracker.apply(block, row)
      if (row % FRAME_EVERY !== 0) continue
      const start = sink.length
      appendJsonFrame(sink, block, row, true)
      JSON.parse(Buffer.from(sink.bytes.buffer, sink.bytes.byteOffset + start, sink.length - start).toString())
    }
    if (this.#tracker.size > CALLS)
      throw new Error(`the call model keeps ${this.#tracker.size} calls of at most ${CALLS}`)
    this.#readDamaged(block)
  }

  #readDamaged(block: EventBlock): void {
    const damaged = selectRows(block, block.count > 1 ? [0, block.count >> 1] : [0], false).bytes.slice()
    for (let i = 0; i < DAMAGED_BYTES; i++) damaged[this.#random.below(damaged.length)] = this.#random.below(256)
    const read = readBlock(damaged)
    if (!read.ok) return
    for (let row = 0; row < read.block.count; row++) appendJsonFrame(this.#sink, read.block, row, true)
  }
}

/** What was decoded can be encoded, unless the version has no place for it, and then decodes to the same payload. */
function encodeAgain(packet: HepPacket, version: 1 | 2 | 3): void {
  let bytes: Uint8Array
  try {
    bytes = encodeHepAs(packet, version)
  } catch (error) {
    if (error instanceof HepEncodeError) return
    throw error
  }
  const again = decodeHep(bytes, NOW_US)
  if (!again.ok && version === 3) throw new Error(`our own encoding is refused: ${again.reason}`)
  // HEPv1 and HEPv2 may lose NULs at the end, and what looks like padding.
  const { payload } = packet
  if (version < 3 || payload === undefined) return
  if (again.ok && Buffer.compare(payload, again.packet.payload ?? new Uint8Array(0)) !== 0) {
    throw new Error('the payload changed')
  }
}

function inflate(bytes: Uint8Array, limit: number): Uint8Array | InflateFault {
  try {
    return unzipSync(bytes, { maxOutputLength: limit })
  } catch {
    return 'bad-compression'
  }
}
