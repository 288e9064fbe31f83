import { PROTOCOL_TYPE, protocolTypeName } from '@hepscope/shared/hep/chunks.ts'
import type { LadderMessage } from './message.ts'
import type { Tone } from './row.ts'
import { formatRtcp } from './rtcp.ts'

const MAX_LOG_CHARS = 80

/** What stands on the arrow: `INVITE (SDP)`, `180 Ringing`, `RTCP loss 0.4 % jitter 12`, the text of a log line. */
export function labelOf(message: LadderMessage): string {
  const { method, statusCode, reason, hasSdp, proto, payload } = message
  if (method !== '' || statusCode !== 0) {
    const name = statusCode === 0 ? method : `${statusCode} ${reason}`.trimEnd()
    return hasSdp ? `${name} (SDP)` : name
  }
  const name = protocolTypeName(proto)
  if (payload === undefined || payload === '') return name
  if (proto === PROTOCOL_TYPE.rtcpJson) return formatRtcp(payload) ?? name
  if (proto === PROTOCOL_TYPE.log) return firstLine(payload) || name
  return name
}

export function toneOf({ method, statusCode }: LadderMessage): Tone {
  if (statusCode === 0) return method === '' ? 'other' : 'request'
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

function firstLine(text: string): string {
  const line = text.trim().split(/\r?\n/, 1)[0] ?? ''
  return line.length > MAX_LOG_CHARS ? `${line.slice(0, MAX_LOG_CHARS - 1)}…` : line
}
