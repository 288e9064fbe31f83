import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { BlockWriter, type BlockSource } from '@hepscope/shared/event/writer.ts'
import type { HepFault } from '@hepscope/shared/hep/packet.ts'
import { HepFields } from '@hepscope/shared/hep/fields.ts'
import { MAX_PACKET_BYTES, scanHep } from '@hepscope/shared/hep/scan.ts'
import { formatHostPort } from '../config/address.ts'
import type { HepCallbacks } from './callbacks.ts'
import type { GateRefusal } from './gate.ts'
import { inflateBounded } from './inflate.ts'
import type { IngestTransport, PacketSource } from './packet-source.ts'

/** Why something that arrived did not become an event. Closed set: each is a metric label. */
export type RejectReason =
  | HepFault
  | GateRefusal
  /** A stream or message that is not HEPv3; version 1 and 2 go over UDP alone. */
  | 'bad-magic'
  | 'bad-gzip'
  | 'incomplete'
  | 'message-timeout'
  | 'too-many-connections'
  | 'too-large'
  | 'tls-handshake'
  /** A callback made a packet that HEP cannot represent. */
  | 'bad-replacement'

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
  /** Operators' own code that sees each packet first. */
  readonly callbacks?: HepCallbacks
  /** Told of each packet that became an event, e.g. to relay it; the bytes are valid only during the call. */
  readonly onPacket?: (packet: Uint8Array) => void
}

const HEAD_BYTES = 16
/** A whole datagram may be gzip (heplify's payload_zip); one layer is undone. */
const GZIP_MAGIC = [0x1f, 0x8b] as const

/** Turns packets of all listeners into sealed blocks, and counts what does not become one. */
export class Ingest {
  readonly receivedCount: Record<IngestTransport, number> = { udp: 0, tcp: 0, tls: 0, ws: 0, http: 0 }
  readonly receivedBytes: Record<IngestTransport, number> = { udp: 0, tcp: 0, tls: 0, ws: 0, http: 0 }
  readonly rejectedCount = new Map<RejectReason, number>()
  rejectedTotal = 0
  eventCount = 0
  /** Packets that a callback stopped. */
  skippedCount = 0
  /** When the last packet came, ms since 1970; 0 if none did. */
  lastPacketMs = 0
  readonly #writer: BlockWriter
  readonly #options: IngestOptions
  readonly #fields = new HepFields()
  #timer: NodeJS.Timeout | undefined
  /** Where decoding of the last packet stopped. */
  #faultAt = 0

  constructor(options: IngestOptions) {
    this.#options = options
    this.#writer = new BlockWriter(options.source, inflateBounded)
  }

  /**
   * Take one packet. Its bytes are copied.
   *
   * @param address and `port` of the peer that sent it to us
   */
  receive(packet: Uint8Array, source: PacketSource, address: string, port: number): void {
    const { transport, gate } = source
    const nowMs = Date.now()
    this.lastPacketMs = nowMs
    this.receivedCount[transport]++
    this.receivedBytes[transport] += packet.length
    const refusal = gate?.refusalOfPeer(address, nowMs)
    if (refusal !== undefined) {
      this.reject(refusal, transport, formatHostPort({ host: address, port }), packet, 0)
      return
    }
    const reason = this.#take(packet, source, address, port, nowMs * 1000)
    if (reason !== undefined) {
      this.reject(reason, transport, formatHostPort({ host: address, port }), packet, this.#faultAt)
    }
  }

  /** Count bytes that are no packet. */
  reject(reason: RejectReason, transport: IngestTransport, from: string, bytes: Uint8Array, offset: number): void {
    this.rejectedTotal++
    this.rejectedCount.set(reason, (this.rejectedCount.get(reason) ?? 0) + 1)
    const head = Buffer.from(bytes.subarray(0, HEAD_BYTES)).toString('hex')
    this.#options.onReject({ reason, transport, from, offset, length: bytes.length, head })
  }

  #take(
    received: Uint8Array,
    source: PacketSource,
    address: string,
    port: number,
    nowUs: number,
  ): RejectReason | undefined {
    let packet = received
    this.#faultAt = 0
    if (source.transport === 'udp') {
      if (packet[0] === GZIP_MAGIC[0] && packet[1] === GZIP_MAGIC[1]) {
        const inflated = inflateBounded(packet, MAX_PACKET_BYTES)
        if (inflated === undefined) return 'bad-gzip'
        packet = inflated
      }
    } else if (packet[0] === 1 || packet[0] === 2) {
      return 'bad-magic'
    }
    const { callbacks, onPacket } = this.#options
    if (source.gate?.hasKey === true) {
      const fault = scanHep(packet, this.#fields, nowUs)
      this.#faultAt = this.#fields.faultAt
      const refusal = fault ?? source.gate.refusalOfKey(packet, this.#fields)
      if (refusal !== undefined) return refusal
    }
    if (callbacks !== undefined) {
      const result = callbacks.run(packet, { transport: source.transport, address, port }, nowUs)
      if (result.kind === 'skip') {
        this.skippedCount++
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
    this.eventCount++
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
