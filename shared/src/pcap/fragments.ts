import { skipExtensionHeaders, type IpFragment, type IpPacket } from './ip.ts'

const MAX_DATAGRAM_BYTES = 65_535

export interface FragmentLimits {
  /** Datagrams that may wait for fragments; the oldest is given up beyond it. */
  readonly maxDatagrams: number
  /** Bytes that may wait, all datagrams together. */
  readonly maxBytes: number
  /** Capture time after which a datagram is given up. RFC 8200 says 60 s for IPv6, RFC 1122 60 to 120 s for IPv4. */
  readonly maxAgeUs: number
}

export const FRAGMENT_LIMITS: FragmentLimits = { maxDatagrams: 256, maxBytes: 4 * 1024 * 1024, maxAgeUs: 60_000_000 }

interface Part {
  readonly at: number
  readonly bytes: Uint8Array
}

interface Waiting {
  readonly sinceUs: number
  /** Sorted by offset, none overlaps another. */
  readonly parts: Part[]
  byteCount: number
  /** Known once the last fragment is there. */
  totalBytes: number | undefined
  /** Of the first fragment: IPv6 has it only there. */
  protocol: number
}

/** Puts IP fragments together, in any order; where two overlap, the bytes that came first stay. */
export class FragmentTable {
  readonly #limits: FragmentLimits
  readonly #waiting = new Map<string, Waiting>()
  #waitingBytes = 0
  #lostCount = 0

  constructor(limits: FragmentLimits = FRAGMENT_LIMITS) {
    this.#limits = limits
  }

  /** Datagrams given up because fragments did not come, or contradicted each other. */
  get lostCount(): number {
    return this.#lostCount
  }

  /**
   * Take one fragment.
   *
   * @param tsUs capture time; an unknown one ages nothing
   * @returns the whole packet, its payload a new array, once its last missing fragment is there
   */
  add(packet: IpPacket, fragment: IpFragment, tsUs: number | undefined): IpPacket | undefined {
    const nowUs = tsUs ?? 0
    this.#giveUpOld(nowUs)
    const key = `${packet.srcIp} ${packet.dstIp} ${packet.version === 4 ? packet.protocol : ''} ${fragment.id}`
    const datagram = this.#waiting.get(key) ?? this.#begin(key, nowUs)
    const end = fragment.offset + packet.payload.length
    const last = datagram.parts.at(-1)
    const contradicts = fragment.hasMore
      ? datagram.totalBytes !== undefined && end > datagram.totalBytes
      : last !== undefined && last.at + last.bytes.length > end
    if (end > MAX_DATAGRAM_BYTES || contradicts) {
      this.#giveUp(key, datagram)
      return undefined
    }
    if (!fragment.hasMore) datagram.totalBytes = end
    if (fragment.offset === 0) datagram.protocol = packet.protocol
    const added = insert(datagram.parts, { at: fragment.offset, bytes: packet.payload })
    datagram.byteCount += added
    this.#waitingBytes += added
    if (datagram.byteCount === datagram.totalBytes) return this.#finish(key, datagram, packet)
    this.#giveUpOverflow()
    return undefined
  }

  /** The capture is over: give up what waits. */
  close(): void {
    for (const [key, datagram] of this.#waiting) this.#giveUp(key, datagram)
  }

  #begin(key: string, nowUs: number): Waiting {
    const datagram: Waiting = { sinceUs: nowUs, parts: [], byteCount: 0, totalBytes: undefined, protocol: 0 }
    this.#waiting.set(key, datagram)
    return datagram
  }

  #finish(key: string, datagram: Waiting, packet: IpPacket): IpPacket | undefined {
    this.#forget(key, datagram)
    const payload = new Uint8Array(datagram.byteCount)
    for (const part of datagram.parts) payload.set(part.bytes, part.at)
    if (packet.version === 4) return { ...packet, payload, fragment: undefined }
    const upper = skipExtensionHeaders(datagram.protocol, payload)
    // Fragments of fragments: RFC 8200 knows none.
    if (upper === undefined || upper.fragment !== undefined) {
      this.#lostCount++
      return undefined
    }
    return { ...packet, ...upper }
  }

  #giveUpOld(nowUs: number): void {
    for (const [key, datagram] of this.#waiting) {
      if (nowUs - datagram.sinceUs <= this.#limits.maxAgeUs) break
      this.#giveUp(key, datagram)
    }
  }

  #giveUpOverflow(): void {
    for (const [key, datagram] of this.#waiting) {
      if (this.#waiting.size <= this.#limits.maxDatagrams && this.#waitingBytes <= this.#limits.maxBytes) break
      this.#giveUp(key, datagram)
    }
  }

  #giveUp(key: string, datagram: Waiting): void {
    this.#lostCount++
    this.#forget(key, datagram)
  }

  #forget(key: string, datagram: Waiting): void {
    this.#waiting.delete(key)
    this.#waitingBytes -= datagram.byteCount
  }
}

/** Put what is new in `part` among `parts`; returns how many bytes that was. */
function insert(parts: Part[], part: Part): number {
  let added = 0
  let { at, bytes } = part
  let i = 0
  while (bytes.length > 0) {
    const other = parts[i]
    if (other !== undefined && other.at + other.bytes.length <= at) {
      i++
      continue
    }
    const room = other === undefined ? bytes.length : other.at - at
    if (room > 0) {
      const fresh = bytes.subarray(0, room)
      parts.splice(i, 0, { at, bytes: fresh })
      added += fresh.length
      at += fresh.length
      bytes = bytes.subarray(fresh.length)
    } else if (other !== undefined) {
      const covered = other.at + other.bytes.length - at
      at += covered
      bytes = bytes.subarray(covered)
    }
    i++
  }
  return added
}
