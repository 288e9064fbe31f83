import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { BlockWriter, type BlockSource } from '@hepscope/shared/event/writer.ts'
import { isGzip } from '@hepscope/shared/hep/compression.ts'
import { HepFields } from '@hepscope/shared/hep/fields.ts'
import { MAX_PACKET_BYTES, scanHep, type ScanOptions } from '@hepscope/shared/hep/scan.ts'
import { formatHostPort } from '../config/address.ts'
import type { HepCallbacks } from './callbacks.ts'
import { IngestCounters, type IngestCounts } from './counters.ts'
import { inflateBounded } from './inflate.ts'
import type { IngestTransport, PacketSource } from './packet-source.ts'
import type { Rejection, RejectReason } from './rejection.ts'

export interface IngestOptions {
  readonly source: BlockSource
  /** How long a packet may wait for its block to fill, ms. */
  readonly blockIntervalMs: number
  /** What is demanded of packets. */
  readonly scan?: ScanOptions
  readonly onBlock: (block: EventBlock) => void
  readonly onReject: (rejection: Rejection) => void
  /** Operators' own code that sees each packet first. */
  readonly callbacks?: HepCallbacks
  /** Told of each packet that became an event, e.g. to relay it; the bytes are valid only during the call. */
  readonly onPacket?: (packet: Uint8Array) => void
  /** Where to count; those of another thread's choosing, or its own. */
  readonly counters?: IngestCounters
}

const HEAD_BYTES = 16

/** Turns packets of all listeners into sealed blocks, and counts what does not become one. */
export class Ingest {
  readonly #counters: IngestCounters
  readonly #writer: BlockWriter
  readonly #options: IngestOptions
  readonly #fields = new HepFields()
  #timer: NodeJS.Timeout | undefined
  /** Where decoding of the last packet stopped. */
  #faultAt = 0

  constructor(options: IngestOptions) {
    this.#options = options
    this.#counters = options.counters ?? new IngestCounters()
    this.#writer = new BlockWriter(options.source, inflateBounded, options.scan)
  }

  get counts(): IngestCounts {
    return IngestCounters.sum([this.#counters])
  }

  /**
   * Take one packet. Its bytes are copied.
   *
   * @param address and `port` of the peer that sent it to us
   * @returns whether it was taken; what was not has been counted and reported
   */
  receive(packet: Uint8Array, source: PacketSource, address: string, port: number): boolean {
    const { transport, gate } = source
    const nowMs = Date.now()
    this.#counters.receive(transport, packet.length, nowMs)
    this.#faultAt = 0
    const reason = gate?.refusalOfPeer(address, nowMs) ?? this.#take(packet, source, address, port, nowMs * 1000)
    if (reason === undefined) return true
    this.reject(reason, transport, formatHostPort({ host: address, port }), packet, this.#faultAt)
    return false
  }

  /** Count bytes that are no packet. */
  reject(reason: RejectReason, transport: IngestTransport, from: string, bytes: Uint8Array, offset: number): void {
    this.#counters.reject(reason)
    const head = Buffer.from(bytes.subarray(0, HEAD_BYTES)).toString('hex')
    this.#options.onReject({ reason, transport, from, offset, length: bytes.length, head })
  }

  /** Count bytes of a stream that are no packet. */
  skipBytes(count: number): void {
    this.#counters.add('skippedBytes', count)
  }

  #take(
    received: Uint8Array,
    source: PacketSource,
    address: string,
    port: number,
    nowUs: number,
  ): RejectReason | undefined {
    let packet = received
    if (source.transport === 'udp' || source.transport === 'import') {
      // A whole datagram may be gzip (heplify's payload_zip); one layer is undone.
      if (isGzip(packet, 0)) {
        const inflated = inflateBounded(packet, MAX_PACKET_BYTES)
        if (typeof inflated === 'string') return inflated
        packet = inflated
      }
    } else if (packet[0] === 1 || packet[0] === 2) {
      return 'bad-magic'
    }
    const { callbacks, onPacket } = this.#options
    if (source.gate?.hasKey === true) {
      const fault = scanHep(packet, this.#fields, nowUs, this.#options.scan)
      this.#faultAt = this.#fields.faultAt
      const refusal = fault ?? source.gate.refusalOfKey(packet, this.#fields)
      if (refusal !== undefined) return refusal
    }
    if (callbacks !== undefined) {
      const result = callbacks.run(packet, { transport: source.transport, address, port }, nowUs, this.#options.scan)
      if (result.kind === 'skip') {
        this.#counters.add('skipped', 1)
        return undefined
      }
      if (result.kind === 'refuse') return result.reason
      packet = result.packet
    }
    const fault = this.#writer.append(packet, nowUs)
    if (fault !== undefined) {
      this.#faultAt = this.#writer.lastFields.faultAt
      return fault
    }
    this.#counters.addEvent()
    const { warnings } = this.#writer.lastFields
    if (warnings !== 0) this.#counters.warn(warnings)
    onPacket?.(packet)
    if (this.#writer.isFull) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), this.#options.blockIntervalMs)
    return undefined
  }

  /** Seal what has been collected so far. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const block = this.#writer.seal(Date.now() * 1000)
    if (block !== undefined) this.#options.onBlock(block)
  }
}
