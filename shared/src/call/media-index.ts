import type { EventBlock } from '../event/block.ts'
import { FLAG, TEXT } from '../event/columns.ts'
import { PROTOCOL_TYPE } from '../hep/chunks.ts'
import { formatIp, parseIp } from '../net/ip.ts'
import { unwrapSip } from '../payload/parts.ts'
import { isRtcp } from '../rtcp/binary.ts'
import { parseRtcpJson } from '../rtcp/json.ts'
import { type Sdp, type SdpMedia, sdpOfMessage } from '../sip/sdp.ts'
import { type MediaEntry, type MediaMatch, MediaTable, ONE_PORT, PORT_PAIR } from './media-table.ts'

export interface MediaIndexOptions {
  /** Most addresses kept, and as many SSRCs; the oldest go first. */
  readonly maxEntries?: number
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
  readonly #addresses: MediaTable
  readonly #ssrcs: MediaTable

  constructor(options: MediaIndexOptions = {}) {
    const maxEntries = Math.max(1, options.maxEntries ?? DEFAULT_MAX_ENTRIES)
    this.#addresses = new MediaTable(maxEntries)
    this.#ssrcs = new MediaTable(maxEntries)
  }

  /** Entries held, those of both kinds. */
  get size(): number {
    return this.#addresses.size + this.#ssrcs.size
  }

  /**
   * Take the media addresses of a SIP event; others, and those without SDP or Call-ID, change nothing.
   *
   * A re-INVITE or UPDATE makes them young again.
   *
   * @param callId that of the event
   * @returns the SDP, undefined where there is none
   */
  learn(block: EventBlock, row: number, callId = block.text(TEXT.callId, row)): Sdp | undefined {
    if (((block.flags[row] ?? 0) & FLAG.sdp) === 0 || callId === '') return undefined
    const sdp = sdpOfMessage(unwrapSip(block.payload(row)))
    if (sdp === undefined) return undefined
    const tsUs = block.tsUs[row] ?? 0
    let senderIp: string | undefined
    for (const media of sdp.media) {
      const { port, rtcpPort = port, transport } = media
      if (port === 0 || port === DISCARD_PORT || !transport.includes('RTP')) continue
      const match = matchOf(callId, media)
      senderIp ??= block.srcIp(row)
      this.#learn(media.address, port, PORT_PAIR, match, tsUs, true)
      this.#learn(senderIp, port, PORT_PAIR, match, tsUs, false)
      if (rtcpPort !== port && rtcpPort !== port + 1) {
        this.#learn(media.address, rtcpPort, ONE_PORT, match, tsUs, true)
        this.#learn(senderIp, rtcpPort, ONE_PORT, match, tsUs, false)
      }
      this.#learn(media.rtcpAddress, rtcpPort, ONE_PORT, match, tsUs, true)
    }
    return sdp
  }

  /**
   * The call that an RTCP or RTP event belongs to: by source address and SSRC, then by source, then by destination.
   *
   * @returns undefined if none is known, or the event is SIP
   */
  find(block: EventBlock, row: number): MediaMatch | undefined {
    if (((block.flags[row] ?? 0) & FLAG.sip) !== 0) return undefined
    const tsUs = block.tsUs[row] ?? 0
    const srcIp = block.srcIp(row)
    const srcPort = block.srcPort[row] ?? 0
    const ssrc = block.proto[row] === PROTOCOL_TYPE.rtcpJson ? ssrcOf(block.payload(row)) : undefined
    if (ssrc !== undefined) {
      const known = this.#ssrcs.get(srcIp, srcPort, ssrc)
      if (known !== undefined && isAlive(known, tsUs, SSRC_LIFE_US)) return known.match
    }
    const match = this.#at(srcIp, srcPort, tsUs) ?? this.#at(block.dstIp(row), block.dstPort[row] ?? 0, tsUs)
    if (match !== undefined && ssrc !== undefined) this.#ssrcs.put(srcIp, srcPort, ssrc, match, tsUs, true)
    return match
  }

  clear(): void {
    this.#addresses.clear()
    this.#ssrcs.clear()
  }

  /** Of what leads from an address, what SDP itself says, then the newest. */
  #at(ip: string, port: number, tsUs: number): MediaMatch | undefined {
    let best: Readonly<MediaEntry> | undefined
    for (const entry of [
      this.#addresses.get(ip, port, PORT_PAIR),
      this.#addresses.get(ip, port - 1, PORT_PAIR),
      this.#addresses.get(ip, port, ONE_PORT),
    ]) {
      if (entry === undefined || !isAlive(entry, tsUs, ADDRESS_LIFE_US)) continue
      if (best === undefined || isSurer(entry, best)) best = entry
    }
    return best?.match
  }

  /** What has expired is not looked for: a clock that is wrong would else empty the table. */
  #learn(
    address: string | undefined,
    port: number,
    ports: number,
    match: MediaMatch,
    tsUs: number,
    isFromSdp: boolean,
  ): void {
    if (address === undefined || port === 0 || NO_ADDRESSES.has(address)) return
    const ip = canonicalIp(address)
    if (!isFromSdp) {
      const held = this.#addresses.get(ip, port, ports)
      // Two phones behind one proxy may use the same port: what SDP itself says is surer than that guess.
      if (held?.isFromSdp === true && isAlive(held, tsUs, ADDRESS_LIFE_US)) return
    }
    this.#addresses.put(ip, port, ports, match, tsUs, isFromSdp)
  }
}

function isSurer(a: Readonly<MediaEntry>, b: Readonly<MediaEntry>): boolean {
  return a.isFromSdp === b.isFromSdp ? a.order > b.order : a.isFromSdp
}

function matchOf(callId: string, media: SdpMedia): MediaMatch {
  for (const { name, clockRateHz } of media.codecs) {
    if (name === undefined || name === 'telephone-event') continue
    return clockRateHz === undefined ? { callId, codec: name } : { callId, codec: name, clockRateHz }
  }
  return { callId }
}

/** Reports may come from several agents, so an entry also holds for events that are a little older. */
function isAlive(entry: Readonly<MediaEntry>, tsUs: number, lifeUs: number): boolean {
  return Math.abs(tsUs - entry.tsUs) <= lifeUs
}

/** Blocks have IPv6 in canonical form, SDP has it as the phone wrote it. */
function canonicalIp(ip: string): string {
  const bytes = ip.includes(':') ? parseIp(ip) : undefined
  return bytes === undefined ? ip : formatIp(bytes, 0, bytes.length)
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
