import { isRtcp } from '@hepscope/shared/rtcp/binary.ts'
import { RTCP_TYPE } from '@hepscope/shared/rtcp/packet.ts'
import { hiddenText, maskMessage } from './mask-message.ts'
import type { Masker } from './masker.ts'

/** Their packets have nothing but counts and random identifiers. */
const REPORTS: ReadonlySet<number> = new Set([
  RTCP_TYPE.senderReport,
  RTCP_TYPE.receiverReport,
  RTCP_TYPE.transportFeedback,
  RTCP_TYPE.payloadFeedback,
  RTCP_TYPE.extendedReport,
])
const utf8 = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** The bytes of a packet without what tells who talks to whom: see `maskMessage`. Of RTCP, reports stay. */
export function maskPayload(bytes: Uint8Array, masker: Masker): Uint8Array {
  if (!isRtcp(bytes)) return utf8.encode(maskMessage(decoder.decode(bytes), masker, bytes.length))
  const reports = rtcpReports(bytes)
  return reports.length > 0 ? reports : utf8.encode(hiddenText(bytes.length))
}

/** The packets of a compound one that name nobody. */
function rtcpReports(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const kept: number[] = []
  for (let at = 0; at + 4 <= bytes.length;) {
    const end = at + (view.getUint16(at + 2) + 1) * 4
    if (end > bytes.length) break
    if (REPORTS.has(view.getUint8(at + 1))) kept.push(...bytes.subarray(at, end))
    at = end
  }
  return Uint8Array.from(kept)
}
