import { sipStartLine } from './start-line.ts'

/** Most bytes of one message, as for one HEP packet. */
export const MAX_SIP_MESSAGE_BYTES = 65_535
/** A larger message than this is not believed in, so it is not passed over by its length either. */
const MAX_SKIP_BYTES = 16 * 1024 * 1024

const CR = 0x0d
const LF = 0x0a
const SPACE = 0x20
const TAB = 0x09
const COLON = 0x3a

export interface SipDeframerCounters {
  messageCount: number
  /** Empty lines between messages. @see RFC 5626 section 4.4.1 */
  keepAliveBytes: number
  /** Bytes that belong to no message. */
  skippedBytes: number
  /** How often the boundary was lost and had to be searched. */
  resyncCount: number
  /** Messages over `MAX_SIP_MESSAGE_BYTES`, which are passed over. */
  oversizedCount: number
}

/**
 * Cuts a byte stream (TCP, TLS) into SIP messages by their Content-Length, whatever its pieces look like.
 *
 * A message without a usable Content-Length is taken to have no body. Where something else than a start line stands
 * at a boundary, the boundary is lost: bytes are skipped up to the next complete start line that stands behind a line
 * feed, or at the very beginning after `lose`. A body that quotes a message can so be taken for one, but only while lost.
 * Holds at most one incomplete message.
 *
 * @see RFC 3261 section 18.3
 */
export class SipDeframer {
  readonly counters: SipDeframerCounters = {
    messageCount: 0,
    keepAliveBytes: 0,
    skippedBytes: 0,
    resyncCount: 0,
    oversizedCount: 0,
  }
  #buffer = new Uint8Array(0)
  #length = 0
  /** Bytes of the message begun in which no header end was found; 0 until its start line was seen. */
  #scanned = 0
  /** Length of the message begun, once its header is there. */
  #total: number | undefined
  /** Bytes of an oversized message still to pass over. */
  #toSkip = 0
  #isLost = false
  /** While lost: the next byte belongs to a line whose start was skipped. */
  #isMidLine = false

  /** Bytes of a message that has begun and is not yet whole. */
  get pendingBytes(): number {
    return this.#length
  }

  /**
   * Take the next piece of the stream; never throws.
   *
   * @param piece any number of bytes
   * @param onMessage called for each whole message, with a view that is valid only during the call
   */
  push(piece: Uint8Array, onMessage: (message: Uint8Array) => void): void {
    for (let at = 0; at < piece.length; at += MAX_SIP_MESSAGE_BYTES) {
      this.#pushPart(piece.subarray(at, at + MAX_SIP_MESSAGE_BYTES), onMessage)
    }
  }

  /** Bytes are missing before the next piece: forget the message begun and search the next start line. */
  lose(): void {
    this.counters.skippedBytes += this.#length
    this.#length = 0
    this.#toSkip = 0
    this.#loseBoundary()
  }

