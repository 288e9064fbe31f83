import type { CaptureFaultReason, CaptureItem, CaptureRecord } from './capture.ts'
import type { Datagram, StreamPiece } from './flow.ts'
import { FragmentTable, type FragmentLimits } from './fragments.ts'
import { decodeIp, type IpPacket, type IpResult } from './ip.ts'
import { findIp } from './link.ts'
import { readPcap } from './read.ts'
import { TcpReassembly, type TcpCounters, type TcpLimits } from './tcp.ts'

export type TransportItem = Datagram | StreamPiece

/** Why a frame, or a record of the file, gave nothing. Closed set. */
export type FrameSkipReason =
  | CaptureFaultReason
  /** A link type that hepscope does not read. */
  | 'link-type'
  /** ARP, LLDP and the like. */
  | 'not-ip'
  | 'bad-ip'
  /** The capture kept fewer bytes of the packet than it had. */
  | 'cut-short'
  /** ICMP, SCTP, ESP and the like. */
  | 'not-udp-tcp'
  | 'bad-udp'
  | 'bad-tcp'
  /** Counted per datagram, not per fragment. */
  | 'fragment-lost'

export interface TransportCounters {
  frameCount: number
  datagramCount: number
  readonly tcp: Readonly<TcpCounters>
  readonly skipped: ReadonlyMap<FrameSkipReason, number>
}

export interface TransportLimits {
  readonly fragments?: FragmentLimits
  readonly tcp?: TcpLimits
}

const UDP = 17
const TCP = 6
const UDP_HEADER_BYTES = 8
const TCP_HEADER_BYTES = 20
const FLAG_FIN = 0x01
const FLAG_SYN = 0x02
const FLAG_RESET = 0x04

/** Turns captured frames into UDP payloads and ordered TCP bytes. Memory is bounded; what is passed over is counted. */
export class PcapTransport {
  readonly #fragments: FragmentTable
  readonly #tcp: TcpReassembly
  readonly #skipped = new Map<FrameSkipReason, number>()
  #frameCount = 0
  #datagramCount = 0

  constructor(limits: TransportLimits = {}) {
    this.#fragments = new FragmentTable(limits.fragments)
    this.#tcp = new TcpReassembly(limits.tcp)
  }

  /** What was read so far, as a copy. */
  get counters(): TransportCounters {
    const skipped = new Map(this.#skipped)
    if (this.#fragments.lostCount > 0) skipped.set('fragment-lost', this.#fragments.lostCount)
    return {
      frameCount: this.#frameCount,
      datagramCount: this.#datagramCount,
      tcp: { ...this.#tcp.counters },
      skipped,
    }
  }

  /** Take one record or fault of a capture; never throws. */
  push(item: CaptureItem): readonly TransportItem[] {
    if (!item.ok) return this.#skip(item.reason)
    this.#frameCount++
    const link = findIp(item.linkType, item.frame)
    if (!link.ok) return this.#skip(link.reason)
    const ip = decodeIp(item.frame.subarray(link.at))
    if (!ip.ok) return this.#skip(reasonFor(ip.reason, item))
    const { fragment } = ip.packet
    const packet = fragment === undefined ? ip.packet : this.#fragments.add(ip.packet, fragment, item.tsUs)
    return packet === undefined ? NOTHING : this.#transport(packet, item.tsUs)
  }

  /** The capture is over: what waited behind holes, and the end of each TCP direction. */
  close(): readonly TransportItem[] {
    this.#fragments.close()
    return this.#tcp.close()
  }

  #transport(packet: IpPacket, tsUs: number | undefined): readonly TransportItem[] {
    if (packet.protocol === UDP) return this.#udp(packet, tsUs)
    if (packet.protocol === TCP) return this.#tcpSegment(packet, tsUs)
    return this.#skip('not-udp-tcp')
  }

  #udp({ srcIp, dstIp, payload }: IpPacket, tsUs: number | undefined): readonly TransportItem[] {
    if (payload.length < UDP_HEADER_BYTES) return this.#skip('bad-udp')
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
    // Length 0 is a jumbogram or a packet that the network card will split. @see RFC 2675
    const end = view.getUint16(4) || payload.length
    if (end < UDP_HEADER_BYTES || end > payload.length) return this.#skip('bad-udp')
    this.#datagramCount++
    const bytes = payload.subarray(UDP_HEADER_BYTES, end)
    const srcPort = view.getUint16(0)
    const dstPort = view.getUint16(2)
    return [{ kind: 'datagram', ipProtocol: UDP, tsUs, srcIp, dstIp, srcPort, dstPort, bytes }]
  }

  #tcpSegment({ srcIp, dstIp, payload }: IpPacket, tsUs: number | undefined): readonly TransportItem[] {
    if (payload.length < TCP_HEADER_BYTES) return this.#skip('bad-tcp')
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
    const headerBytes = (view.getUint8(12) >> 4) * 4
    if (headerBytes < TCP_HEADER_BYTES || headerBytes > payload.length) return this.#skip('bad-tcp')
    const flags = view.getUint8(13)
    return this.#tcp.push({
      tsUs,
      srcIp,
      dstIp,
      srcPort: view.getUint16(0),
      dstPort: view.getUint16(2),
      sequence: view.getUint32(4),
      isSyn: (flags & FLAG_SYN) !== 0,
      isFin: (flags & FLAG_FIN) !== 0,
      isReset: (flags & FLAG_RESET) !== 0,
      bytes: payload.subarray(headerBytes),
    })
  }

  #skip(reason: FrameSkipReason): readonly TransportItem[] {
    this.#skipped.set(reason, (this.#skipped.get(reason) ?? 0) + 1)
    return NOTHING
  }
}

const NOTHING: readonly TransportItem[] = []

/** A frame that the capture limited looks damaged where it ends. */
function reasonFor(reason: Extract<IpResult, { ok: false }>['reason'], record: CaptureRecord): FrameSkipReason {
  return reason === 'bad-ip' && record.frame.length < record.wireBytes ? 'cut-short' : reason
}

/**
 * UDP payloads and ordered TCP bytes of a whole capture file.
 *
 * @param bytes a pcap or pcapng file, not compressed
 * @param transport whose counters the caller reads; one per file
 */
export function* readTransport(
  bytes: Uint8Array,
  transport: PcapTransport = new PcapTransport(),
): Generator<TransportItem, void, void> {
  for (const item of readPcap(bytes)) yield* transport.push(item)
  yield* transport.close()
}
