import { FLAG } from '@hepscope/shared/event/columns.ts'
import { PROTOCOL_TYPE, transportOf } from '@hepscope/shared/hep/chunks.ts'
import { SipSummary, summarizeSip } from '@hepscope/shared/sip/summary.ts'
import { keyOf, type LadderMessage } from './message.ts'

/**
 * One row of the search API, as the live event that it was: same key, same members.
 *
 * What a row has no column for is read from its payload.
 *
 * @param row columns by name; numbers may be text, as 64-bit ones are in some answers
 */
export function fromStoredRow(row: Record<string, unknown>): LadderMessage {
  const node = textOf(row.node)
  const epoch = numberOf(row.epoch)
  const seq = numberOf(row.seq)
  const payload = textOf(row.payload)
  const raw = bytesOf(row.payload_raw)
  const proto = row.proto_type === undefined ? PROTOCOL_TYPE.sip : numberOf(row.proto_type)
  const sip = proto === PROTOCOL_TYPE.sip && payload !== '' ? readSip(payload) : undefined
  return {
    key: keyOf(node, epoch, seq),
    node,
    epoch,
    seq,
    tsUs: numberOf(row.ts_us),
    srcIp: textOf(row.src_ip),
    srcPort: numberOf(row.src_port),
    dstIp: textOf(row.dst_ip),
    dstPort: numberOf(row.dst_port),
    transport: transportOf(numberOf(row.protocol)),
    proto,
    method: textOf(row.cseq_method) || textOf(row.method),
    statusCode: numberOf(row.response_code),
    reason: textOf(row.reason) || (sip?.reason ?? ''),
    cseqNumber: numberOf(row.cseq) || (sip?.cseqNumber ?? 0),
    callId: textOf(row.session_id) || textOf(row.cid),
    branch: textOf(row.branch) || (sip?.branch ?? ''),
    fromTag: textOf(row.from_tag) || (sip?.fromTag ?? ''),
    toTag: textOf(row.to_tag) || (sip?.toTag ?? ''),
    hasSdp: row.flags === undefined ? sip?.hasSdp === true : (numberOf(row.flags) & FLAG.sdp) !== 0,
    agentId: numberOf(row.node_id),
    agentName: textOf(row.agent_name),
    payload: payload === '' && raw === undefined ? undefined : payload,
    raw,
  }
}

type SipTexts = Pick<LadderMessage, 'reason' | 'cseqNumber' | 'branch' | 'fromTag' | 'toTag' | 'hasSdp'>

const summary = new SipSummary()
const decoder = new TextDecoder()

function readSip(payload: string): SipTexts {
  const bytes = new TextEncoder().encode(payload)
  summarizeSip(bytes, 0, bytes.length, summary)
  const range = (at: number, end: number): string => (at < 0 ? '' : decoder.decode(bytes.subarray(at, end)))
  return {
    reason: range(summary.reasonAt, summary.reasonEnd),
    cseqNumber: summary.cseqNumber,
    branch: range(summary.branchAt, summary.branchEnd),
    fromTag: range(summary.fromTagAt, summary.fromTagEnd),
    toTag: range(summary.toTagAt, summary.toTagEnd),
    hasSdp: summary.hasSdp,
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
}

/** Bytes in base64; undefined if there are none. */
function bytesOf(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  try {
    return Uint8Array.from(atob(value), (letter) => letter.charCodeAt(0))
  } catch {
    return undefined
  }
}

function numberOf(value: unknown): number {
  const number = typeof value === 'bigint' || typeof value === 'string' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : 0
}
