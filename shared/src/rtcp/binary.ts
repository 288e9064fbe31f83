import { ntpToUs } from './ntp.ts'
import {
  RTCP_TYPE,
  type RtcpPacket,
  type RtcpReportBlock,
  type RtcpSdesChunk,
  type RtcpSdesItem,
  sdesItem,
  signedPacketsLost,
} from './packet.ts'
import { readXrBlocks } from './xr.ts'

const HEADER_BYTES = 4
const SSRC_BYTES = 4
const SENDER_BYTES = 20
const REPORT_BLOCK_BYTES = 24

const utf8 = new TextDecoder()

/** Whether bytes begin like an RTCP packet: version 2 and a type of RFC 3550, 3611 or 4585. */
export function isRtcp(bytes: Uint8Array): boolean {
  const type = bytes[1] ?? 0
  return bytes.length >= HEADER_BYTES && (bytes[0] ?? 0) >> 6 === 2 && type >= 200 && type <= 207
}

/**
 * Read a compound RTCP packet.
 *
 * @param bytes one datagram; what is encrypted (SRTCP) reads as nonsense behind its first SSRC, for nothing marks it
 * @returns its packets up to the first that is not whole or not RTCP; never throws
 * @see RFC 3550 sections 6.1 and 6.4 to 6.7
 */
export function parseRtcp(bytes: Uint8Array): RtcpPacket[] {
  const packets: RtcpPacket[] = []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  while (at + HEADER_BYTES <= bytes.length && (bytes[at] ?? 0) >> 6 === 2) {
    const size = (view.getUint16(at + 2) + 1) * 4
    if (size > bytes.length - at) break
    packets.push(readPacket(bytes.subarray(at, at + size)))
    at += size
  }
  return packets
}

/** @param bytes exactly one packet */
function readPacket(bytes: Uint8Array): RtcpPacket {
  const first = bytes[0] ?? 0
  const packetType = bytes[1] ?? 0
  const count = first & 0x1f
  const padding = (first & 0x20) === 0 ? 0 : (bytes[bytes.length - 1] ?? 0)
  const end = Math.max(HEADER_BYTES, bytes.length - padding)
  const body = bytes.subarray(HEADER_BYTES, end)
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  if (packetType === RTCP_TYPE.sourceDescription)
    return { type: 'source-description', chunks: readSdes(body, view, count) }
  if (packetType === RTCP_TYPE.goodbye) return readGoodbye(body, view, count)
  if (body.length < SSRC_BYTES) return { type: 'other', packetType }
  const ssrc = view.getUint32(0)
  switch (packetType) {
    case RTCP_TYPE.senderReport:
      return body.length < SSRC_BYTES + SENDER_BYTES
        ? { type: 'other', packetType }
        : {
            type: 'sender-report',
            ssrc,
            sender: readSender(view),
            blocks: readBlocks(view, SSRC_BYTES + SENDER_BYTES, count),
          }
    case RTCP_TYPE.receiverReport:
      return { type: 'receiver-report', ssrc, blocks: readBlocks(view, SSRC_BYTES, count) }
    case RTCP_TYPE.application:
      return {
        type: 'application',
        subtype: count,
        ssrc,
        name: utf8.decode(body.subarray(4, 8)),
        data: body.subarray(8),
      }
    case RTCP_TYPE.transportFeedback:
    case RTCP_TYPE.payloadFeedback:
      return body.length < 2 * SSRC_BYTES
        ? { type: 'other', packetType }
        : { type: 'feedback', packetType, format: count, ssrc, mediaSsrc: view.getUint32(4) }
    case RTCP_TYPE.extendedReport: {
      const blocks = readXrBlocks(new DataView(body.buffer, body.byteOffset + SSRC_BYTES, body.byteLength - SSRC_BYTES))
      return { type: 'extended-report', ssrc, blocks }
    }
    default:
      return { type: 'other', packetType }
  }
}

function readSender(view: DataView) {
  const ntpSeconds = view.getUint32(4)
  const ntpFraction = view.getUint32(8)
  const sentUs = ntpToUs(ntpSeconds, ntpFraction)
  return {
    ntpSeconds,
    ntpFraction,
    ...(sentUs !== undefined && { sentUs }),
    rtpTimestamp: view.getUint32(12),
    packetCount: view.getUint32(16),
    octetCount: view.getUint32(20),
  }
}

function readBlocks(view: DataView, from: number, count: number): RtcpReportBlock[] {
  const blocks: RtcpReportBlock[] = []
  for (let at = from; blocks.length < count && at + REPORT_BLOCK_BYTES <= view.byteLength; at += REPORT_BLOCK_BYTES) {
    const loss = view.getUint32(at + 4)
    blocks.push({
      source: view.getUint32(at),
      fractionLost: loss >>> 24,
      packetsLost: signedPacketsLost(loss & 0xffffff),
      highestSequence: view.getUint32(at + 8),
      jitter: view.getUint32(at + 12),
      lsr: view.getUint32(at + 16),
      dlsr: view.getUint32(at + 20),
    })
  }
  return blocks
}

/** Each chunk ends with a zero byte and is padded with more of them to 32 bits. */
function readSdes(body: Uint8Array, view: DataView, count: number): RtcpSdesChunk[] {
  const chunks: RtcpSdesChunk[] = []
  let at = 0
  while (chunks.length < count && at + SSRC_BYTES <= body.length) {
    const ssrc = view.getUint32(at)
    const items: RtcpSdesItem[] = []
    at += SSRC_BYTES
    while (at + 2 <= body.length && body[at] !== 0) {
      const textEnd = at + 2 + (body[at + 1] ?? 0)
      if (textEnd > body.length) break
      items.push(sdesItem(body[at] ?? 0, utf8.decode(body.subarray(at + 2, textEnd))))
      at = textEnd
    }
    chunks.push({ ssrc, items })
    if (body[at] !== 0) break
    at = (at + 4) & ~3
  }
  return chunks
}

function readGoodbye(body: Uint8Array, view: DataView, count: number): RtcpPacket {
  const sources: number[] = []
  let at = 0
  for (; sources.length < count && at + SSRC_BYTES <= body.length; at += SSRC_BYTES) sources.push(view.getUint32(at))
  const reason = utf8.decode(body.subarray(at + 1, at + 1 + (body[at] ?? 0)))
  return { type: 'goodbye', sources, ...(reason !== '' && { reason }) }
}
