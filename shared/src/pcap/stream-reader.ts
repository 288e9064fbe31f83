import { HepDeframer } from '../hep/deframe.ts'
import { SipDeframer } from '../sip/deframe.ts'
import { findContent, findHep, streamContent } from './detect.ts'
import type { StreamPiece } from './flow.ts'

/** What a stream held besides messages. Closed set. */
export type StreamSkipReason =
  /** A direction in which neither SIP nor HEP was found: TLS, HTTP and the like. */
  | 'other-stream'
  /** Frame boundaries of HEP were lost, once for each time. */
  | 'bad-hep-stream'
  /** Bytes that belong to no SIP message, once for each place. */
  | 'bad-sip-stream'
  /** A SIP message over 65,535 bytes. */
  | 'oversized'
  /** A message that was not whole when the bytes ended or were missing. */
  | 'unfinished'

export interface StreamSink {
  /** Gets each message or packet as a copy. */
  message(kind: 'sip' | 'hep', bytes: Uint8Array): void
  skip(reason: StreamSkipReason, count: number): void
}

/** Finds out what one TCP direction carries and cuts it into SIP messages or HEP packets. */
export class StreamReader {
  /** `unknown`: not enough bytes yet, or begun inside something that is not recognised yet. */
  #content: 'unknown' | 'sip' | 'hep' | 'other' = 'unknown'
  #isInside = false
  #head = new Uint8Array(0)
  #sip = new SipDeframer()
  /** Absent while the next frame has to be searched. */
  #hep: HepDeframer | undefined

  push(piece: StreamPiece, sink: StreamSink): void {
    if (piece.start === 'middle') this.#isInside = true
    if (piece.start === 'gap') this.#lose(sink)
    switch (this.#content) {
      case 'unknown':
        this.#detect(piece.bytes, sink)
        break
      case 'sip':
        this.#pushSip(piece.bytes, sink)
        break
      case 'hep':
        this.#pushHep(piece.bytes, sink)
        break
      case 'other':
        break
    }
  }

  /** The direction is over: report what is left. */
  close(sink: StreamSink): void {
    const { messageCount, resyncCount, oversizedCount } = this.#sip.counters
    const couldBeSip = resyncCount === 0 && this.#sip.pendingBytes > 0
    const isSip = this.#content === 'sip' && (messageCount + oversizedCount > 0 || couldBeSip)
    if (!isSip && this.#content !== 'hep') {
      sink.skip('other-stream', 1)
      return
    }
    sink.skip('bad-sip-stream', resyncCount)
    sink.skip('oversized', oversizedCount)
    if (this.#sip.pendingBytes > 0 || (this.#hep?.pendingBytes ?? 0) > 0) sink.skip('unfinished', 1)
  }

  #lose(sink: StreamSink): void {
    if (this.#content === 'sip') this.#sip.lose()
    if (this.#content === 'hep') {
      if ((this.#hep?.pendingBytes ?? 0) > 0) sink.skip('unfinished', 1)
      this.#hep = undefined
    }
    this.#head = new Uint8Array(0)
    this.#isInside = true
  }

  #detect(piece: Uint8Array, sink: StreamSink): void {
    if (this.#isInside) {
      const found = findContent(piece)
      if (found !== undefined) this.#begin(found.kind, piece.subarray(found.at), sink)
      return
    }
    const bytes = new Uint8Array(this.#head.length + piece.length)
    bytes.set(this.#head)
    bytes.set(piece, this.#head.length)
    const content = streamContent(bytes)
    if (content === undefined) this.#head = bytes.subarray(-MAX_HEAD_BYTES)
    else this.#begin(content, bytes, sink)
  }

  #begin(content: 'sip' | 'hep' | 'other', bytes: Uint8Array, sink: StreamSink): void {
    this.#content = content
    this.#head = new Uint8Array(0)
    if (content === 'sip') this.#pushSip(bytes, sink)
    if (content === 'hep') this.#pushHep(bytes, sink)
  }

  #pushSip(bytes: Uint8Array, sink: StreamSink): void {
    this.#sip.push(bytes, (message) => sink.message('sip', message.slice()))
  }

  #pushHep(bytes: Uint8Array, sink: StreamSink): void {
    let at = 0
    if (this.#hep === undefined) {
      const found = this.#isInside ? findHep(bytes) : 0
      if (found === undefined) return
      at = found
      this.#hep = new HepDeframer()
    }
    const fault = this.#hep.push(bytes.subarray(at), (packet) => sink.message('hep', packet.slice()))
    if (fault === undefined) return
    sink.skip('bad-hep-stream', 1)
    this.#hep = undefined
    this.#isInside = true
  }
}

/** Empty lines before the first message; more of them tell nothing new. */
const MAX_HEAD_BYTES = 64
