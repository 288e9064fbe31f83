import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import type { StoredRow } from '../server/api.ts'
import type { StreamFrame } from '../stream/viewer.ts'
import { readSipText, sipKey } from './sip-key.ts'

const utf8 = new TextDecoder()

/** Key of a message as its sender had it. */
export function keyOfPacket(packet: HepPacket): string {
  return sipKey({
    ...readSipText(utf8.decode(packet.payload)),
    from: `${packet.srcIp ?? ''}:${packet.srcPort}`,
    to: `${packet.dstIp ?? ''}:${packet.dstPort}`,
  })
}

/** Key of a message as the live stream has it. */
export function keyOfFrame({ sip, src_ip, src_port, dst_ip, dst_port }: StreamFrame): string {
  return sipKey({
    callId: sip?.callid ?? '',
    cseq: sip?.cseq ?? '',
    code: sip?.resp_code ?? '',
    from: `${src_ip ?? ''}:${src_port ?? 0}`,
    to: `${dst_ip ?? ''}:${dst_port ?? 0}`,
  })
}

/** Key of a message as the search has it. */
export function keyOfRow(row: StoredRow): string {
  return sipKey({
    callId: row.session_id,
    cseq: `${row.cseq} ${row.cseq_method}`,
    code: row.response_code,
    from: `${row.src_ip}:${row.src_port}`,
    to: `${row.dst_ip}:${row.dst_port}`,
  })
}
