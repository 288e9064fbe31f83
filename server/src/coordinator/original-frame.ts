import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import { parseIp } from '@hepscope/shared/net/ip.ts'

/** Most milliseconds whose microseconds a number holds exactly. */
const MAX_TS_MS = Number.MAX_SAFE_INTEGER / 1000
/** In the place of a payload that we do not have, so that the event says that there was one. */
const ABSENT_PAYLOAD = Uint8Array.of(0x3f)

/** An event of an original Homer node. */
export interface OriginalEvent {
  readonly packet: HepPacket
  /** False: the packet's payload is made up, to carry the fields of the frame. */
  readonly hasPayload: boolean
}

/**
 * Read a JSON frame of an original Homer node.
 *
 * Its payload is taken where there is one. Otherwise a SIP message is made of the frame's fields: it is never to be
 * shown, but what reads SIP finds the fields in it.
 *
 * @param frame what JSON.parse gave
 * @returns undefined if it is no frame: `ts` and `proto` are always there
 */
export function readOriginalFrame(frame: unknown): OriginalEvent | undefined {
  if (!isObject(frame)) return undefined
  const { ts, proto } = frame
  if (!isWhole(ts, MAX_TS_MS) || !isWhole(proto, 0xff)) return undefined
  const srcIp = address(frame.src_ip)
  const dstIp = address(frame.dst_ip)
  const text = textOf(frame.payload)
  const hasPayload = text !== ''
  const sip = isObject(frame.sip) ? sipText(frame.sip) : ''
  const encoder = new TextEncoder()
  return {
    packet: {
      version: 3,
      ipProtocol: 0,
      // HEP has one family for both addresses.
      ...(srcIp !== undefined && dstIp !== undefined && isIpv6(srcIp) === isIpv6(dstIp) && { srcIp, dstIp }),
      srcPort: isWhole(frame.src_port, 0xffff) ? frame.src_port : 0,
      dstPort: isWhole(frame.dst_port, 0xffff) ? frame.dst_port : 0,
      ...(ts > 0 && { tsUs: ts * 1000 }),
      protocolType: proto,
      agentId: isWhole(frame.node_id, 0xffffffff) ? frame.node_id : 0,
      payload: hasPayload ? encoder.encode(text) : sip === '' ? ABSENT_PAYLOAD : encoder.encode(sip),
    },
    hasPayload,
  }
}

/** A SIP message that has just these fields; `''` without a start line. */
function sipText(sip: Record<string, unknown>): string {
  const code = textOf(sip.resp_code)
  const method = textOf(sip.method)
  const start = /^\d{3}$/.test(code)
    ? `SIP/2.0 ${code} ${line(sip.resp_text)}`
    : /^[\w.!%*+`'~-]+$/.test(method)
      ? `${method} ${uri(sip.ruri_user)} SIP/2.0`
      : ''
  if (start === '') return ''
  const headers = [
    ['From', `<${uri(sip.from_user)}>`],
    ['To', `<${uri(sip.to_user)}>`],
    ['Call-ID', line(sip.callid)],
    ['CSeq', line(sip.cseq)],
  ]
  return `${start}\r\n${headers.map(([name, value]) => (value === '' ? '' : `${name}: ${value}\r\n`)).join('')}\r\n`
}

/** Without a host: the frame names none. A user that a SIP URI cannot hold is left out. */
function uri(user: unknown): string {
  const text = textOf(user)
  return /^[^\s<>@;:"]+$/.test(text) ? `sip:${text}@` : 'sip:'
}

/** Text that stays in its line. */
function line(value: unknown): string {
  return textOf(value)
    .replaceAll(/[\r\n\0]+/g, ' ')
    .trim()
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function address(value: unknown): string | undefined {
  return typeof value === 'string' && parseIp(value) !== undefined ? value : undefined
}

function isIpv6(text: string): boolean {
  return text.includes(':')
}

function isWhole(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