  #pushPart(part: Uint8Array, onMessage: (message: Uint8Array) => void): void {
    const isBuffered = this.#length > 0
    if (isBuffered) this.#append(part)
    const bytes = isBuffered ? this.#buffer.subarray(0, this.#length) : part
    let at = 0
    for (;;) {
      const next = this.#step(bytes, at, onMessage)
      if (next === undefined) break
      at = next
    }
    if (isBuffered) {
      this.#buffer.copyWithin(0, at, this.#length)
      this.#length -= at
    } else {
      this.#append(part.subarray(at))
    }
  }

  /** Do one thing at `at`; returns where to go on, or undefined if more bytes are needed. */
  #step(bytes: Uint8Array, at: number, onMessage: (message: Uint8Array) => void): number | undefined {
    if (at === bytes.length) return undefined
    if (this.#toSkip > 0) {
      const count = Math.min(this.#toSkip, bytes.length - at)
      this.#toSkip -= count
      return this.#skipTo(at + count, at)
    }
    if (this.#isLost) return this.#findStartLine(bytes, at)
    if (this.#scanned === 0) {
      if (bytes[at] === CR || bytes[at] === LF) {
        this.counters.keepAliveBytes++
        return at + 1
      }
      const line = sipStartLine(bytes, at, bytes.length, false)
      if (line === 'unfinished') return undefined
      if (line === 'not-sip') {
        this.#loseBoundary()
        return at
      }
    }
    this.#total ??= this.#measure(bytes, at)
    if (this.#total === undefined) {
      if (bytes.length - at <= MAX_SIP_MESSAGE_BYTES) return undefined
      return this.#passOver(bytes, at, Infinity)
    }
    if (this.#total > MAX_SIP_MESSAGE_BYTES) return this.#passOver(bytes, at, this.#total)
    if (bytes.length - at < this.#total) return undefined
    const end = at + this.#total
    this.#scanned = 0
    this.#total = undefined
    this.counters.messageCount++
    onMessage(bytes.subarray(at, end))
    return end
  }

  /** Length of the message at `at`, or undefined while its header has no end. */
  #measure(bytes: Uint8Array, at: number): number | undefined {
    const bodyAt = headerEnd(bytes, at + Math.max(0, this.#scanned - 3))
    this.#scanned = bytes.length - at
    return bodyAt === undefined ? undefined : bodyAt - at + contentLength(bytes, at, bodyAt)
  }

  #passOver(bytes: Uint8Array, at: number, total: number): number {
    this.counters.oversizedCount++
    if (total <= MAX_SKIP_BYTES) {
      this.#scanned = 0
      this.#total = undefined
      this.#toSkip = total
      return at
    }
    this.#loseBoundary()
    // Its own start line must not be found again.
    return this.#skipTo(bytes.indexOf(LF, at) + 1, at)
  }

  #findStartLine(bytes: Uint8Array, from: number): number | undefined {
    let at = from
    while (at < bytes.length) {
      if (!this.#isMidLine) {
        const line = sipStartLine(bytes, at, bytes.length, false)
        if (line === 'sip') this.#isLost = false
        if (line !== 'not-sip') return at === from && this.#isLost ? undefined : this.#skipTo(at, from)
      }
      const lf = bytes.indexOf(LF, at)
      this.#isMidLine = lf < 0
      at = lf < 0 ? bytes.length : lf + 1
    }
    return this.#skipTo(at, from)
  }

  #skipTo(to: number, from: number): number {
    this.counters.skippedBytes += to - from
    return to
  }

  #loseBoundary(): void {
    if (!this.#isLost) this.counters.resyncCount++
    this.#isLost = true
    this.#isMidLine = false
    this.#scanned = 0
    this.#total = undefined
  }

  #append(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length
    if (needed > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(needed, 2048, 2 * this.#buffer.length))
      grown.set(this.#buffer.subarray(0, this.#length))
      this.#buffer = grown
    }
    this.#buffer.set(bytes, this.#length)
    this.#length = needed
  }
}

/** Offset behind the empty line that ends a header, lines ended by LF or CRLF. */
function headerEnd(bytes: Uint8Array, from: number): number | undefined {
  for (let lf = bytes.indexOf(LF, from); lf >= 0; lf = bytes.indexOf(LF, lf + 1)) {
    if (bytes[lf + 1] === LF) return lf + 2
    if (bytes[lf + 1] === CR && bytes[lf + 2] === LF) return lf + 3
  }
  return undefined
}

/** Value of the first Content-Length, also in its compact form `l`; 0 if there is none or it is no number. */
function contentLength(bytes: Uint8Array, at: number, end: number): number {
  for (let line = bytes.indexOf(LF, at) + 1; line > 0 && line < end; line = bytes.indexOf(LF, line) + 1) {
    let i = nameEnd(bytes, line)
    if (i === undefined) continue
    while (isBlank(bytes[i])) i++
    if (bytes[i] !== COLON) continue
    i++
    // The value may be folded: RFC 3261 section 7.3.1.
    while (i < end && (isBlank(bytes[i]) || bytes[i] === CR || bytes[i] === LF)) i++
    let value = 0
    for (let digit = (bytes[i] ?? 0) - 0x30; digit >= 0 && digit <= 9; digit = (bytes[++i] ?? 0) - 0x30) {
      value = value * 10 + digit
    }
    return value
  }
  return 0
}

const CONTENT_LENGTH = new TextEncoder().encode('content-length')

/** End of the header name at `line` if it is Content-Length. */
function nameEnd(bytes: Uint8Array, line: number): number | undefined {
  const isLong = CONTENT_LENGTH.every((byte, i) => ((bytes[line + i] ?? 0) | 0x20) === (byte | 0x20))
  if (isLong) return line + CONTENT_LENGTH.length
  return ((bytes[line] ?? 0) | 0x20) === 0x6c ? line + 1 : undefined
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB
}
