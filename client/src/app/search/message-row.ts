import { numberOf, textOf } from '../http/request.ts'
import type { Masker } from '../privacy/masker.ts'
import type { StoredRow } from '../http/row-stream.ts'

/** A stored message as the result list shows it. */
export interface MessageResult {
  /** `node:epoch:seq`, the same as in a ladder. */
  readonly key: string
  readonly tsUs: number
  readonly callId: string
  /** Method of a request, code and reason of an answer. */
  readonly label: string
  /** 0 for a request. */
  readonly statusCode: number
  readonly from: string
  readonly to: string
  /** `ip:port` */
  readonly source: string
  readonly destination: string
  readonly node: string
}

/** @param row of `POST /transactions/search` */
export function messageResult(row: StoredRow): MessageResult {
  const statusCode = numberOf(row, 'response_code')
  const method = textOf(row, 'cseq_method') || textOf(row, 'method')
  const node = textOf(row, 'node')
  return {
    key: `${node}:${numberOf(row, 'epoch')}:${numberOf(row, 'seq')}`,
    tsUs: numberOf(row, 'ts_us'),
    callId: textOf(row, 'session_id') || textOf(row, 'cid'),
    label:
      statusCode === 0 ? method || protoName(numberOf(row, 'proto_type')) : `${statusCode} ${textOf(row, 'reason')}`,
    statusCode,
    from: textOf(row, 'caller') || textOf(row, 'from_host'),
    to: textOf(row, 'callee') || textOf(row, 'to_host'),
    source: endpoint(textOf(row, 'src_ip'), numberOf(row, 'src_port')),
    destination: endpoint(textOf(row, 'dst_ip'), numberOf(row, 'dst_port')),
    node,
  }
}

/** The message with pseudonyms. */
export function maskResult(row: MessageResult, masker: Masker): MessageResult {
  return {
    ...row,
    callId: masker.callId(row.callId),
    label: masker.text(row.label),
    from: masker.party(row.from),
    to: masker.party(row.to),
    source: masker.endpoint(row.source),
    destination: masker.endpoint(row.destination),
    node: masker.name(row.node),
  }
}

function endpoint(ip: string, port: number): string {
  return ip === '' ? '' : `${ip.includes(':') ? `[${ip}]` : ip}:${port}`
}

const PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [1, 'SIP'],
  [5, 'RTCP'],
  [34, 'RTP report'],
  [35, 'RTP report'],
  [53, 'DNS'],
  [100, 'log'],
])

function protoName(proto: number): string {
  return PROTOCOLS.get(proto) ?? `HEP type ${proto}`
}
