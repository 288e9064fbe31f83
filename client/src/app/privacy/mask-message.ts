import type { Masker } from './masker.ts'
import { maskSdp } from './mask-sdp.ts'
import { maskNameAddr, maskUris, maskVia, partiesOf } from './mask-uri.ts'

const START = /^(?:SIP\/2\.0 \d{3}\b|[A-Za-z-]+ \S+ SIP\/2\.0)/
const utf8 = new TextEncoder()
/** Shorter users stand for too many other things to be looked for everywhere. */
const LEAST_PARTY = 4

type MaskHeader = (value: string, masker: Masker) => string

const parties: MaskHeader = maskNameAddr
const plain: MaskHeader = (value, masker) => masker.text(value)
const ids: MaskHeader = (value, masker) => value.replace(/[^\s,;]+/, (id) => masker.callId(id))
const scheme: MaskHeader = (value) => `${value.split(/\s/, 1)[0] ?? ''} masked`

const warning: MaskHeader = (value, masker) =>
  masker.text(value.replace(/^(\d{3}\s+)(\S+)/, (_, code: string, host: string) => code + masker.endpoint(host)))

const BY_KIND: readonly (readonly [mask: MaskHeader, names: string])[] = [
  [parties, 'from f to t contact m route record-route path service-route reply-to refer-to r referred-by b diversion'],
  [parties, 'history-info p-asserted-identity p-preferred-identity remote-party-id p-called-party-id p-associated-uri'],
  [parties, 'alert-info call-info error-info'],
  [maskVia, 'via v'],
  [ids, 'call-id i in-reply-to replaces target-dialog join'],
  [scheme, 'authorization proxy-authorization www-authenticate proxy-authenticate'],
  [warning, 'warning'],
  [
    plain,
    'cseq max-forwards content-type c content-length l content-encoding e content-disposition mime-version allow',
  ],
  [plain, 'supported k require proxy-require unsupported expires min-expires session-expires x min-se event o'],
  [plain, 'allow-events u subscription-state accept accept-encoding accept-language date timestamp retry-after rack'],
  [plain, 'rseq privacy p-early-media refer-sub recv-info info-package sip-etag sip-if-match session-id reason'],
  [plain, 'user-agent server'],
]
const HEADERS: ReadonlyMap<string, MaskHeader> = new Map(
  BY_KIND.flatMap(([mask, names]) => names.split(' ').map((name) => [name, mask] as const)),
)

/**
 * The text of a packet without what tells who talks to whom, and about what. Headers that are not known keep their name
 * alone. What is not SIP keeps nothing but numbers of a report.
 *
 * @param byteCount of the packet, where the text does not tell it
 */
export function maskMessage(text: string, masker: Masker, byteCount = utf8.encode(text).length): string {
  if (!START.test(text)) return maskOther(text, masker, byteCount)
  const [blank = ''] = /\r\n\r\n|\n\n/.exec(text) ?? []
  const at = blank === '' ? text.length : text.indexOf(blank)
  const head = text.slice(0, at)
  const body = maskBody(head, text.slice(at + blank.length), masker)
  // A folded header is one.
  const [start = '', ...lines] = head.split(/\r?\n(?![ \t])/)
  const ending = head.includes('\r\n') ? '\r\n' : '\n'
  const sweep = sweepOf(head, masker)
  const masked = [maskStart(start, masker, sweep), ...lines.map((line) => maskHeader(line, masker, body, sweep))]
  return masked.join(ending) + blank + body
}

function maskStart(line: string, masker: Masker, sweep: (line: string) => string): string {
  const [, status, reason = ''] = /^(SIP\/2\.0 \d{3})(.*)$/s.exec(line) ?? []
  return status === undefined
    ? masker.text(maskUris(line, masker))
    : status + sweep(masker.text(maskUris(reason, masker)))
}

function maskHeader(line: string, masker: Masker, body: string, sweep: (line: string) => string): string {
  const [, name = '', colon = '', value = ''] = /^([^:\s]+)(\s*:\s*)(.*)$/s.exec(line) ?? []
  // It is no header, so nobody knows what it is.
  if (name === '') return line === '' ? '' : masker.word(line)
  const key = name.toLowerCase()
  if (key === 'content-length' || key === 'l') return `${name}${colon}${utf8.encode(body).length}`
  const mask = HEADERS.get(key)
  if (mask === undefined) return `${name}${colon}${masker.callId(value)}`
  const masked = mask(value, masker)
  return name + colon + (mask === ids || mask === scheme ? masked : sweep(masked))
}

function maskBody(head: string, body: string, masker: Masker): string {
  if (body.trim() === '') return body
  if (/^v=0\r?$/m.test(body) && !/^(?:content-type|c)\s*:\s*multipart/im.test(head)) return maskSdp(body, masker)
  return hiddenText(utf8.encode(body).length)
}

/** In place of what nobody knows what is in it. */
export function hiddenText(byteCount: number): string {
  return `[masked: ${byteCount} bytes]`
}

/** A report keeps its structure; of other things nobody knows what is in them. */
function maskOther(text: string, masker: Masker, byteCount: number): string {
  if (text.trim() === '') return text
  try {
    return JSON.stringify(
      JSON.parse(text, (_, value: unknown) => (typeof value === 'string' ? maskValue(value, masker) : value)),
    )
  } catch {
    return hiddenText(byteCount)
  }
}

function maskValue(value: string, masker: Masker): string {
  const masked = masker.name(value)
  return masked !== value || /^[A-Za-z_ -]{0,24}$|^\d{1,4}$/.test(value) ? masked : masker.word(value)
}

/** Masks the users and hosts of the message where they stand in its free text as well. */
function sweepOf(head: string, masker: Masker): (line: string) => string {
  const parties = partiesOf(head, masker)
  const words = [...parties.keys()].filter((word) => word.length >= LEAST_PARTY)
  if (words.length === 0) return (line) => line
  const pattern = words
    .sort((a, b) => b.length - a.length)
    .map((word) => word.replace(/[^\w]/g, '\\$&'))
    .join('|')
  const found = new RegExp(`(?<!\\w)(?:${pattern})(?!\\w)`, 'g')
  return (line) => line.replace(found, (word) => parties.get(word) ?? word)
}
