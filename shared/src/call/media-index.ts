import type { EventBlock } from '../event/block.ts'
import { FLAG, TEXT } from '../event/columns.ts'
import { PROTOCOL_TYPE } from '../hep/chunks.ts'
import { formatIp, parseIp } from '../net/ip.ts'
import { unwrapSip } from '../payload/parts.ts'
import { isRtcp } from '../rtcp/binary.ts'
import { parseRtcpJson } from '../rtcp/json.ts'
import { type SdpMedia, sdpOfMessage } from '../sip/sdp.ts'

export interface MediaIndexOptions {
  /** Most addresses kept, and as many SSRCs; the oldest go first. */
  readonly maxEntries?: number
}

/** What is known of the call that a media address belongs to. */
export interface MediaMatch {
  readonly callId: string
  /** The first codec that SDP names at this address, as SDP spells it. */
  readonly codec?: string
  readonly clockRateHz?: number
}

interface Entry {
  readonly match: MediaMatch
  /** Of the event that it was learnt from. */
  readonly tsUs: number
  /** False for the address that a SIP message came from: only a guess for where its media comes from. */
  readonly isFromSdp: boolean
}

const DEFAULT_MAX_ENTRIES = 50_000
/** How long after its SDP a media address still means the call. */
const ADDRESS_LIFE_US = 20 * 60 * 1_000_000
/** How long an SSRC means the call for which it was first seen. */
const SSRC_LIFE_US = 12 * 60 * 60 * 1_000_000
/** What ICE agents write while they have no address to give. @see RFC 8840 */
const DISCARD_PORT = 9
const NO_ADDRESSES: ReadonlySet<string> = new Set(['', '0.0.0.0', '::'])
const SSRC_AT = 4

/**
 * Finds the call of RTCP and RTP reports that do not name one: by the media addresses of its SDP.
 *
 * Holds addresses and ports of SDP and, because of NAT, the same ports at the address that the SIP message came from.
 * A report that was found once is then found by its SSRC, so that a call longer than 20 minutes does not lose its
 * reports. Goes by the times of events, so a replayed file gives what the live traffic gave.
 */
export class MediaIndex {
  readonly #maxEntries: number
  readonly #addresses = new Map<string, Entry>()
  readonly #ssrcs = new Map<string, Entry>()

  constructor(options: MediaIndexOptions = {}) {
    this.#maxEntries = Math.max(1, options.maxEntries ?? DEFAULT_MAX_ENTRIES)
  }

  /** Entries held, those of both kinds. */
  get size(): number {
    return this.#addresses.size + this.#ssrcs.size
  }

  /**
   * Take the media addresses of a SIP event; others, and those without SDP or Call-ID, change nothing.
   *
   * A re-INVITE or UPDATE makes them young again.
   */
  learn(block: EventBlock, row: number): void {
    if (((block.flags[row] ?? 0) & FLAG.sdp) === 0 || !block.hasText(TEXT.callId, row)) return
    const sdp = sdpOfMessage(unwrapSip(block.payload(row)))
    if (sdp === undefined) return
    const callId = block.text(TEXT.callId, row)
    const tsUs = block.tsUs[row] ?? 0
    const senderIp = block.srcIp(row)
    for (const media of sdp.media) {
      if (media.port === 0 || media.port === DISCARD_PORT || !media.transport.includes('RTP')) continue
      const match = matchOf(callId, media)
      const ports = new Set([media.port, media.port + 1, media.rtcpPort ?? media.port])
      for (const port of ports) {
        this.#add(media.address, port, { match, tsUs, isFromSdp: true })
        this.#add(senderIp, port, { match, tsUs, isFromSdp: false })
      }
      this.#add(media.rtcpAddress, media.rtcpPort, { match, tsUs, isFromSdp: true })
    }
  }

