import { type Members, numberOf, present, textOf, uint32Of } from './json.ts'

/**
 * What an RTP agent measured of one stream (HEP protocol types 34, 32, 99, and 35 where it is JSON): the names are
 * those of RTPAgent, heplify and horaclifix. All but `kind` may be absent.
 */
export interface RtpReportView {
  readonly kind: 'rtp-report'
  readonly callId?: string
  readonly correlationId?: string
  readonly reportName?: string
  /** `PERIODIC` or `FINAL`. */
  readonly reportType?: string
  /** 0 or 1, as the sender numbers directions and parties. */
  readonly direction?: number
  readonly party?: number
  readonly srcIp?: string
  readonly srcPort?: number
  readonly dstIp?: string
  readonly dstPort?: number
  readonly ssrc?: number
  readonly codec?: string
  readonly payloadType?: number
  readonly clockRateHz?: number
  /** Microseconds since 1970. */
  readonly reportedUs?: number
  readonly packetCount?: number
  readonly expectedCount?: number
  readonly lostCount?: number
  /** Of the expected packets. */
  readonly lossPercent?: number
  readonly outOfOrderCount?: number
  readonly ssrcChangeCount?: number
  readonly byteCount?: number
  readonly jitterMs?: number
  readonly jitterMeanMs?: number
  readonly jitterMaxMs?: number
  /** Time between packets. */
  readonly deltaMs?: number
  readonly deltaMaxMs?: number
  readonly skewMs?: number
  readonly skewMaxMs?: number
  /** 1 to 5. */
  readonly mos?: number
  readonly mosMean?: number
  readonly mosMin?: number
  /** 0 to 100. */
  readonly rFactor?: number
  readonly rFactorMean?: number
  readonly rFactorMin?: number
}

/** One of these makes it such a report. */
const SIGNS = ['mos', 'rfactor', 'jitter', 'packet_loss', 'total_pk', 'mean_mos', 'delta'] as const

/** @returns undefined if none of the measurements is there */
export function viewRtpReport(members: Members): RtpReportView | undefined {
  if (!SIGNS.some((name) => members.has(name))) return undefined
  const expectedCount = numberOf(members, 'expected_pk')
  const lostCount = numberOf(members, 'packet_loss')
  const reportedSec = numberOf(members, 'report_ts')
  return present<RtpReportView>({
    kind: 'rtp-report',
    callId: textOf(members, 'rtp_sip_call_id', 'sip_call_id', 'call_id', 'callid'),
    correlationId: textOf(members, 'correlation_id'),
    reportName: textOf(members, 'report_name'),
    reportType: textOf(members, 'type'),
    direction: numberOf(members, 'dir'),
    party: numberOf(members, 'party'),
    srcIp: textOf(members, 'src_ip'),
    srcPort: numberOf(members, 'src_port'),
    dstIp: textOf(members, 'dst_ip'),
    dstPort: numberOf(members, 'dst_port'),
    ssrc: uint32Of(members, 'ssrc'),
    codec: textOf(members, 'codec_name'),
    payloadType: numberOf(members, 'codec_pt'),
    clockRateHz: numberOf(members, 'clock'),
    reportedUs: reportedSec === undefined ? undefined : Math.round(reportedSec * 1_000_000),
    packetCount: numberOf(members, 'total_pk'),
    expectedCount,
    lostCount,
    lossPercent: lossPercentOf(lostCount, expectedCount),
    outOfOrderCount: numberOf(members, 'out_order'),
    ssrcChangeCount: numberOf(members, 'ssrc_chg'),
    byteCount: numberOf(members, 'tl_byte'),
    jitterMs: numberOf(members, 'jitter'),
    jitterMeanMs: numberOf(members, 'mean_jitter'),
    jitterMaxMs: numberOf(members, 'max_jitter'),
    deltaMs: numberOf(members, 'delta'),
    deltaMaxMs: numberOf(members, 'max_delta'),
    skewMs: numberOf(members, 'skew'),
    skewMaxMs: numberOf(members, 'max_skew'),
    mos: mosOf(numberOf(members, 'mos')),
    mosMean: mosOf(numberOf(members, 'mean_mos')),
    mosMin: mosOf(numberOf(members, 'min_mos')),
    rFactor: rFactorOf(numberOf(members, 'rfactor')),
    rFactorMean: rFactorOf(numberOf(members, 'mean_rfactor')),
    rFactorMin: rFactorOf(numberOf(members, 'min_rfactor')),
  })
}

export function lossPercentOf(lost: number | undefined, expected: number | undefined): number | undefined {
  if (lost === undefined || expected === undefined || expected <= 0) return undefined
  return Math.min(100, Math.max(0, (lost * 100) / expected))
}

/** A score from 1 to 5, or a hundred times that, as chunk 0x0020 and horaclifix have it. */
export function mosOf(value: number | undefined): number | undefined {
  if (value === undefined) return undefined
  const mos = value >= 100 ? value / 100 : value
  return mos >= 1 && mos <= 5 ? mos : undefined
}

/** A factor from 0 to 100, or a hundred times that, as horaclifix has it. */
export function rFactorOf(value: number | undefined): number | undefined {
  if (value === undefined || value < 0) return undefined
  const rFactor = value > 120 ? value / 100 : value
  return rFactor <= 120 ? rFactor : undefined
}
