import { hostPort, type Endpoint, type SipTransport } from './party.ts'

const CRLF = '\r\n'
const utf8 = new TextEncoder()

/** @see RFC 3261 section 21, and RFC 3262, 3265 and 4028 for the rest */
const REASONS: ReadonlyMap<number, string> = new Map([
  [100, 'Trying'],
  [180, 'Ringing'],
  [181, 'Call Is Being Forwarded'],
  [183, 'Session Progress'],
  [200, 'OK'],
  [302, 'Moved Temporarily'],
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [407, 'Proxy Authentication Required'],
  [408, 'Request Timeout'],
  [480, 'Temporarily Unavailable'],
  [486, 'Busy Here'],
  [487, 'Request Terminated'],
  [488, 'Not Acceptable Here'],
  [501, 'Not Implemented'],
  [503, 'Service Unavailable'],
  [600, 'Busy Everywhere'],
  [603, 'Decline'],
])

/**
 * A SIP message on the wire: UTF-8 with CRLF line ends and the Content-Length that its body has.
 *
 * @param headers complete header lines without line ends
 * @param sdp body with its own line ends; absent for none
 */
export function sipMessage(startLine: string, headers: readonly string[], sdp?: string): Uint8Array {
  const lines = [startLine, ...headers]
  if (sdp !== undefined) lines.push('Content-Type: application/sdp')
  // The body is ASCII, so its characters are its bytes.
  lines.push(`Content-Length: ${sdp?.length ?? 0}`)
  return utf8.encode(lines.join(CRLF) + CRLF + CRLF + (sdp ?? ''))
}

/** `SIP/2.0 180 Ringing`. */
export function statusLine(status: number): string {
  return `SIP/2.0 ${status} ${REASONS.get(status) ?? 'Unknown'}`
}

/**
 * A Via header line.
 *
 * @param params what stands before the branch, with its leading semicolon, e.g. `;rport`
 */
export function viaLine(transport: SipTransport, sentBy: Endpoint, params: string, branch: string): string {
  return `Via: SIP/2.0/${transport.toUpperCase()} ${hostPort(sentBy)}${params};branch=${branch}`
}

/** `"Anna Keller" <sip:+49…@example.net>`. */
export function nameAddress(displayName: string | undefined, uri: string): string {
  return displayName === undefined ? `<${uri}>` : `"${displayName}" <${uri}>`
}