  /**
   * The call that an RTCP or RTP event belongs to: by source address and SSRC, then by source, then by destination.
   *
   * @returns undefined if none is known, or the event is SIP
   */
  find(block: EventBlock, row: number): MediaMatch | undefined {
    if (((block.flags[row] ?? 0) & FLAG.sip) !== 0) return undefined
    const tsUs = block.tsUs[row] ?? 0
    const source = keyOf(block.srcIp(row), block.srcPort[row] ?? 0)
    const ssrc = block.proto[row] === PROTOCOL_TYPE.rtcpJson ? ssrcOf(block.payload(row)) : undefined
    const ssrcKey = ssrc === undefined ? undefined : `${source} ${ssrc}`
    if (ssrcKey !== undefined) {
      const known = this.#ssrcs.get(ssrcKey)
      if (known !== undefined && isAlive(known, tsUs, SSRC_LIFE_US)) return known.match
    }
    const destination = keyOf(block.dstIp(row), block.dstPort[row] ?? 0)
    const match = this.#at(source, tsUs) ?? this.#at(destination, tsUs)
    if (match !== undefined && ssrcKey !== undefined) {
      this.#put(this.#ssrcs, ssrcKey, { match, tsUs, isFromSdp: true })
    }
    return match
  }

  clear(): void {
    this.#addresses.clear()
    this.#ssrcs.clear()
  }

  #at(key: string, tsUs: number): MediaMatch | undefined {
    const entry = this.#addresses.get(key)
    return entry !== undefined && isAlive(entry, tsUs, ADDRESS_LIFE_US) ? entry.match : undefined
  }

  #add(ip: string | undefined, port: number | undefined, entry: Entry): void {
    if (ip === undefined || port === undefined || port === 0 || port > 0xffff || NO_ADDRESSES.has(ip)) return
    const key = keyOf(ip, port)
    if (!entry.isFromSdp) {
      const held = this.#addresses.get(key)
      // Two phones behind one proxy may use the same port: what SDP itself says is surer than that guess.
      if (held?.isFromSdp === true && isAlive(held, entry.tsUs, ADDRESS_LIFE_US)) return
    }
    this.#put(this.#addresses, key, entry)
  }

  /**
   * To the end of the map, which is so in order of learning. What has expired is not looked for: a clock that is wrong
   * would else empty the map.
   */
  #put(map: Map<string, Entry>, key: string, entry: Entry): void {
    map.delete(key)
    map.set(key, entry)
    if (map.size <= this.#maxEntries) return
    const [oldest] = map.keys()
    if (oldest !== undefined) map.delete(oldest)
  }
}

function matchOf(callId: string, media: SdpMedia): MediaMatch {
  const codec = media.codecs.find(({ name }) => name !== undefined && name !== 'telephone-event')
  return {
    callId,
    ...(codec?.name !== undefined && { codec: codec.name }),
    ...(codec?.clockRateHz !== undefined && { clockRateHz: codec.clockRateHz }),
  }
}

/** Reports may come from several agents, so an entry also holds for events that are a little older. */
function isAlive(entry: Entry, tsUs: number, lifeUs: number): boolean {
  return Math.abs(tsUs - entry.tsUs) <= lifeUs
}

/** Blocks have IPv6 in canonical form, SDP has it as the phone wrote it. */
function keyOf(ip: string, port: number): string {
  const bytes = ip.includes(':') ? parseIp(ip) : undefined
  return `${bytes === undefined ? ip : formatIp(bytes, 0, bytes.length)} ${port}`
}

/** SSRC of the endpoint that sent an RTCP packet. */
function ssrcOf(payload: Uint8Array): number | undefined {
  if (isRtcp(payload)) {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
    return payload.length < SSRC_AT + 4 ? undefined : view.getUint32(SSRC_AT)
  }
  for (const packet of parseRtcpJson(payload) ?? []) {
    if ('ssrc' in packet && packet.ssrc !== 0) return packet.ssrc
  }
  return undefined
}
