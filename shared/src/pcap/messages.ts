import { datagramContent } from './detect.ts'
import type { Datagram, Flow, StreamPiece } from './flow.ts'
import { StreamReader, type StreamSink, type StreamSkipReason } from './stream-reader.ts'
import { readTransport, type PcapTransport, type TransportItem } from './transport.ts'

/** A SIP message, or a whole HEP packet of version 1, 2 or 3, found in a capture. */
export interface CapturedMessage extends Flow {
  readonly kind: 'sip' | 'hep'
  readonly ipProtocol: 6 | 17
  /** Capture time in whole microseconds since 1970. Of a HEP packet: when it was sent, not the time in it. */
  readonly tsUs: number | undefined
  readonly bytes: Uint8Array
}

/** What was neither SIP nor HEP. Closed set. */
export type MessageSkipReason =
  | StreamSkipReason
  /** CRLF, NULs and other datagrams too short to be anything. */
  | 'keep-alive'
  /** RTP or RTCP, by its version bits. */
  | 'rtp'
  | 'other-datagram'

export interface MessageOptions {
  /** Inflates a gzipped datagram, as some agents send HEP; undefined if it cannot, or the result is too large. */
  readonly inflate?: (bytes: Uint8Array) => Uint8Array | undefined
}

/** Finds SIP messages and HEP packets in UDP payloads and TCP streams. */
export class CaptureMessages {
  readonly #inflate: MessageOptions['inflate']
  readonly #skipped = new Map<MessageSkipReason, number>()
  readonly #readers = new Map<string, StreamReader>()
  #ready: CapturedMessage[] = []

  constructor(options: MessageOptions = {}) {
    this.#inflate = options.inflate
  }

  get skipped(): ReadonlyMap<MessageSkipReason, number> {
    return this.#skipped
  }

  /** Take the next payload; returns the messages that are whole now. Never throws. */
  push(item: TransportItem): readonly CapturedMessage[] {
    this.#ready = []
    if (item.kind === 'datagram') this.#pushDatagram(item, item.bytes, true)
    else this.#pushPiece(item)
    return this.#ready
  }

  #pushDatagram(datagram: Datagram, bytes: Uint8Array, canInflate: boolean): void {
    const content = datagramContent(bytes)
    if (content === 'hep' || content === 'sip') {
      this.#add(content, datagram, bytes)
      return
    }
    if (content !== 'gzip') {
      this.#skip(content, 1)
      return
    }
    const inflated = canInflate ? this.#inflate?.(bytes) : undefined
    if (inflated === undefined) this.#skip('other-datagram', 1)
    else this.#pushDatagram(datagram, inflated, false)
  }

  #pushPiece(piece: StreamPiece): void {
    let reader = this.#readers.get(piece.direction)
    if (reader === undefined) {
      // A direction that carried nothing is not worth counting.
      if (piece.bytes.length === 0) return
      reader = new StreamReader()
      this.#readers.set(piece.direction, reader)
    }
    const sink: StreamSink = {
      message: (kind, bytes) => this.#add(kind, piece, bytes),
      skip: (reason, count) => this.#skip(reason, count),
    }
    if (piece.bytes.length > 0) reader.push(piece, sink)
    if (!piece.isEnd) return
    reader.close(sink)
    this.#readers.delete(piece.direction)
  }

  #add(kind: 'sip' | 'hep', item: TransportItem, bytes: Uint8Array): void {
    const { ipProtocol, tsUs, srcIp, dstIp, srcPort, dstPort } = item
    this.#ready.push({ kind, ipProtocol, tsUs, srcIp, dstIp, srcPort, dstPort, bytes })
  }

  #skip(reason: MessageSkipReason, count: number): void {
    if (count > 0) this.#skipped.set(reason, (this.#skipped.get(reason) ?? 0) + count)
  }
}

/**
 * SIP messages and HEP packets of a whole capture file.
 *
 * @param file pcap or pcapng, not compressed
 * @param transport counts the frames passed over; one per file
 * @param messages counts the payloads passed over; one per file
 */
export function* readMessages(
  file: Uint8Array,
  transport: PcapTransport,
  messages: CaptureMessages,
): Generator<CapturedMessage, void, void> {
  for (const item of readTransport(file, transport)) yield* messages.push(item)
}
