import { PROTOCOL_TYPE } from '@hepscope/shared/hep/chunks.ts'
import { type PayloadView, viewPayload } from '@hepscope/shared/payload/view.ts'
import { viewVoiceQualityText, type VoiceQualityView } from '@hepscope/shared/payload/voice-quality.ts'
import { estimateVoiceQuality } from '@hepscope/shared/rtcp/mos.ts'
import type { RtcpPacket } from '@hepscope/shared/rtcp/packet.ts'
import { streamQualities, type StreamQuality } from '@hepscope/shared/rtcp/quality.ts'
import type { LadderMessage } from './message.ts'
import { readRtpStat } from './rtp-stat.ts'
import type { MediaCodec } from './sdp-story.ts'

/** What a message tells of the media of its call. */
export interface MediaReport {
  readonly source: 'RTCP' | 'RTP report' | 'VQ report' | 'RTP statistics'
  /** 0 to 100. */
  readonly lossPercent?: number
  readonly jitterMs?: number
  /** In units of an RTP clock that is not known. */
  readonly jitterSamples?: number
  readonly roundTripMs?: number
  readonly mos?: number
  /** The sender of the report did not give a score, so it is computed; see `MOS_FORMULA`. */
  readonly isEstimated: boolean
  /** Packets sent so far, of a report that tells nothing else. */
  readonly sentCount?: number
}

/** How a score is computed where none is reported. @see `estimateVoiceQuality` */
export const MOS_FORMULA =
  'MOS estimated by a simplified E-model (ITU-T G.107): R = 93.2 − Id − Ie′ with Id = 0.024 d + 0.11 (d − 177.3) ' +
  'above 177.3 ms (Cole and Rosenbluth 2001), Ie′ = Ie + (95 − Ie) loss / (loss + Bpl) (ITU-T G.113), ' +
  'MOS = 1 + 0.035 R + R (R − 60) (100 − R) 7·10⁻⁶'

const read = new WeakMap<LadderMessage, { readonly view: PayloadView | undefined }>()
const readSip = new WeakMap<LadderMessage, { readonly report: MediaReport | undefined }>()
const SIP_CARRIERS: ReadonlySet<string> = new Set(['BYE', 'PUBLISH', 'NOTIFY'])
const utf8 = new TextEncoder()

/**
 * Read what a message reports of media: RTCP and RTP reports, VQ reports (RFC 6035, also in PUBLISH and NOTIFY), and
 * the statistics header that some phones put into BYE.
 *
 * @param codec of the media that is reported on, if known
 * @returns undefined if it reports nothing, or came without its payload
 */
export function mediaReportOf(message: LadderMessage, codec: MediaCodec | undefined): MediaReport | undefined {
  const { payload, raw } = message
  if (payload === undefined || (payload === '' && raw === undefined)) return undefined
  if (message.method !== '') {
    if (!SIP_CARRIERS.has(message.method)) return undefined
    let known = readSip.get(message)
    if (known === undefined) readSip.set(message, (known = { report: sipReport(message, payload) }))
    return known.report
  }
  const view = viewOf(message, payload)
  switch (view?.kind) {
    case 'rtcp':
      return rtcpReport(view.packets, message, codec)
    case 'rtp-report':
      return reportOf('RTP report', {
        lossPercent: view.lossPercent,
        jitterMs: view.jitterMeanMs ?? view.jitterMs,
        mos: view.mosMean ?? view.mos,
        codec: view.codec ?? codec?.codec,
      })
    case 'voice-quality':
      return voiceQualityReport(view)
    default:
      return undefined
  }
}

/** e.g. `loss 0.4 %`, `jitter 12 ms`, `MOS 4.2`. */
export function reportTexts(report: MediaReport): string[] {
  const { lossPercent, jitterMs, jitterSamples, mos, sentCount } = report
  const texts: string[] = []
  if (lossPercent !== undefined) texts.push(`loss ${lossPercent === 0 ? '0' : lossPercent.toFixed(1)} %`)
  if (jitterMs !== undefined) texts.push(`jitter ${jitterMs < 10 ? jitterMs.toFixed(1) : Math.round(jitterMs)} ms`)
  else if (jitterSamples !== undefined) texts.push(`jitter ${jitterSamples}`)
  if (texts.length === 0 && sentCount !== undefined) texts.push(`${sentCount} packets sent`)
  if (mos !== undefined) texts.push(`MOS ${mos.toFixed(1)}`)
  return texts
}

