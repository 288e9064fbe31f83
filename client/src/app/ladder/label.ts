import { PROTOCOL_TYPE, protocolTypeName } from '@hepscope/shared/hep/chunks.ts'
import { type MediaReport, reportTexts } from './media-report.ts'
import { isText, type LadderMessage } from './message.ts'
import type { Tone } from './row.ts'

const MAX_LOG_CHARS = 80

/**
 * What stands on the arrow: `INVITE (SDP)`, `180 Ringing`, `RTCP loss 0.4 % jitter 1.5 ms MOS 4.3`, the text of a log
 * line.
 *
 * @param report what a message that is not SIP tells of media
 */
export function labelOf(message: LadderMessage, report: MediaReport | undefined): string {
  const { hasSdp, proto, payload } = message
  if (isSip(message)) return hasSdp ? `${nameOf(message)} (SDP)` : nameOf(message)
  const name = protocolTypeName(proto)
  if (report !== undefined) return [name, ...reportTexts(report)].join(' ')
  if (proto === PROTOCOL_TYPE.log && payload !== undefined && isText(payload)) return firstLine(payload) || name
  return name
}

/** `INVITE → 200 OK`, `407 challenge to INVITE` or, while nothing was answered, `INVITE → …`. */
export function foldLabel(
  method: string,
  final: LadderMessage | undefined,
  latest: LadderMessage | undefined,
  kind: 'challenge' | 'transaction',
): string {
  if (kind === 'challenge' && final !== undefined) return `${method} → ${final.statusCode} · auth folded`
  if (final !== undefined) return `${method} → ${nameOf(final)}`
  return latest === undefined ? `${method} → no answer` : `${method} → ${nameOf(latest)} …`
}

export function isSip({ method, statusCode }: LadderMessage): boolean {
  return method !== '' || statusCode !== 0
}

export function toneOf(message: LadderMessage): Tone {
  if (!isSip(message)) return 'other'
  return toneOfCode(message.statusCode)
}

/** @param statusCode 0 for a request */
export function toneOfCode(statusCode: number): Tone {
  if (statusCode === 0) return 'request'
  switch (Math.floor(statusCode / 100)) {
    case 1:
      return '1xx'
    case 2:
      return '2xx'
    case 3:
      return '3xx'
    case 4:
      return '4xx'
    default:
      return '5xx'
  }
}

/** Colour of a score: that of a failure below 3.1, of a refusal below 3.6. @see ITU-T G.109 for the bounds */
export function toneOfScore(mos: number): Tone {
  return mos < 3.1 ? '5xx' : mos < 3.6 ? '4xx' : 'other'
}

function nameOf({ method, statusCode, reason }: LadderMessage): string {
  return statusCode === 0 ? method : `${statusCode} ${reason}`.trimEnd()
}

function firstLine(text: string): string {
  const line = text.trim().split(/\r?\n/, 1)[0] ?? ''
  return line.length > MAX_LOG_CHARS ? `${line.slice(0, MAX_LOG_CHARS - 1)}…` : line
}
