import { estimateVoiceQuality } from './mos.ts'
import { usToNtpMiddle } from './ntp.ts'
import type { RtcpPacket, RtcpReportBlock, XrVoipMetrics } from './packet.ts'

/** A longer one is a clock that is wrong, not a round trip. */
const MAX_ROUND_TRIP_MS = 10_000
const NTP_UNITS_PER_MS = 65.536

/** What one endpoint says of a stream that it receives. */
export interface StreamQuality {
  /** SSRC of the endpoint that reports. */
  readonly reporter: number
  /** SSRC of the stream. */
  readonly source: number
  /** Since the report before. */
  readonly lossPercent: number
  /** Since the beginning of the stream. */
  readonly packetsLost: number
  /** Absent unless the clock rate is known. */
  readonly jitterMs?: number
  readonly roundTripMs?: number
  /** The score that the endpoint itself gave: XR's listening quality. */
  readonly reportedMos?: number
  /** See `estimateVoiceQuality`. */
  readonly estimatedMos: number
}

export interface QualityContext {
  /** RTP clock of the stream, e.g. 8000; without it jitter is only a number of samples. */
  readonly clockRateHz?: number
  /** Encoding name as in SDP. */
  readonly codec?: string
  /** When the report was captured, microseconds since 1970. */
  readonly capturedUs?: number
  /** When the sender report that a block's `lsr` names was captured at the same place, if it was. */
  readonly sentUs?: (source: number, lsr: number) => number | undefined
}

/** The quality of each stream that the packets report on. Blocks of endpoints that heard nothing yet are left out. */
export function streamQualities(packets: readonly RtcpPacket[], context: QualityContext = {}): StreamQuality[] {
  const metrics = voipMetrics(packets)
  return packets.flatMap((packet) => {
    if (packet.type !== 'sender-report' && packet.type !== 'receiver-report') return []
    const heard = packet.blocks.filter((block) => block.source !== 0 || block.highestSequence !== 0)
    // Agents' JSON often lacks the source of the one XR block that there is.
    const metricsOf = (source: number) => metrics.find((one) => one.source === source || one.source === 0)
    return heard.map((block) => qualityOf(packet.ssrc, block, metricsOf(block.source), context))
  })
}

function voipMetrics(packets: readonly RtcpPacket[]): XrVoipMetrics[] {
  return packets
    .flatMap((packet) => (packet.type === 'extended-report' ? packet.blocks : []))
    .filter((block) => block.type === 'voip-metrics')
}

function qualityOf(
  reporter: number,
  block: RtcpReportBlock,
  metrics: XrVoipMetrics | undefined,
  { clockRateHz, codec, capturedUs, sentUs }: QualityContext,
): StreamQuality {
  const lossPercent = fractionLostPercent(block.fractionLost)
  const jitterMs = clockRateHz === undefined ? undefined : jitterToMs(block.jitter, clockRateHz)
  const measuredMs = metrics?.roundTripMs
  const roundTripMs =
    measuredMs !== undefined && measuredMs > 0
      ? measuredMs
      : capturedUs === undefined
        ? undefined
        : roundTripOf(block, capturedUs, sentUs?.(block.source, block.lsr))
  const conditions = {
    lossPercent,
    ...(jitterMs !== undefined && { jitterMs }),
    ...(roundTripMs !== undefined && { roundTripMs }),
    ...(codec !== undefined && { codec }),
  }
  return {
    reporter,
    source: block.source,
    lossPercent,
    packetsLost: block.packetsLost,
    ...(jitterMs !== undefined && { jitterMs }),
    ...(roundTripMs !== undefined && { roundTripMs }),
    ...(metrics?.mosLq !== undefined && { reportedMos: metrics.mosLq }),
    estimatedMos: estimateVoiceQuality(conditions).mos,
  }
}

/** @param fractionLost 0 to 255, of 256 */
export function fractionLostPercent(fractionLost: number): number {
  return (fractionLost * 100) / 256
}

/** @param clockRateHz of the stream, over 0 */
export function jitterToMs(jitter: number, clockRateHz: number): number {
  return (jitter * 1000) / clockRateHz
}

/**
 * The round trip that a report block makes known.
 *
 * With `sentUs` it is the way from the capture point to the reporter and back, by one clock. Without, `lsr` itself is
 * taken as the time of sending: right only where the sender's clock and the agent's are both set by NTP.
 *
 * @param capturedUs when the block passed the capture point, microseconds since 1970
 * @param sentUs when the sender report that `lsr` names passed the same point
 * @returns undefined if the block answers no sender report, or if the result is negative or above 10 s
 * @see RFC 3550 section 6.4.1, figure 2
 */
export function roundTripOf(block: RtcpReportBlock, capturedUs: number, sentUs?: number): number | undefined {
  if (block.lsr === 0) return undefined
  const roundTripMs =
    sentUs === undefined
      ? // The clock of `lsr` wraps every 65536 s; a negative difference comes out near the top and is refused below.
        ((usToNtpMiddle(capturedUs) - block.lsr - block.dlsr) >>> 0) / NTP_UNITS_PER_MS
      : (capturedUs - sentUs) / 1000 - block.dlsr / NTP_UNITS_PER_MS
  return roundTripMs >= 0 && roundTripMs <= MAX_ROUND_TRIP_MS ? roundTripMs : undefined
}
