/** What an endpoint tells of its media at the end of a call, in a header of its own. */
export interface RtpStat {
  /** Of the packets that it expected. */
  readonly lossPercent?: number
  readonly jitterMs?: number
  readonly latencyMs?: number
  /** 1 to 5. */
  readonly mos?: number
  readonly codec?: string
}

/** Names under which vendors send the same. */
const HEADER = /^(?:x-rtp-stat|p-rtp-stat|x-rtp-statistics|x-rtp-stats|x-siemens-rtp-stats-list)[ \t]*:[ \t]*(.*)$/im

/**
 * Read the `X-RTP-Stat` or `P-RTP-Stat` header of a BYE or of its answer: `PS=207;PR=314;PL=0;JI=600;LA=40`, with
 * commas or semicolons. `PL` may hold two numbers, own and other side's; the first is used.
 *
 * @param text a SIP message
 * @returns undefined if it has no such header, or one without a figure
 * @see manuals of AudioCodes (X-RTP-Stat), Cisco (P-RTP-Stat) and Poly ATA 400 (X-RTP-Stat with MOS)
 */
export function readRtpStat(text: string): RtpStat | undefined {
  const headEnd = text.search(/\r?\n\r?\n/)
  const [, value] = HEADER.exec(headEnd < 0 ? text : text.slice(0, headEnd)) ?? []
  if (value === undefined) return undefined
  const fields = new Map<string, string>()
  for (const part of value.trim().split(/[;,]/, 64)) {
    const equals = part.indexOf('=')
    const name = part.slice(0, Math.max(0, equals)).trim().toUpperCase()
    if (name !== '' && !fields.has(name)) fields.set(name, part.slice(equals + 1).trim())
  }
  const received = numberOf(fields.get('PR'))
  const lost = numberOf(fields.get('PL'))
  const lossPercent =
    numberOf(fields.get('PACKETLOSSPCT')) ??
    (received === undefined || lost === undefined || received + lost === 0
      ? undefined
      : (100 * lost) / (received + lost))
  const jitterMs = numberOf(fields.get('JI') ?? fields.get('JITTER'))
  const latencyMs = numberOf(fields.get('LA'))
  const mos = numberOf(fields.get('MOS'))
  const codec = fields.get('DE')
  const stat: RtpStat = {
    ...(lossPercent !== undefined && { lossPercent: Math.min(100, lossPercent) }),
    ...(jitterMs !== undefined && { jitterMs }),
    ...(latencyMs !== undefined && { latencyMs }),
    ...(mos !== undefined && mos >= 1 && mos <= 5 && { mos }),
    ...(codec !== undefined && codec !== '' && { codec }),
  }
  return stat.lossPercent === undefined && stat.jitterMs === undefined && stat.mos === undefined ? undefined : stat
}

function numberOf(text: string | undefined): number | undefined {
  const number = text === undefined || text === '' ? NaN : Number.parseFloat(text)
  return Number.isFinite(number) && number >= 0 ? number : undefined
}
