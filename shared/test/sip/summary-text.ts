import { METHODS, OTHER_METHOD } from '../../src/sip/methods.ts'
import { SipSummary, summarizeSip } from '../../src/sip/summary.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Members of a summary that are a range of the message. */
export const TEXTS = [
  'method',
  'reason',
  'callId',
  'cseq',
  'ruriUser',
  'fromUser',
  'fromHost',
  'fromTag',
  'toUser',
  'toHost',
  'toTag',
  'branch',
  'userAgent',
  'aLegId',
] as const
type SipTextName = (typeof TEXTS)[number]

/** A summary as texts; members that the message did not have are absent. */
export type Summary = Readonly<Partial<Record<SipTextName, string>>> & {
  readonly isSip: boolean
  readonly number?: number
  readonly statusCode?: number
  readonly hasSdp?: true
  readonly body?: string
}

export function bytesOf(message: string | Uint8Array): Uint8Array {
  return typeof message === 'string' ? encoder.encode(message) : message
}

/** What a summary says of a message that stands between other bytes. */
export function summaryIn(before: string, message: string | Uint8Array, after: string): Summary {
  const bytes = bytesOf(message)
  const start = encoder.encode(before).length
  const all = new Uint8Array([...encoder.encode(before), ...bytes, ...encoder.encode(after)])
  const out = new SipSummary()
  // Left over from another message, as in a block that is being written.
  summarizeSip(encoder.encode(LEFT_OVER), 0, LEFT_OVER.length, out)
  const isSip = summarizeSip(all, start, start + bytes.length, out)
  const texts: Partial<Record<SipTextName, string>> = {}
  for (const name of TEXTS) {
    const at = out[`${name}At`]
    const end = out[`${name}End`]
    if (at === -1 && end === -1) continue
    if (end < at || at < start || end > start + bytes.length) throw new Error(`${name} is outside of the message`)
    if (end > at) texts[name] = decoder.decode(all.subarray(at, end))
  }
  if (out.bodyAt < start || out.bodyAt > start + bytes.length) throw new Error('the body is outside of the message')
  const name = METHODS[out.method]
  if (out.method !== OTHER_METHOD && name !== (texts.method ?? ''))
    throw new Error(`method ${out.method} is not ${name}`)
  const body = decoder.decode(all.subarray(out.bodyAt, start + bytes.length))
  return {
    isSip,
    ...texts,
    ...(out.cseqNumber !== 0 && { number: out.cseqNumber }),
    ...(out.statusCode !== 0 && { statusCode: out.statusCode }),
    ...(out.hasSdp && { hasSdp: true }),
    ...(body !== '' && { body }),
  }
}

const LEFT_OVER =
  'BYE sip:old@old SIP/2.0\r\nVia: SIP/2.0/UDP o;branch=old\r\nf: <sip:old@old>;tag=old\r\nt: <sip:old@old>;tag=old\r\n' +
  'i: old\r\nCSeq: 77 BYE\r\nX-CID: old\r\nUser-Agent: old\r\nc: application/sdp\r\n\r\nv=0'

/** What a summary says of a message that stands alone. */
export function summaryOf(message: string | Uint8Array): Summary {
  return summaryIn('', message, '')
}

/** Lines with CRLF, and an empty one. */
export function sip(...lines: readonly string[]): string {
  return [...lines, '', ''].join('\r\n')
}
