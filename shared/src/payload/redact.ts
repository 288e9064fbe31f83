const OPEN_SIPS_NET = 89
const STAR = 0x2a
const QUOTE = 0x22
const BACKSLASH = 0x5c

const latin1 = new TextDecoder('latin1')

/** Members that hold the secret of a TLS session. OpenSIPS writes `master-key`. */
const SECRET_NAME = /"(?:master|session)[-_ ]?(?:key|secret)"\s*:\s*"/gi
/** What stands between secrets where OpenSIPS joins the parts of one or more events without their names. */
const EVENT_AND_STATUS = /(?:ACCEPTED|CONNECT_START|CONNECTED|CLOSED|STATS)[^A-Z]{1,16}(?:SUCCESS|FAILURE)/g

/**
 * Take the TLS session's master key out of a payload, so that neither store nor viewer has what decrypts the
 * traffic: OpenSIPS' transport events (HEP protocol type 89) hold it.
 *
 * In JSON only the key is replaced. In joined text nothing says where it begins, so all that stands between two events
 * is replaced if any of it can be no text or is as long a hex number as a key.
 *
 * @returns `bytes` itself if there is no secret in it, else a copy of the same length with `*` in its place
 */
export function redactSecrets(protocolType: number, bytes: Uint8Array): Uint8Array {
  if (protocolType !== OPEN_SIPS_NET) return bytes
  // One character a byte, so offsets into the text are those of the bytes.
  const text = latin1.decode(bytes)
  const isJson = text.trimStart().startsWith('{')
  const ranges = isJson ? secretValues(text, bytes) : secretGaps(text)
  if (ranges.length === 0) return bytes
  const redacted = new Uint8Array(bytes)
  for (const [at, end] of ranges) redacted.fill(STAR, at, end)
  return redacted
}

type Range = readonly [at: number, end: number]

function secretValues(text: string, bytes: Uint8Array): Range[] {
  const ranges: Range[] = []
  for (const match of text.matchAll(SECRET_NAME)) {
    const at = match.index + match[0].length
    let end = at
    while (end < bytes.length && bytes[end] !== QUOTE) end += bytes[end] === BACKSLASH ? 2 : 1
    ranges.push([at, Math.min(end, bytes.length)])
  }
  return ranges
}

function secretGaps(text: string): Range[] {
  const gaps: Range[] = []
  let at = 0
  for (const match of text.matchAll(EVENT_AND_STATUS)) {
    gaps.push([at, match.index])
    at = match.index + match[0].length
  }
  gaps.push([at, text.length])
  return gaps.filter(([from, end]) => isSecret(text.slice(from, end)))
}

function isSecret(text: string): boolean {
  return /[^\t\r\n\x20-\x7e]/.test(text) || /[0-9a-f]{64}/i.test(text)
}
