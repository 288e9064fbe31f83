import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { BlockWriter, type BlockSource } from '@hepscope/shared/event/writer.ts'
import type { HepFault } from '@hepscope/shared/hep/packet.ts'
import { inflateBounded } from './inflate.ts'

export type IngestTransport = 'udp' | 'tcp'

/** Why something that arrived did not become an event. Closed set: each is a metric label. */
export type RejectReason = HepFault | 'bad-magic' | 'incomplete' | 'message-timeout' | 'too-many-connections'

/** What was rejected last: enough for an operator to find the sender. */
export interface Rejection {
  readonly reason: RejectReason
  readonly transport: IngestTransport
  /** `address:port` of the sender. */
  readonly from: string
  /** Byte where decoding stopped. */
  readonly offset: number
  readonly length: number
  /** First bytes, in hex. */
  readonly head: string
}

export interface IngestOptions {
  readonly source: BlockSource
  /** How long a packet may wait for its block to fill, ms. */
  readonly blockIntervalMs: number
  readonly onBlock: (block: EventBlock) => void
  readonly onReject: (rejection: Rejection) => void
}

const HEAD_BYTES = 16

/** Turns packets of all listeners into sealed blocks, and counts what does not become one. */
export class Ingest {
  readonly receivedCount: Record<IngestTransport, number> = { udp: 0, tcp: 0 }
  readonly receivedBytes: Record<IngestTransport, number> = { udp: 0, tcp: 0 }
  readonly rejectedCount = new Map<RejectReason, number>()
  eventCount = 0
  /** When the last packet came, ms since 1970; 0 if none did. */
  lastPacketMs = 0
  readonly #writer: BlockWriter
  readonly #options: IngestOptions
  #timer: NodeJS.Timeout | undefined

  constructor(options: IngestOptions) {
    this.#options = options
    this.#writer = new BlockWriter(options.source, inflateBounded)
  }

  /** Take one packet. Its bytes are copied. */
  receive(packet: Uint8Array, transport: IngestTransport, from: () => string): void {
    const nowMs = Date.now()
    this.lastPacketMs = nowMs
    this.receivedCount[transport]++
    this.receivedBytes[transport] += packet.length
    const fault = this.#writer.append(packet, nowMs * 1000)
    if (fault !== undefined) {
      this.reject(fault, transport, from(), packet, this.#writer.lastFields.faultAt)
      return
    }
    this.eventCount++
    if (this.#writer.isFull) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), this.#options.blockIntervalMs)
  }

  /** Count bytes that are no packet. */
  reject(reason: RejectReason, transport: IngestTransport, from: string, bytes: Uint8Array, offset: number): void {
    this.rejectedCount.set(reason, (this.rejectedCount.get(reason) ?? 0) + 1)
    const head = Buffer.from(bytes.subarray(0, HEAD_BYTES)).toString('hex')
    this.#options.onReject({ reason, transport, from, offset, length: bytes.length, head })
  }

  /** Seal what has been collected so far. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const block = this.#writer.seal(Date.now() * 1000)
    if (block !== undefined) this.#options.onBlock(block)
  }
}
