import {
  memberOf,
  type Members,
  membersOf,
  numberOf,
  objectOf,
  objectsOf,
  parseJsonObject,
  textOf,
  uint32Of,
} from '../payload/json.ts'
import { ntpToUs } from './ntp.ts'
import {
  RTCP_TYPE,
  type RtcpPacket,
  type RtcpReportBlock,
  type RtcpSdesChunk,
  type RtcpSdesItem,
  type RtcpSenderInfo,
  sdesItem,
  signedPacketsLost,
  type XrVoipMetrics,
} from './packet.ts'
import { voipMetricsOf } from './xr.ts'

/** One of these is in every shape. */
const SIGNS = [
  'sender_information',
  'report_blocks',
  'report_blocks_xr',
  'extended_report_information',
  'voip_metrics',
  'sdes_information',
] as const

/**
 * Read the JSON that capture agents make of RTCP (HEP protocol type 5): one object for a whole compound packet.
 *
 * Takes the shapes of captagent, heplify, rtpengine, Asterisk and hepgen: numbers as text, signed 32-bit numbers,
 * blocks that are null, absent or all zero, one XR object or a list, three forms of SDES.
 *
 * @returns the packets that the object was made of; undefined if it is none of these shapes
 */
export function parseRtcpJson(bytes: Uint8Array): RtcpPacket[] | undefined {
  const object = parseJsonObject(bytes)
  if (object === undefined) return undefined
  const all = membersOf(object)
  // Asterisk's own event wraps the report; its HEP module sends the inner one.
  const members = objectOf(all, 'rtcp_report') ?? all
  if (!SIGNS.some((name) => members.has(name))) return undefined
  const ssrc = uint32Of(members, 'ssrc') ?? 0
  const packets: RtcpPacket[] = []
  const report = readReport(members, ssrc)
  if (report !== undefined) packets.push(report)
  const metrics = objectsOf(members, 'report_blocks_xr', 'extended_report_information', 'voip_metrics')
    .map(readMetrics)
    .filter((block) => block !== undefined)
  if (metrics.length > 0) packets.push({ type: 'extended-report', ssrc, blocks: metrics })
  const chunks = readSdes(members)
  if (chunks.length > 0) packets.push({ type: 'source-description', chunks })
  return packets
}

function readReport(members: Members, ssrc: number): RtcpPacket | undefined {
  const type = numberOf(members, 'type')
  const sender = readSender(objectOf(members, 'sender_information'))
  const blocks = objectsOf(members, 'report_blocks').map(readBlock)
  // heplify sends a sender of zeros with each receiver report, and the type of the last packet of the compound.
  const hasSent = sender !== undefined && Object.values(sender).some((value) => value !== 0)
  if (sender !== undefined && (hasSent || type === RTCP_TYPE.senderReport)) {
    return { type: 'sender-report', ssrc, sender, blocks }
  }
  const isReport = type === RTCP_TYPE.receiverReport || type === RTCP_TYPE.senderReport || blocks.length > 0
  return isReport ? { type: 'receiver-report', ssrc, blocks } : undefined
}

function readSender(members: Members | undefined): RtcpSenderInfo | undefined {
  if (members === undefined) return undefined
  const ntpSeconds = uint32Of(members, 'ntp_timestamp_sec') ?? 0
  const ntpFraction = uint32Of(members, 'ntp_timestamp_usec') ?? 0
  const sentUs = ntpToUs(ntpSeconds, ntpFraction)
  return {
    ntpSeconds,
    ntpFraction,
    ...(sentUs !== undefined && { sentUs }),
    rtpTimestamp: uint32Of(members, 'rtp_timestamp') ?? 0,
    packetCount: uint32Of(members, 'packets') ?? 0,
    octetCount: uint32Of(members, 'octets') ?? 0,
  }
}

function readBlock(members: Members): RtcpReportBlock {
  return {
    source: uint32Of(members, 'source_ssrc') ?? 0,
    fractionLost: (uint32Of(members, 'fraction_lost') ?? 0) & 0xff,
    packetsLost: signedPacketsLost(Math.trunc(numberOf(members, 'packets_lost') ?? 0)),
    highestSequence: uint32Of(members, 'highest_seq_no') ?? 0,
    jitter: uint32Of(members, 'ia_jitter') ?? 0,
    lsr: uint32Of(members, 'lsr') ?? 0,
    dlsr: uint32Of(members, 'dlsr') ?? 0,
  }
}

/** Names of heplify, then of captagent, then those of RFC 3611. A block of zeros stands for none. */
function readMetrics(members: Members): XrVoipMetrics | undefined {
  const raw = {
    lossRate: numberOf(members, 'fraction_lost', 'loss_rate'),
    discardRate: numberOf(members, 'fraction_discard', 'discard_rate'),
    burstDensity: numberOf(members, 'burst_density', 'burst_rate'),
    gapDensity: numberOf(members, 'gap_density', 'gap_rate'),
    burstDuration: numberOf(members, 'burst_duration'),
    gapDuration: numberOf(members, 'gap_duration'),
    roundTripDelay: numberOf(members, 'round_trip_delay'),
    endSystemDelay: numberOf(members, 'end_system_delay', 'end_sys_delay'),
    signalLevel: numberOf(members, 'signal_lev', 'signal_level'),
    noiseLevel: numberOf(members, 'noise_lev', 'noise_level'),
    echoReturnLoss: numberOf(members, 'rerl'),
    gmin: numberOf(members, 'gmin'),
    rFactor: numberOf(members, 'r_fact', 'r_factor'),
    externalRFactor: numberOf(members, 'ext_r_fact', 'ext_r_factor'),
    mosLq: numberOf(members, 'mos_lq'),
    mosCq: numberOf(members, 'mos_cq'),
    bufferNominal: numberOf(members, 'jb_nom', 'jb_nominal'),
    bufferMaximum: numberOf(members, 'jb_max', 'jb_maximum'),
    bufferLimit: numberOf(members, 'jb_abs_max'),
  }
  if (!Object.values(raw).some((value) => value !== undefined && value !== 0)) return undefined
  return voipMetricsOf({ source: uint32Of(members, 'id', 'identifier', 'ssrc', 'source_ssrc') ?? 0, ...raw })
}

/** rtpengine names the source in each item, captagent once for all, heplify gives the source alone. */
function readSdes(members: Members): RtcpSdesChunk[] {
  const common = uint32Of(members, 'sdes_chunk_ssrc', 'sdes_ssrc') ?? 0
  const items = new Map<number, RtcpSdesItem[]>()
  for (const item of objectsOf(members, 'sdes_information')) {
    const ssrc = uint32Of(item, 'sdes_chunk_ssrc') ?? common
    const text = textOf(item, 'text') ?? ''
    const list = items.get(ssrc) ?? []
    list.push(sdesItem(numberOf(item, 'type') ?? 0, text))
    items.set(ssrc, list)
  }
  if (items.size === 0 && memberOf(members, 'sdes_ssrc') !== undefined && common !== 0) items.set(common, [])
  return Array.from(items, ([ssrc, list]) => ({ ssrc, items: list }))
}
