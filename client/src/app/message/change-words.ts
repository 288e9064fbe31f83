import { parseSdp, type SdpMedia } from '@hepscope/shared/sip/sdp.ts'
import { messageParts, type MessageParts } from './headers.ts'

/**
 * What an element between two messages did to them, or what a party changed, in words.
 *
 * @returns sentences, the most important first; none if nothing worth a word differs
 */
export function changeWords(leftText: string, rightText: string): readonly string[] {
  const left = messageParts(leftText)
  const right = messageParts(rightText)
  return [
    ...startLineWords(left, right),
    ...partyWords(left, right),
    ...routeWords(left, right),
    ...contactWords(left, right),
    ...sdpWords(left.body, right.body),
  ]
}

function startLineWords(left: MessageParts, right: MessageParts): string[] {
  const before = requestUri(left)
  const after = requestUri(right)
  if (before === undefined || after === undefined || before === after) return []
  const isNumber = userOf(before) !== userOf(after)
  return [
    isNumber
      ? `Request-URI rewritten: number ${userOf(before)} became ${userOf(after)}`
      : `Request-URI retargeted: ${hostOf(before)} became ${hostOf(after)}`,
  ]
}

function partyWords(left: MessageParts, right: MessageParts): string[] {
  const words: string[] = []
  for (const name of ['From', 'To', 'P-Asserted-Identity'] as const) {
    const before = uriOf(valuesOf(left, name)[0])
    const after = uriOf(valuesOf(right, name)[0])
    if (before === '' || after === '') continue
    if (userOf(before) !== userOf(after)) words.push(`${name}: number ${userOf(before)} became ${userOf(after)}`)
    else if (hostOf(before) !== hostOf(after)) words.push(`${name}: host ${hostOf(before)} became ${hostOf(after)}`)
  }
  const isSame = valuesOf(left, 'Call-ID')[0] === valuesOf(right, 'Call-ID')[0]
  if (!isSame) words.push('Another Call-ID: the two are of different legs')
  return words
}

function routeWords(left: MessageParts, right: MessageParts): string[] {
  const words: string[] = []
  for (const name of ['Via', 'Record-Route', 'Route'] as const) {
    const before = listOf(left, name)
    const after = listOf(right, name)
    const added = after.filter((value) => !before.includes(value))
    const removed = before.filter((value) => !after.includes(value))
    if (added.length > 0 && removed.length === 0) words.push(`${name} added: ${added.map(placeOf).join(', ')}`)
    else if (removed.length > 0 && added.length === 0) words.push(`${name} removed: ${removed.map(placeOf).join(', ')}`)
    else if (added.length > 0 && before.length > 0 && removed.length === before.length)
      words.push(`${name} replaced: ${before.map(placeOf).join(', ')} became ${after.map(placeOf).join(', ')}`)
  }
  const before = Number(valuesOf(left, 'Max-Forwards')[0])
  const after = Number(valuesOf(right, 'Max-Forwards')[0])
  if (before > after) words.push(`Max-Forwards ${before} → ${after}`)
  else if (after > before) words.push(`Max-Forwards ${before} → ${after}: it begins anew, as at a back-to-back agent`)
  return words
}

function contactWords(left: MessageParts, right: MessageParts): string[] {
  const before = uriOf(valuesOf(left, 'Contact')[0])
  const after = uriOf(valuesOf(right, 'Contact')[0])
  if (before === '' || after === '' || hostOf(before) === hostOf(after)) return []
  const isHidden = valuesOf(left, 'From')[0] === valuesOf(right, 'From')[0]
  return [`Contact: ${hostOf(before)} became ${hostOf(after)}${isHidden ? ', the topology is hidden' : ''}`]
}

function sdpWords(left: string, right: string): string[] {
  if (!left.includes('v=0') || !right.includes('v=0')) return []
  const before = parseSdp(left).media
  const after = parseSdp(right).media
  const words: string[] = []
  for (let i = 0; i < Math.max(before.length, after.length); i++) {
    const one = before[i]
    const other = after[i]
    if (one === undefined) words.push(`SDP: ${other?.type ?? 'media'} added`)
    else if (other === undefined) words.push(`SDP: ${one.type} removed`)
    else words.push(...mediaWords(one, other))
  }
  return words
}

function mediaWords(before: SdpMedia, after: SdpMedia): string[] {
  const words: string[] = []
  const { type } = before
  const name = ({ address = '?', port }: SdpMedia): string => `${address}:${port}`
  if (name(before) !== name(after)) {
    words.push(
      after.port === 0
        ? `SDP: ${type} refused or ended (port 0)`
        : `SDP: ${type} goes to ${name(after)} instead of ${name(before)}`,
    )
  }
  if (before.direction !== after.direction) words.push(`SDP: ${type} ${before.direction} became ${after.direction}`)
  const codecs = ({ codecs: all }: SdpMedia): string =>
    all.map(({ name: codec, payloadType }) => codec ?? payloadType).join(', ')
  if (codecs(before) !== codecs(after)) words.push(`SDP: ${type} codecs ${codecs(before)} became ${codecs(after)}`)
  if (before.transport !== after.transport) words.push(`SDP: ${type} ${before.transport} became ${after.transport}`)
  return words
}

function requestUri({ startLine }: MessageParts): string | undefined {
  return /^[^\s/]+ (\S+) SIP\/2\.0$/.exec(startLine)?.[1]
}

function valuesOf({ headers }: MessageParts, name: string): readonly string[] {
  return headers.filter((header) => header.name === name).map(({ value }) => value)
}

/** Values of a header that may stand in several lines or in one with commas. */
function listOf(parts: MessageParts, name: string): readonly string[] {
  return valuesOf(parts, name).flatMap((value) => value.split(/,(?![^<]*>)/).map((one) => one.trim()))
}

/** `host:port` of a Via, or the URI's of a route. */
function placeOf(value: string): string {
  const via = /^SIP\s*\/\s*2\.0\s*\/\s*\S+\s+([^\s;]+)/i.exec(value)
  return via?.[1] ?? hostOf(uriOf(value))
}

/** URI of an address header: within `<>`, or up to its parameters. */
function uriOf(value = ''): string {
  return /<([^>]*)>/.exec(value)?.[1] ?? value.split(';')[0]?.trim() ?? ''
}

function userOf(uri: string): string {
  const rest = uri.replace(/^[a-z]+:/i, '')
  const at = rest.indexOf('@')
  return at < 0 ? '' : rest.slice(0, at)
}

function hostOf(uri: string): string {
  const rest = uri.replace(/^[a-z]+:/i, '')
  return (rest.slice(rest.indexOf('@') + 1).split(/[;?]/)[0] ?? '').trim()
}
