import { parseRtcpJson } from '@hepscope/shared/rtcp/json.ts'
import type { RtcpReportBlock } from '@hepscope/shared/rtcp/packet.ts'

/**
 * The worst report block of an RTCP report, e.g. `RTCP loss 0.4 % jitter 12`, with the jitter in RTP time units.
 *
 * @param json payload of HEP protocol type 5
 * @returns undefined if it is no such report
 */
export function formatRtcp(json: string): string | undefined {
  const packets = parseRtcpJson(new TextEncoder().encode(json))
  if (packets === undefined) return undefined
  let worst: RtcpReportBlock | undefined
  let sent: number | undefined
  for (const packet of packets) {
    if (packet.type === 'sender-report') sent = packet.sender.packetCount
    if (packet.type !== 'sender-report' && packet.type !== 'receiver-report') continue
    for (const block of packet.blocks) if (worst === undefined || isWorse(block, worst)) worst = block
  }
  if (worst !== undefined) return `RTCP loss ${formatLoss(worst.fractionLost)} jitter ${worst.jitter}`
  return sent === undefined ? 'RTCP' : `RTCP ${sent} packets sent`
}

function isWorse(a: RtcpReportBlock, b: RtcpReportBlock): boolean {
  return a.fractionLost === b.fractionLost ? a.jitter > b.jitter : a.fractionLost > b.fractionLost
}

function formatLoss(fractionOf256: number): string {
  return `${fractionOf256 === 0 ? '0' : ((fractionOf256 * 100) / 256).toFixed(1)} %`
}
