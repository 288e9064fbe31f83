import { parseIp } from '@hepscope/shared/net/ip.ts'
import { unwrapSip } from '@hepscope/shared/payload/parts.ts'
import { sdpOfMessage } from '@hepscope/shared/sip/sdp.ts'
import { messageOf, type StoredRow } from './stored-rows.ts'

/** An address that media go to or come from. */
export interface MediaEndpoint {
  readonly ip: string
  readonly port: number
}

/** Where and when reports of the media of some calls are to be looked for. */
export interface CallMedia {
  readonly endpoints: readonly MediaEndpoint[]
  /** Whole milliseconds since 1970. */
  readonly from: number
  readonly to: number
}

/** Most addresses that are looked for. */
export const MAX_ENDPOINTS = 128
/** Clocks of agents differ, and the last report may come behind the BYE. */
const MARGIN_MS = 10_000
/** How long after its last message a call that was not seen to end may have media. */
const OPEN_MS = 20 * 60_000
/** What ICE agents write while they have no address to give. @see RFC 8840 */
const DISCARD_PORT = 9
const NO_ADDRESSES: ReadonlySet<string> = new Set(['', '0.0.0.0', '::'])

/**
 * The media addresses of the SDP of some calls, with the ports of RTCP, and the time of the calls. Because of NAT, the
 * same ports at the address that the message came from, too.
 *
 * @param rows SIP, in order of time
 * @returns undefined if no SDP names an address
 */
export function callMedia(rows: readonly StoredRow[]): CallMedia | undefined {
  const endpoints = new Map<string, MediaEndpoint>()
  const add = (ip: string | undefined, port: number | undefined): void => {
    if (
      ip === undefined ||
      NO_ADDRESSES.has(ip) ||
      parseIp(ip) === undefined ||
      port === undefined ||
      port === 0 ||
      port > 0xffff
    )
      return
    if (endpoints.size < MAX_ENDPOINTS) endpoints.set(`${ip} ${port}`, { ip, port })
  }
  for (const row of rows) {
    const sdp = sdpOfMessage(unwrapSip(messageOf(row).bytes))
    for (const media of sdp?.media ?? []) {
      if (media.port === 0 || media.port === DISCARD_PORT || !media.transport.includes('RTP')) continue
      for (const port of new Set([media.port, media.port + 1, media.rtcpPort ?? media.port])) {
        add(media.address, port)
        add(row.src_ip, port)
      }
      add(media.rtcpAddress, media.rtcpPort)
    }
  }
  const first = rows[0]
  const last = rows.at(-1)
  if (endpoints.size === 0 || first === undefined || last === undefined) return undefined
  const from = Math.max(0, Math.floor(first.ts_us / 1000) - MARGIN_MS)
  const to = Math.ceil(last.ts_us / 1000) + (hasEnded(rows) ? MARGIN_MS : OPEN_MS)
  return { endpoints: [...endpoints.values()], from, to }
}

/** True if the last request of every Call-ID ends it, or its INVITE was refused. */
function hasEnded(rows: readonly StoredRow[]): boolean {
  const ended = new Map<string, boolean>()
  for (const { session_id, method = '', response_code, cseq_method } of rows) {
    const isRefusal = cseq_method === 'INVITE' && Number(response_code) >= 300
    const isEnd = method === 'BYE' || method === 'CANCEL' || isRefusal
    ended.set(session_id, isEnd || ended.get(session_id) === true)
  }
  return [...ended.values()].every((isEnded) => isEnded)
}