function viewOf(message: LadderMessage, payload: string): PayloadView | undefined {
  let known = read.get(message)
  if (known === undefined) {
    const isReport = message.proto === PROTOCOL_TYPE.rtcpJson || REPORT_TYPES.has(message.proto)
    const bytes = message.raw ?? utf8.encode(payload)
    read.set(message, (known = { view: isReport ? viewPayload(message.proto, bytes) : undefined }))
  }
  return known.view
}

const REPORT_TYPES: ReadonlySet<number> = new Set([32, 34, 35, 99])

function rtcpReport(
  packets: readonly RtcpPacket[],
  { tsUs }: LadderMessage,
  codec: MediaCodec | undefined,
): MediaReport {
  const qualities = streamQualities(packets, { ...codec, capturedUs: tsUs })
  let worst: StreamQuality | undefined
  for (const quality of qualities) if (worst === undefined || isWorse(quality, worst)) worst = quality
  if (worst === undefined) {
    const sent = packets.find((packet) => packet.type === 'sender-report')
    return { source: 'RTCP', isEstimated: false, ...(sent && { sentCount: sent.sender.packetCount }) }
  }
  const { lossPercent, jitterMs, roundTripMs, reportedMos, estimatedMos, source } = worst
  const jitterSamples = jitterOf(packets, source)
  return {
    source: 'RTCP',
    lossPercent,
    ...(jitterMs !== undefined ? { jitterMs } : jitterSamples !== undefined && { jitterSamples }),
    ...(roundTripMs !== undefined && { roundTripMs }),
    // Without the clock the jitter is unknown, and a score that leaves it out would flatter.
    ...(reportedMos !== undefined ? { mos: reportedMos } : jitterMs !== undefined && { mos: estimatedMos }),
    isEstimated: reportedMos === undefined && jitterMs !== undefined,
  }
}

function isWorse(a: StreamQuality, b: StreamQuality): boolean {
  return a.lossPercent === b.lossPercent ? (a.jitterMs ?? 0) > (b.jitterMs ?? 0) : a.lossPercent > b.lossPercent
}

function jitterOf(packets: readonly RtcpPacket[], source: number): number | undefined {
  for (const packet of packets) {
    if (packet.type !== 'sender-report' && packet.type !== 'receiver-report') continue
    const block = packet.blocks.find((one) => one.source === source)
    if (block !== undefined) return block.jitter
  }
  return undefined
}

function voiceQualityReport({ local, remote }: VoiceQualityView): MediaReport | undefined {
  const metrics = local ?? remote
  if (metrics === undefined) return undefined
  return reportOf('VQ report', {
    lossPercent: metrics.lossPercent,
    jitterMs: metrics.jitterMs ?? metrics.meanJitterMs,
    mos: metrics.mosListening ?? metrics.mosConversational,
    codec: metrics.codec,
  })
}

function sipReport({ method }: LadderMessage, payload: string): MediaReport | undefined {
  if (method === 'BYE') {
    const stat = readRtpStat(payload)
    return stat && reportOf('RTP statistics', stat)
  }
  if (!/vq-rtcpxr/i.test(payload)) return undefined
  const view = viewVoiceQualityText(payload)
  return view && voiceQualityReport(view)
}

interface Figures {
  readonly lossPercent?: number | undefined
  readonly jitterMs?: number | undefined
  readonly mos?: number | undefined
  readonly codec?: string | undefined
}

function reportOf(source: MediaReport['source'], { lossPercent, jitterMs, mos, codec }: Figures): MediaReport {
  const canEstimate = mos === undefined && lossPercent !== undefined && jitterMs !== undefined
  const score = canEstimate
    ? estimateVoiceQuality({ lossPercent, jitterMs, ...(codec !== undefined && { codec }) }).mos
    : mos
  return {
    source,
    ...(lossPercent !== undefined && { lossPercent }),
    ...(jitterMs !== undefined && { jitterMs }),
    ...(score !== undefined && { mos: score }),
    isEstimated: canEstimate,
  }
}
