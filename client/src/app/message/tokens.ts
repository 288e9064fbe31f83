/**
 * What a piece of a message is. `link` is a value that also stands elsewhere in the call: a tag, branch or Call-ID.
 * `control` is a character that has no shape of its own.
 */
export type TokenKind = 'start' | 'name' | 'value' | 'uri' | 'link' | 'body' | 'control'

export interface Token {
  readonly kind: TokenKind
  /** As it is in the message. */
  readonly text: string
}

/** One line without its line break. */
export type TokenLine = readonly Token[]

/** Headers whose whole value is a link. */
const LINK_HEADERS: ReadonlySet<string> = new Set(['call-id', 'i', 'x-cid', 'x-call-id'])
/** Headers whose parameters name a tag, branch or Call-ID. */
const PARAMETER_LINK = /([;?&](?:tag|branch|to-tag|from-tag)=)([^;,>\s?&]+)/gi
const URI = /<(?:sips?|tel|urn|https?|mailto):[^<>\s]*>/gi
// eslint-disable-next-line no-control-regex -- finding them is the purpose
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

/**
 * The tokens of a SIP message, line by line. Joined they are the text without its line breaks.
 *
 * The input is hostile: any text gives tokens, in time that grows with its length alone.
 *
 * @param isSip false for other payloads, which are body throughout
 */
export function tokenizeMessage(text: string, isSip: boolean): readonly TokenLine[] {
  const lines = text.split(/\r\n|\n|\r/)
  if (lines.at(-1) === '') lines.pop()
  const out: TokenLine[] = []
  let part: 'start' | 'headers' | 'body' = isSip ? 'start' : 'body'
  let isLink = false
  for (const line of lines) {
    if (part === 'start') {
      out.push(withControls([{ kind: 'start', text: line }]))
      part = 'headers'
    } else if (part === 'headers' && line === '') {
      out.push([])
      part = 'body'
    } else if (part === 'body') {
      out.push(withControls(bodyTokens(line, isSip)))
    } else {
      const isFolded = line.startsWith(' ') || line.startsWith('\t')
      const colon = isFolded ? -1 : line.indexOf(':')
      if (!isFolded) isLink = LINK_HEADERS.has(line.slice(0, Math.max(colon, 0)).trim().toLowerCase())
      out.push(withControls(headerTokens(line, colon, isLink)))
    }
  }
  return out
}

/** What is shown in place of a control character, e.g. `␀`. */
export function controlPicture(character: string): string {
  const code = character.charCodeAt(0)
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  return code === 0x7f ? '\u2421' : `\\u${code.toString(16).padStart(4, '0')}`
}

function headerTokens(line: string, colon: number, isLink: boolean): Token[] {
  if (colon < 0) return isLink ? linkTokens(line) : valueTokens(line)
  const name: Token = { kind: 'name', text: line.slice(0, colon + 1) }
  const value = line.slice(colon + 1)
  return [name, ...(isLink ? linkTokens(value) : valueTokens(value))]
}

function linkTokens(value: string): Token[] {
  const trimmed = value.trim()
  if (trimmed === '') return value === '' ? [] : [{ kind: 'value', text: value }]
  const at = value.indexOf(trimmed)
  return [
    { kind: 'value' as const, text: value.slice(0, at) },
    { kind: 'link' as const, text: trimmed },
    { kind: 'value' as const, text: value.slice(at + trimmed.length) },
  ].filter((token) => token.text !== '')
}

function valueTokens(value: string): Token[] {
  const marks: { at: number; end: number; kind: TokenKind }[] = []
  for (const match of value.matchAll(URI)) {
    marks.push({ at: match.index + 1, end: match.index + match[0].length - 1, kind: 'uri' })
  }
  for (const match of value.matchAll(PARAMETER_LINK)) {
    const at = match.index + (match[1]?.length ?? 0)
    const end = match.index + match[0].length
    // A tag inside a URI is a part of that URI.
    if (!marks.some((mark) => mark.kind === 'uri' && at < mark.end && end > mark.at))
      marks.push({ at, end, kind: 'link' })
  }
  marks.sort((a, b) => a.at - b.at)
  const tokens: Token[] = []
  let at = 0
  for (const mark of marks) {
    if (mark.at > at) tokens.push({ kind: 'value', text: value.slice(at, mark.at) })
    tokens.push({ kind: mark.kind, text: value.slice(mark.at, mark.end) })
    at = mark.end
  }
  if (at < value.length) tokens.push({ kind: 'value', text: value.slice(at) })
  return tokens
}

/** A line of SDP has its type letter as the name. */
function bodyTokens(line: string, isSip: boolean): Token[] {
  if (line === '') return []
  if (isSip && /^[a-z]=/.test(line)) {
    const rest = line.slice(2)
    const name: Token = { kind: 'name', text: line.slice(0, 2) }
    return rest === '' ? [name] : [name, { kind: 'body', text: rest }]
  }
  return [{ kind: 'body', text: line }]
}

function withControls(tokens: readonly Token[]): TokenLine {
  if (!tokens.some((token) => token.text.search(CONTROL) >= 0)) return tokens.filter((token) => token.text !== '')
  const out: Token[] = []
  for (const token of tokens) {
    let at = 0
    for (const match of token.text.matchAll(CONTROL)) {
      if (match.index > at) out.push({ kind: token.kind, text: token.text.slice(at, match.index) })
      out.push({ kind: 'control', text: match[0] })
      at = match.index + match[0].length
    }
    if (at < token.text.length) out.push({ kind: token.kind, text: token.text.slice(at) })
  }
  return out
}
