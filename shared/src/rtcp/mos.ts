/** What a codec adds to the E-model: its own impairment, and how well it bears lost packets. */
export interface CodecImpairment {
  /** Ie: equipment impairment without loss. */
  readonly impairment: number
  /** Bpl: packet-loss robustness, over 0. */
  readonly robustness: number
}

/** G.711 with packet loss concealment: the best that a narrowband call can be. */
const G711: CodecImpairment = { impairment: 0, robustness: 25.1 }

/**
 * Ie and Bpl of narrowband codecs. Others, wideband ones among them, are taken for G.711: the narrowband scale has no
 * room for what is better.
 *
 * @see ITU-T G.113 (2007) Appendix I
 */
const CODECS: ReadonlyMap<string, CodecImpairment> = new Map([
  ['g729', { impairment: 11, robustness: 19 }],
  ['g723', { impairment: 15, robustness: 16.1 }],
  ['gsm-efr', { impairment: 5, robustness: 10 }],
])

export interface VoiceConditions {
  /** 0 to 100. */
  readonly lossPercent: number
  /** Mean jitter; absent is taken for none. */
  readonly jitterMs?: number
  /** Network round trip; absent is taken for none. */
  readonly roundTripMs?: number
  /** Encoding name as in SDP, e.g. `PCMA`. */
  readonly codec?: string
}

export interface VoiceEstimate {
  /** 0 to 93.2. */
  readonly rFactor: number
  /** 1 to 4.41. */
  readonly mos: number
}

/** R of a narrowband call that nothing impairs, with all other parameters of G.107 at their defaults. */
const BEST_R = 93.2
/** Packetization and lookahead of common codecs with packets of 20 ms. */
const CODEC_DELAY_MS = 25
/** Delay from which on people notice it. */
const NOTICED_DELAY_MS = 177.3

/**
 * Estimate the quality of a voice call by a simplified E-model.
 *
 *     d  = round trip / 2 + 2 × jitter + 25 ms          one-way delay: network, jitter buffer, codec
 *     Id = 0.024 d + 0.11 (d − 177.3) [if d > 177.3]    impairment by delay
 *     Ie' = Ie + (95 − Ie) × loss / (loss + Bpl)        impairment by codec and random loss, in percent
 *     R  = 93.2 − Id − Ie'
 *     MOS = 1 + 0.035 R + R (R − 60) (100 − R) 7·10⁻⁶   and 1 where R is not above 0
 *
 * The jitter buffer is assumed to hold two times the mean jitter and to lose nothing. An estimate: it knows neither
 * bursts nor echo nor what was said.
 *
 * @returns numbers for any finite input; loss is taken as 0 to 100, times as not below 0
 * @see ITU-T G.107 (2015) clause 7.5 for Ie' with BurstR = 1, and Annex B for MOS
 * @see Cole and Rosenbluth, Voice over IP performance monitoring, ACM SIGCOMM CCR 31(2), 2001, for Id
 */
export function estimateVoiceQuality(conditions: VoiceConditions): VoiceEstimate {
  const loss = Math.min(100, Math.max(0, conditions.lossPercent))
  const jitterMs = Math.max(0, conditions.jitterMs ?? 0)
  const delayMs = Math.max(0, conditions.roundTripMs ?? 0) / 2 + 2 * jitterMs + CODEC_DELAY_MS
  const { impairment, robustness } = codecImpairment(conditions.codec)
  const byDelay = 0.024 * delayMs + 0.11 * Math.max(0, delayMs - NOTICED_DELAY_MS)
  const byEquipment = impairment + ((95 - impairment) * loss) / (loss + robustness)
  const rFactor = Math.max(0, BEST_R - byDelay - byEquipment)
  return { rFactor, mos: mosOfRFactor(rFactor) }
}

/** @see ITU-T G.107 (2015) Annex B */
export function mosOfRFactor(rFactor: number): number {
  if (rFactor <= 0) return 1
  if (rFactor >= 100) return 4.5
  return Math.max(1, 1 + 0.035 * rFactor + rFactor * (rFactor - 60) * (100 - rFactor) * 7e-6)
}

function codecImpairment(codec: string | undefined): CodecImpairment {
  return CODECS.get(codec?.toLowerCase().replace(/^g729[abd]*$/, 'g729') ?? '') ?? G711
}
