/**
 * RTCP packets as values, whether they came as bytes or as a capture agent's JSON.
 *
 * @see RFC 3550 section 6; RFC 3611 section 4
 */
export type RtcpPacket =
  | RtcpSenderReport
  | RtcpReceiverReport
  | RtcpSourceDescription
  | RtcpGoodbye
  | RtcpApplication
  | RtcpFeedback
  | RtcpExtendedReport
  | RtcpOther

export const RTCP_TYPE = {
  senderReport: 200,
  receiverReport: 201,
  sourceDescription: 202,
  goodbye: 203,
  application: 204,
  transportFeedback: 205,
  payloadFeedback: 206,
  extendedReport: 207,
} as const

export interface RtcpSenderReport {
  readonly type: 'sender-report'
  /** Of the sender of this report. */
  readonly ssrc: number
  readonly sender: RtcpSenderInfo
  readonly blocks: readonly RtcpReportBlock[]
}

export interface RtcpReceiverReport {
  readonly type: 'receiver-report'
  readonly ssrc: number
  readonly blocks: readonly RtcpReportBlock[]
}

export interface RtcpSenderInfo {
  /** As it was sent: NTP seconds since 1900, or Unix seconds from agents that converted it. */
  readonly ntpSeconds: number
  /** As it was sent: units of 2^-32 s, or microseconds where the seconds are Unix seconds. */
  readonly ntpFraction: number
  /** The same as microseconds since 1970; absent if it is no date. */
  readonly sentUs?: number
  readonly rtpTimestamp: number
  readonly packetCount: number
  readonly octetCount: number
}

/** What the sender of a report heard of one stream. */
export interface RtcpReportBlock {
  /** SSRC of the stream. */
  readonly source: number
  /** 0 to 255, of 256 packets since the last report. */
  readonly fractionLost: number
  /** Since the beginning; negative if more came than were expected, by duplicates. */
  readonly packetsLost: number
  readonly highestSequence: number
  /** In units of the stream's RTP clock. */
  readonly jitter: number
  /** Middle 32 bits of the NTP time of the last sender report that was received; 0 for none. */
  readonly lsr: number
  /** Time since then, in units of 1/65536 s. */
  readonly dlsr: number
}

export interface RtcpSourceDescription {
  readonly type: 'source-description'
  readonly chunks: readonly RtcpSdesChunk[]
}

export interface RtcpSdesChunk {
  readonly ssrc: number
  readonly items: readonly RtcpSdesItem[]
}

export interface RtcpSdesItem {
  readonly type: number
  /** e.g. `CNAME`. */
  readonly name: string
  readonly text: string
}

export interface RtcpGoodbye {
  readonly type: 'goodbye'
  readonly sources: readonly number[]
  readonly reason?: string
}

export interface RtcpApplication {
  readonly type: 'application'
  readonly subtype: number
  readonly ssrc: number
  /** Four characters. */
  readonly name: string
  /** A view into the payload. */
  readonly data: Uint8Array
}

/** Transport layer (205) or payload specific (206) feedback. @see RFC 4585 section 6.1 */
export interface RtcpFeedback {
  readonly type: 'feedback'
  readonly packetType: 205 | 206
  /** FMT, e.g. 1 of 205 is a generic NACK and 1 of 206 a picture loss indication. */
  readonly format: number
  readonly ssrc: number
  readonly mediaSsrc: number
}

export interface RtcpExtendedReport {
  readonly type: 'extended-report'
  readonly ssrc: number
  readonly blocks: readonly XrBlock[]
}

/** A packet of a type that has no view here. */
export interface RtcpOther {
  readonly type: 'other'
  readonly packetType: number
}

export type XrBlock = XrReferenceTime | XrDelaySinceLast | XrStatistics | XrVoipMetrics | XrOther

/** Lets a receiver that sends nothing measure the round trip. @see RFC 3611 section 4.4 */
export interface XrReferenceTime {
  readonly type: 'reference-time'
  readonly ntpSeconds: number
  readonly ntpFraction: number
}

/** The answer to it. @see RFC 3611 section 4.5 */
export interface XrDelaySinceLast {
  readonly type: 'delay-since-last'
  readonly reports: readonly { readonly ssrc: number; readonly lastRr: number; readonly delay: number }[]
}

/** @see RFC 3611 section 4.6 */
export interface XrStatistics {
  readonly type: 'statistics'
  readonly source: number
  readonly firstSequence: number
  readonly endSequence: number
  readonly lostCount?: number
  readonly duplicateCount?: number
  /** In units of the stream's RTP clock. */
  readonly jitter?: { readonly min: number; readonly max: number; readonly mean: number; readonly deviation: number }
}

/** Members that the sender marked as unavailable, or that an agent's JSON leaves out, are absent. @see RFC 3611 section 4.7 */
export interface XrVoipMetrics {
  readonly type: 'voip-metrics'
  readonly source: number
  readonly lossPercent?: number
  /** Packets that came too late for the jitter buffer. */
  readonly discardPercent?: number
  readonly burstDensityPercent?: number
  readonly gapDensityPercent?: number
  readonly burstDurationMs?: number
  readonly gapDurationMs?: number
  readonly roundTripMs?: number
  readonly endSystemDelayMs?: number
  readonly signalLevelDbm?: number
  readonly noiseLevelDbm?: number
  readonly echoReturnLossDb?: number
  readonly gmin?: number
  readonly rFactor?: number
  readonly externalRFactor?: number
  /** Listening quality, 1 to 5. */
  readonly mosLq?: number
  /** Conversational quality, 1 to 5. */
  readonly mosCq?: number
  readonly bufferNominalMs?: number
  readonly bufferMaximumMs?: number
  readonly bufferLimitMs?: number
}

export interface XrOther {
  readonly type: 'other'
  readonly blockType: number
}

/** @see RFC 3550 section 6.5 */
export function sdesItem(type: number, text: string): RtcpSdesItem {
  return { type, name: SDES_NAMES[type] ?? `SDES ${type}`, text }
}

const SDES_NAMES: readonly (string | undefined)[] = [
  undefined,
  'CNAME',
  'NAME',
  'EMAIL',
  'PHONE',
  'LOC',
  'TOOL',
  'NOTE',
  'PRIV',
]

/** The sign of a 24-bit count that was sent, or printed by an agent, as an unsigned number. */
export function signedPacketsLost(value: number): number {
  if (value > 0xffffff) return value | 0
  return value > 0x7fffff ? value - 0x1000000 : value
}
