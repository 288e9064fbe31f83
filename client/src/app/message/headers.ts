/** One header as it stands in a message. */
export interface Header {
  /** The long form of its name in the usual spelling, e.g. `Call-ID` for `i`. */
  readonly name: string
  /** Folded lines joined. */
  readonly value: string
}

/** A SIP message taken apart, as text. */
export interface MessageParts {
  readonly startLine: string
  readonly headers: readonly Header[]
  readonly body: string
}

/** Long names of compact forms. @see RFC 3261 section 7.3.3, RFC 3515, 3892, 4028, 6665 */
const COMPACT: Readonly<Record<string, string>> = {
  b: 'Referred-By',
  c: 'Content-Type',
  e: 'Content-Encoding',
  f: 'From',
  i: 'Call-ID',
  k: 'Supported',
  l: 'Content-Length',
  m: 'Contact',
  o: 'Event',
  r: 'Refer-To',
  s: 'Subject',
  t: 'To',
  u: 'Allow-Events',
  v: 'Via',
  x: 'Session-Expires',
}
/** Names that are not capitalised by the rule. */
const SPELLING: ReadonlyMap<string, string> = new Map(
  ['Call-ID', 'CSeq', 'WWW-Authenticate', 'MIME-Version', 'RSeq', 'RAck', 'SIP-ETag', 'P-Charging-Vector'].map(
    (name) => [name.toLowerCase(), name],
  ),
)

/** Take a message apart. Any text gives parts. */
export function messageParts(text: string): MessageParts {
  const end = /\r\n\r\n|\n\n|\r\r/.exec(text)
  const head = end === null ? text : text.slice(0, end.index)
  const body = end === null ? '' : text.slice(end.index + end[0].length)
  const [startLine = '', ...lines] = head.split(/\r\n|\n|\r/)
  const headers: { name: string; value: string }[] = []
  for (const line of lines) {
    const last = headers.at(-1)
    if (/^[ \t]/.test(line) && last !== undefined) last.value += ` ${line.trim()}`
    else {
      const colon = line.indexOf(':')
      headers.push(
        colon < 0
          ? { name: '', value: line }
          : { name: longName(line.slice(0, colon)), value: line.slice(colon + 1).trim() },
      )
    }
  }
  return { startLine, headers, body }
}

function longName(name: string): string {
  const key = name.trim().toLowerCase()
  return COMPACT[key] ?? SPELLING.get(key) ?? key.replace(/(^|-)([a-z])/g, (letters) => letters.toUpperCase())
}
