import {
  RTCP_TYPE,
  type RtcpReceiverReport,
  type RtcpReportBlock,
  type RtcpSenderReport,
  type RtcpSourceDescription,
} from '@hepscope/shared/rtcp/packet.ts'

/** The packets of an endpoint that sends and hears one stream. */
export type SentRtcp = RtcpSenderReport | RtcpReceiverReport | RtcpSourceDescription

/**
 * A compound packet as an endpoint sends it.
 *
 * @see RFC 3550 sections 6.4 and 6.5
 */
export function rtcpBytes(packets: readonly SentRtcp[]): Buffer {
  return Buffer.concat(packets.map(packetBytes))
}

function packetBytes(packet: SentRtcp): Buffer {
  switch (packet.type) {
    case 'sender-report': {
      const { ntpSeconds, ntpFraction, rtpTimestamp, packetCount, octetCount } = packet.sender
      const sender = words(packet.ssrc, ntpSeconds, ntpFraction, rtpTimestamp, packetCount, octetCount)
      return withHeader(RTCP_TYPE.senderReport, packet.blocks.length, sender, ...packet.blocks.map(blockBytes))
    }
    case 'receiver-report':
      return withHeader(
        RTCP_TYPE.receiverReport,
        packet.blocks.length,
        words(packet.ssrc),
        ...packet.blocks.map(blockBytes),
      )
    case 'source-description':
      return withHeader(
        RTCP_TYPE.sourceDescription,
        packet.chunks.length,
        ...packet.chunks.map(({ ssrc, items }) => {
          const texts = items.map(({ type, text }) => Buffer.from([type, text.length, ...Buffer.from(text)]))
          const chunk = Buffer.concat([words(ssrc), ...texts])
          // At least one zero ends it.
          return Buffer.concat([chunk, Buffer.alloc(4 - (chunk.length % 4))])
        }),
      )
  }
}

function blockBytes(block: RtcpReportBlock): Buffer {
  const loss = block.fractionLost * 0x1000000 + (block.packetsLost & 0xffffff)
  return words(block.source, loss, block.highestSequence, block.jitter, block.lsr, block.dlsr)
}

function withHeader(type: number, count: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const header = Buffer.from([0x80 | count, type, 0, 0])
  header.writeUInt16BE(body.length / 4, 2)
  return Buffer.concat([header, body])
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, i) => bytes.writeUInt32BE(value, 4 * i))
  return bytes
}
