import { PROTOCOL_TYPE } from '../hep/chunks.ts'
import { isRtcp, parseRtcp } from '../rtcp/binary.ts'
import { parseRtcpJson } from '../rtcp/json.ts'
import type { RtcpPacket } from '../rtcp/packet.ts'
import { parseSdp, type Sdp } from '../sip/sdp.ts'
import { type DnsView, viewDns } from './dns.ts'
import { type HoraclifixView, viewHoraclifix } from './horaclifix.ts'
import { type IsupView, viewIsup } from './isup.ts'
import { type JsonObject, type Members, membersOf, parseJsonObject, payloadText } from './json.ts'
import { type LogView, viewLog } from './log.ts'
import { OPEN_SIPS_TYPE, type OpenSipsView, viewOpenSips } from './opensips.ts'
import { parseParts, type Part, unwrapSip } from './parts.ts'
import { type RtpReportView, viewRtpReport } from './rtp-report.ts'
import { type NgView, type VertoView, viewType61 } from './type-61.ts'
import { viewVoiceQualityJson, viewVoiceQualityText, type VoiceQualityView } from './voice-quality.ts'

/** What rides in a HEP packet, as far as its shape is known. */
export type PayloadView =
  | SipView
  | SdpView
  | RtcpView
  | RtpReportView
  | VoiceQualityView
  | HoraclifixView
  | LogView
  | DnsView
  | IsupView
  | NgView
  | VertoView
  | OpenSipsView
  | JsonView
  | BytesView

export interface SipView {
  readonly kind: 'sip'
  /** The message; taken out of its JSON wrapping if it had one. */
  readonly message: Uint8Array
  /** What else was in the wrapping. */
  readonly parts?: readonly Part[]
}

export interface SdpView {
  readonly kind: 'sdp'
  readonly sdp: Sdp
}

export interface RtcpView {
  readonly kind: 'rtcp'
  readonly packets: readonly RtcpPacket[]
}

/** JSON of a type whose members nothing defines. */
export interface JsonView {
  readonly kind: 'json'
  readonly object: JsonObject
}

/** Nothing is known of it: show the bytes. */
export interface BytesView {
  readonly kind: 'bytes'
}

const BYTES: BytesView = { kind: 'bytes' }

/** Types whose members nothing defines, but which are JSON: SIP, RTSP, Diameter, MAP, RTCP statistics, CDR and so on. */
const JSON_TYPES: ReadonlySet<number> = new Set([20, 32, 34, 35, 38, 50, 53, 54, 55, 56, 57, 58, 60, 61, 99, 101])

/**
 * Make a typed view of a payload.
 *
 * @param protocolType HEP protocol type, chunk 0x000b
 * @param bytes the payload, inflated if it was compressed; views may hold parts of it
 * @returns the view of its type if the payload has that type's shape, else `json` or `bytes`; never throws
 */
export function viewPayload(protocolType: number, bytes: Uint8Array): PayloadView {
  if (bytes.length === 0) return BYTES
  switch (protocolType) {
    case PROTOCOL_TYPE.sip:
      return viewSip(bytes)
    case 3:
      return { kind: 'sdp', sdp: parseSdp(payloadText(bytes)) }
    case PROTOCOL_TYPE.rtcpJson:
      return viewRtcp(bytes) ?? BYTES
    case PROTOCOL_TYPE.log:
      return viewLog(bytes)
    case 61:
      return viewType61(bytes) ?? BYTES
    case OPEN_SIPS_TYPE.mi:
    case OPEN_SIPS_TYPE.rest:
    case OPEN_SIPS_TYPE.net:
    case OPEN_SIPS_TYPE.control:
      return viewOpenSips(protocolType, bytes) ?? BYTES
    default:
      return JSON_TYPES.has(protocolType) ? viewJsonType(protocolType, bytes) : BYTES
  }
}

function viewSip(bytes: Uint8Array): SipView {
  const message = unwrapSip(bytes)
  const parts = message === bytes ? [] : (parseParts(bytes) ?? []).filter(([name]) => name !== 'payload')
  return { kind: 'sip', message, ...(parts.length > 0 && { parts }) }
}

function viewRtcp(bytes: Uint8Array): PayloadView | undefined {
  const packets = isRtcp(bytes) ? parseRtcp(bytes) : parseRtcpJson(bytes)
  if (packets !== undefined && packets.length > 0) return { kind: 'rtcp', packets }
  const object = parseJsonObject(bytes)
  return object && { kind: 'json', object }
}

function viewJsonType(protocolType: number, bytes: Uint8Array): PayloadView {
  const object = parseJsonObject(bytes)
  if (object === undefined) return (protocolType === 35 ? viewVoiceQualityText(payloadText(bytes)) : undefined) ?? BYTES
  return viewMembers(protocolType, membersOf(object)) ?? { kind: 'json', object }
}

function viewMembers(protocolType: number, members: Members): PayloadView | undefined {
  switch (protocolType) {
    case 32:
    case 34:
    case 99:
      return viewRtpReport(members)
    case 35:
      return viewVoiceQualityJson(members) ?? viewRtpReport(members)
    case 38:
      return viewHoraclifix(members)
    case 53:
      return viewDns(members)
    case 54:
      return viewIsup(members)
    default:
      return undefined
  }
}

/** The Call-ID that a payload itself names, whatever its packet's correlation id says; undefined if it names none. */
export function callIdOfPayload(view: PayloadView): string | undefined {
  switch (view.kind) {
    case 'rtp-report':
      return view.callId ?? view.correlationId
    case 'voice-quality':
    case 'ng':
    case 'verto':
      return view.callId
    case 'horaclifix':
      return view.incoming.callId ?? view.outgoing.callId
    default:
      return undefined
  }
}
