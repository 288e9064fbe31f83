import { present } from '../payload/json.ts'
import type { XrBlock, XrVoipMetrics } from './packet.ts'

const BLOCK = { referenceTime: 4, delaySinceLast: 5, statistics: 6, voipMetrics: 7 } as const
const BLOCK_HEADER_BYTES = 4
const VOIP_METRICS_BYTES = 32
const STATISTICS_BYTES = 36
const SUB_BLOCK_BYTES = 12
/** What a sender writes for a level, factor or score that it does not know. */
const UNAVAILABLE = 127

/**
 * Read the report blocks of an XR packet.
 *
 * @param view the blocks alone, without the packet's header and SSRC
 * @returns those that are whole
 * @see RFC 3611 sections 3 and 4
 */
export function readXrBlocks(view: DataView): XrBlock[] {
  const blocks: XrBlock[] = []
  let at = 0
  while (at + BLOCK_HEADER_BYTES <= view.byteLength) {
    const size = view.getUint16(at + 2) * 4
    const body = at + BLOCK_HEADER_BYTES
    if (body + size > view.byteLength) break
    blocks.push(
      readBlock(new DataView(view.buffer, view.byteOffset + body, size), view.getUint8(at), view.getUint8(at + 1)),
    )
    at = body + size
  }
  return blocks
}

/** @param flags the type-specific byte of the block's header */
function readBlock(view: DataView, blockType: number, flags: number): XrBlock {
  const size = view.byteLength
  if (blockType === BLOCK.referenceTime && size >= 8) {
    return { type: 'reference-time', ntpSeconds: view.getUint32(0), ntpFraction: view.getUint32(4) }
  }
  if (blockType === BLOCK.delaySinceLast) {
    const reports = []
    for (let at = 0; at + SUB_BLOCK_BYTES <= size; at += SUB_BLOCK_BYTES) {
      reports.push({ ssrc: view.getUint32(at), lastRr: view.getUint32(at + 4), delay: view.getUint32(at + 8) })
    }
    return { type: 'delay-since-last', reports }
  }
  if (blockType === BLOCK.statistics && size >= STATISTICS_BYTES) return readStatistics(view, flags)
  if (blockType === BLOCK.voipMetrics && size >= VOIP_METRICS_BYTES) return readVoipMetrics(view)
  return { type: 'other', blockType }
}

function readStatistics(view: DataView, flags: number): XrBlock {
  return {
    type: 'statistics',
    source: view.getUint32(0),
    firstSequence: view.getUint16(4),
    endSequence: view.getUint16(6),
    ...((flags & 0x80) !== 0 && { lostCount: view.getUint32(8) }),
    ...((flags & 0x40) !== 0 && { duplicateCount: view.getUint32(12) }),
    ...((flags & 0x20) !== 0 && {
      jitter: {
        min: view.getUint32(16),
        max: view.getUint32(20),
        mean: view.getUint32(24),
        deviation: view.getUint32(28),
      },
    }),
  }
}

function readVoipMetrics(view: DataView): XrVoipMetrics {
  return voipMetricsOf({
    source: view.getUint32(0),
    lossRate: view.getUint8(4),
    discardRate: view.getUint8(5),
    burstDensity: view.getUint8(6),
    gapDensity: view.getUint8(7),
    burstDuration: view.getUint16(8),
    gapDuration: view.getUint16(10),
    roundTripDelay: view.getUint16(12),
    endSystemDelay: view.getUint16(14),
    signalLevel: view.getUint8(16),
    noiseLevel: view.getUint8(17),
    echoReturnLoss: view.getUint8(18),
    gmin: view.getUint8(19),
    rFactor: view.getUint8(20),
    externalRFactor: view.getUint8(21),
    mosLq: view.getUint8(22),
    mosCq: view.getUint8(23),
    bufferNominal: view.getUint16(26),
    bufferMaximum: view.getUint16(28),
    bufferLimit: view.getUint16(30),
  })
}

/** The fields of a VoIP metrics block as they are on the wire. */
export interface RawVoipMetrics {
  readonly source: number
  readonly lossRate?: number | undefined
  readonly discardRate?: number | undefined
  readonly burstDensity?: number | undefined
  readonly gapDensity?: number | undefined
  readonly burstDuration?: number | undefined
  readonly gapDuration?: number | undefined
  readonly roundTripDelay?: number | undefined
  readonly endSystemDelay?: number | undefined
  readonly signalLevel?: number | undefined
  readonly noiseLevel?: number | undefined
  readonly echoReturnLoss?: number | undefined
  readonly gmin?: number | undefined
  readonly rFactor?: number | undefined
  readonly externalRFactor?: number | undefined
  readonly mosLq?: number | undefined
  readonly mosCq?: number | undefined
  readonly bufferNominal?: number | undefined
  readonly bufferMaximum?: number | undefined
  readonly bufferLimit?: number | undefined
}

/** Wire values in the units of people; those that stand for "not available" are left out. */
export function voipMetricsOf(raw: RawVoipMetrics): XrVoipMetrics {
  return present<XrVoipMetrics>({
    type: 'voip-metrics',
    source: raw.source,
    lossPercent: percentOf(raw.lossRate),
    discardPercent: percentOf(raw.discardRate),
    burstDensityPercent: percentOf(raw.burstDensity),
    gapDensityPercent: percentOf(raw.gapDensity),
    burstDurationMs: raw.burstDuration,
    gapDurationMs: raw.gapDuration,
    roundTripMs: raw.roundTripDelay,
    endSystemDelayMs: raw.endSystemDelay,
    signalLevelDbm: levelOf(raw.signalLevel),
    noiseLevelDbm: levelOf(raw.noiseLevel),
    echoReturnLossDb: knownOf(raw.echoReturnLoss),
    gmin: raw.gmin,
    rFactor: knownOf(raw.rFactor),
    externalRFactor: knownOf(raw.externalRFactor),
    mosLq: scoreOf(raw.mosLq),
    mosCq: scoreOf(raw.mosCq),
    bufferNominalMs: raw.bufferNominal,
    bufferMaximumMs: raw.bufferMaximum,
    bufferLimitMs: raw.bufferLimit,
  })
}

function percentOf(rate: number | undefined): number | undefined {
  return rate === undefined ? undefined : (rate * 100) / 256
}

function knownOf(value: number | undefined): number | undefined {
  return value === UNAVAILABLE ? undefined : value
}

/** A signed byte, which JSON may hold unsigned. */
function levelOf(level: number | undefined): number | undefined {
  return level === undefined || level === UNAVAILABLE ? undefined : (level << 24) >> 24
}

/** Ten times the score on the wire; JSON of some agents holds the score itself. 0 and what is above 5 say nothing. */
function scoreOf(score: number | undefined): number | undefined {
  if (score === undefined || score <= 0) return undefined
  const mos = score >= 10 ? score / 10 : score
  return mos >= 1 && mos <= 5 ? mos : undefined
}
