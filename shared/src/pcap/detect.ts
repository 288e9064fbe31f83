import { HepFields } from '../hep/fields.ts'
import { isHep3Magic, scanHep } from '../hep/scan.ts'
import { sipStartLine } from '../sip/start-line.ts'

const CR = 0x0d
const LF = 0x0a

export type DatagramContent = 'hep' | 'sip' | 'gzip' | 'keep-alive' | 'rtp' | 'other-datagram'

/**
 * What a UDP payload is, by its bytes alone: ports prove nothing.
 *
 * A payload with the magic of HEPv3 counts as HEP even if it is damaged; HEPv1 and HEPv2 have no magic and must decode.
 */
export function datagramContent(bytes: Uint8Array): DatagramContent {
  if (isHep3Magic(bytes, 0)) return 'hep'
  const first = bytes[0] ?? 0
  if ((first === 1 || first === 2) && scanHep(bytes, new HepFields(), 0) === undefined) return 'hep'
  if (first === 0x1f && bytes[1] === 0x8b) return 'gzip'
  const at = skipEmptyLines(bytes, 0)
  // Real ones are CRLF CRLF, one NUL, or four bytes such as "jaK\0".
  if (bytes.length <= 4 || at === bytes.length) return 'keep-alive'
  if (sipStartLine(bytes, at, bytes.length, true) === 'sip') return 'sip'
  // RFC 3550: the first two bits are the version, 2; a receiver report has 8 bytes.
  return first >> 6 === 2 && bytes.length >= 8 ? 'rtp' : 'other-datagram'
}

/**
 * What a TCP direction carries, by its first bytes.
 *
 * @returns undefined while there are too few bytes to tell
 */
export function streamContent(bytes: Uint8Array): 'hep' | 'sip' | 'other' | undefined {
  if (isHep3Magic(bytes, 0)) return 'hep'
  const at = skipEmptyLines(bytes, 0)
  if (at === bytes.length || (at === 0 && bytes.length < 4)) return undefined
  return sipStartLine(bytes, at, bytes.length, false) === 'not-sip' ? 'other' : 'sip'
}

/**
 * Where SIP or HEP begins in bytes that may start inside a message.
 *
 * @returns the first HEPv3 magic followed by a believable frame, or the first SIP start line at the beginning or
 *   behind a line feed; undefined if there is none
 */
export function findContent(bytes: Uint8Array): { kind: 'hep' | 'sip'; at: number } | undefined {
  const hepAt = findHep(bytes)
  if (hepAt !== undefined) return { kind: 'hep', at: hepAt }
  let at = 0
  for (;;) {
    if (sipStartLine(bytes, at, bytes.length, false) === 'sip') return { kind: 'sip', at }
    const lf = bytes.indexOf(LF, at)
    if (lf < 0) return undefined
    at = lf + 1
  }
}

/**
 * Where the first HEPv3 frame may begin: a payload can hold the magic too, so the first chunk must be one of the
 * generic ones and lie inside the frame.
 */
export function findHep(bytes: Uint8Array): number | undefined {
  for (let at = 0; at + 12 <= bytes.length; at++) {
    if (!isHep3Magic(bytes, at)) continue
    const total = u16(bytes, at + 4)
    const vendor = u16(bytes, at + 6)
    const size = u16(bytes, at + 10)
    if (vendor === 0 && size >= 6 && 6 + size <= total) return at
  }
  return undefined
}

function skipEmptyLines(bytes: Uint8Array, from: number): number {
  let at = from
  while (bytes[at] === CR || bytes[at] === LF) at++
  return at
}

function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}
