import { hashText, mix } from '../bytes/hash.ts'
import { Line, Place } from './line.ts'

const LEAST_BUCKETS = 64

/** What is known of the call that a media address belongs to. */
export interface MediaMatch {
  readonly callId: string
  /** The first codec that SDP names at this address, as SDP spells it. */
  readonly codec?: string
  readonly clockRateHz?: number
}

/** In place of an SSRC, what an address alone stands for: this port and the one after it, or this port. */
export const PORT_PAIR = -1
export const ONE_PORT = -2

/** What an address, or an SSRC from an address, leads to. Overwritten when it leads to another. */
export interface MediaEntry {
  ip: string
  port: number
  /** Or `PORT_PAIR`, or `ONE_PORT`. */
  ssrc: number
  hash: number
  match: MediaMatch
  /** Greater for what was put later. */
  order: number
  /** Of the event that it was learnt from. */
  tsUs: number
  /** False for the address that a SIP message came from: only a guess for where its media comes from. */
  isFromSdp: boolean
  /** Another one in the same bucket. */
  next: Place<MediaEntry> | undefined
}

/** The entries that were put last, as many as there may be; further ones take the place of the oldest. */
export class MediaTable {
  readonly #maxEntries: number
  readonly #line = new Line<MediaEntry>()
  #buckets = newBuckets(LEAST_BUCKETS)
  #order = 0

  /** @param maxEntries at least 1 */
  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries
  }

  get size(): number {
    return this.#line.size
  }

  /** @param ssrc or `PORT_PAIR`, or `ONE_PORT` */
  get(ip: string, port: number, ssrc: number): Readonly<MediaEntry> | undefined {
    return this.#find(ip, port, ssrc, hashOf(ip, port, ssrc))?.item
  }

  /** Add an entry, or write over it; it is the newest then. */
  put(ip: string, port: number, ssrc: number, match: MediaMatch, tsUs: number, isFromSdp: boolean): void {
    const hash = hashOf(ip, port, ssrc)
    let place = this.#find(ip, port, ssrc, hash)
    if (place === undefined) {
      place = this.#line.size < this.#maxEntries ? undefined : this.#takeOldest()
      if (place === undefined) {
        place = new Place({ ip, port, ssrc, hash, match, order: 0, tsUs, isFromSdp, next: undefined })
        if (this.#line.size >= this.#buckets.length) this.#grow()
      }
      const { item } = place
      item.ip = ip
      item.port = port
      item.ssrc = ssrc
      item.hash = hash
      this.#link(place)
    } else this.#line.remove(place)
    this.#line.add(place)
    place.item.match = match
    place.item.order = ++this.#order
    place.item.tsUs = tsUs
    place.item.isFromSdp = isFromSdp
  }

  clear(): void {
    this.#line.clear()
    this.#buckets = newBuckets(LEAST_BUCKETS)
  }

  #find(ip: string, port: number, ssrc: number, hash: number): Place<MediaEntry> | undefined {
    let place = this.#buckets[hash & (this.#buckets.length - 1)]
    while (place !== undefined) {
      const { item } = place
      if (item.hash === hash && item.port === port && item.ssrc === ssrc && item.ip === ip) return place
      place = item.next
    }
    return undefined
  }

  #link(place: Place<MediaEntry>): void {
    const bucket = place.item.hash & (this.#buckets.length - 1)
    place.item.next = this.#buckets[bucket]
    this.#buckets[bucket] = place
  }

  #takeOldest(): Place<MediaEntry> | undefined {
    const oldest = this.#line.first
    if (oldest === undefined) return undefined
    this.#line.remove(oldest)
    const bucket = oldest.item.hash & (this.#buckets.length - 1)
    let before = this.#buckets[bucket]
    if (before === oldest) this.#buckets[bucket] = oldest.item.next
    else {
      while (before !== undefined && before.item.next !== oldest) before = before.item.next
      if (before !== undefined) before.item.next = oldest.item.next
    }
    return oldest
  }

  #grow(): void {
    this.#buckets = newBuckets(2 * this.#buckets.length)
    for (let place = this.#line.first; place !== undefined; place = place.after) this.#link(place)
  }
}

function newBuckets(length: number): (Place<MediaEntry> | undefined)[] {
  return Array.from({ length }, () => undefined)
}

function hashOf(ip: string, port: number, ssrc: number): number {
  return mix(mix(hashText(ip), port), ssrc)
}
