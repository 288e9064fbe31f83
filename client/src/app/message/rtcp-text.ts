import type { RtcpPacket, RtcpReportBlock, RtcpSenderInfo, XrBlock } from '@hepscope/shared/rtcp/packet.ts'
import { fractionLostPercent } from '@hepscope/shared/rtcp/quality.ts'
import { formatPlural } from '../format/number.ts'

const NTP_UNITS_PER_SECOND = 65_536
/** Members of an XR block that are no figure of the stream. */
const NO_FIGURE: ReadonlySet<string> = new Set(['type', 'source'])

/** What RTCP packets say, a line each thing; that of a packet is indented. */
export function rtcpText(packets: readonly RtcpPacket[]): string {
  return packets.flatMap(linesOf).join('\n')
}

function linesOf(packet: RtcpPacket): string[] {
  switch (packet.type) {
    case 'sender-report':
      return [`Sender report of ${ssrc(packet.ssrc)}`, ...sent(packet.sender), ...packet.blocks.flatMap(heard)]
    case 'receiver-report':
      return [
        `Receiver report of ${ssrc(packet.ssrc)}`,
        ...(packet.blocks.length === 0 ? ['  has heard nothing'] : packet.blocks.flatMap(heard)),
      ]
    case 'source-description':
      return packet.chunks.flatMap((chunk) => [
        `Description of ${ssrc(chunk.ssrc)}`,
        ...chunk.items.map(({ name, text }) => `  ${name} ${text}`),
      ])
    case 'goodbye':
      return [
        `Goodbye of ${packet.sources.map(ssrc).join(', ')}${packet.reason === undefined ? '' : `: ${packet.reason}`}`,
      ]
    case 'application':
      return [
        `Application ${packet.name}, subtype ${packet.subtype}, of ${ssrc(packet.ssrc)}`,
        `  ${formatPlural(packet.data.length, 'byte')} of data`,
      ]
    case 'feedback':
      return [
        `${packet.packetType === 205 ? 'Transport' : 'Payload'} feedback ${packet.format} of ${ssrc(packet.ssrc)}`,
        `  on ${ssrc(packet.mediaSsrc)}`,
      ]
    case 'extended-report':
      return [`Extended report of ${ssrc(packet.ssrc)}`, ...packet.blocks.flatMap(xrLines)]
    case 'other':
      return [`Packet of type ${packet.packetType}`]
  }
}

function sent({ packetCount, octetCount, rtpTimestamp, sentUs }: RtcpSenderInfo): string[] {
  const clock = sentUs === undefined ? '' : `, ${new Date(sentUs / 1000).toISOString()}`
  return [
    `  has sent ${formatPlural(packetCount, 'packet')}, ${formatPlural(octetCount, 'byte')}`,
    `  RTP time ${rtpTimestamp}${clock}`,
  ]
}

function heard({ source, fractionLost, packetsLost, highestSequence, jitter, lsr, dlsr }: RtcpReportBlock): string[] {
  const after =
    lsr === 0 ? 'none' : `${lsr.toString(16).padStart(8, '0')}, ${(dlsr / NTP_UNITS_PER_SECOND).toFixed(3)} s before`
  return [
    `  hears ${ssrc(source)}`,
    `    loss ${fractionLostPercent(fractionLost).toFixed(1)} %, ${formatPlural(packetsLost, 'packet')} since the start`,
    `    jitter ${formatPlural(jitter, 'sample')}, highest sequence ${highestSequence}`,
    `    last sender report ${after}`,
  ]
}

function xrLines(block: XrBlock): string[] {
  switch (block.type) {
    case 'reference-time':
      return ['  reference time of the receiver']
    case 'delay-since-last':
      return block.reports.map(
        (report) => `  ${ssrc(report.ssrc)} heard ${(report.delay / NTP_UNITS_PER_SECOND).toFixed(3)} s before`,
      )
    case 'other':
      return [`  block of type ${block.blockType}`]
    default:
      return [
        `  ${block.type === 'statistics' ? 'statistics' : 'VoIP metrics'} of ${ssrc(block.source)}`,
        ...Object.entries(block)
          .filter(([name]) => !NO_FIGURE.has(name))
          .map(([name, value]) => `    ${words(name)} ${typeof value === 'object' ? JSON.stringify(value) : value}`),
      ]
  }
}

/** `burstDurationMs` as `burst duration ms`. */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

function ssrc(value: number): string {
  return `SSRC 0x${value.toString(16).padStart(8, '0')}`
}
