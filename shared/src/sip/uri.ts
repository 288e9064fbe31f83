/** Bytes that end or divide something in a URI, a name-addr or a parameter. All others are passed over in one tight loop. */
const DIVIDES = new Uint8Array(256)
for (const char of '\t\n\r ",:;<>?@') DIVIDES[char.charCodeAt(0)] = 1

const COLON = 0x3a
const SEMICOLON = 0x3b
const LESS = 0x3c
const GREATER = 0x3e
const QUOTE = 0x22
const BACKSLASH = 0x5c
const AT = 0x40
const COMMA = 0x2c
const EQUALS = 0x3d
const BRACKET_OPEN = 0x5b
const BRACKET_CLOSE = 0x5d

/** Offsets of the parts of a URI; `-1` where there is none. Reused from message to message. */
export class UriParts {
  /** Without password and parameters. */
  userAt = -1
  userEnd = -1
  /** Without port; an IPv6 address with its brackets. */
  hostAt = -1
  hostEnd = -1
  /** Where the parameters of the header begin, behind a name-addr or addr-spec. */
  paramsAt = -1
}

/** Offsets of a parameter's value. */
export class ValueRange {
  at = -1
  end = -1
}

/**
 * Find the URI of a From or To value, and where the header's own parameters begin.
 *
 * @see RFC 3261 section 20: without brackets, all parameters belong to the header
 */
export function readNameAddr(bytes: Uint8Array, at: number, end: number, parts: UriParts): void {
  let i = at
  for (;;) {
    while (i < end && DIVIDES[bytes[i] ?? 0] === 0) i++
    const byte = i < end ? bytes[i] : SEMICOLON
    if (byte === LESS) {
      const close = readUri(bytes, i + 1, end, parts)
      parts.paramsAt = close
      return
    }
    if (byte === SEMICOLON) {
      const bareEnd = i < end ? i : end
      readUri(bytes, at, bareEnd, parts)
      parts.paramsAt = bareEnd
      return
    }
    i = byte === QUOTE ? quoteEnd(bytes, i, end) : i + 1
  }
}

/**
 * Find user and host of a sip, sips or tel URI in any case.
 *
 * A URI without `@` has no user, but for tel, whose number is one. Without a scheme there is neither.
 *
 * @returns offset of the `>` that ends the URI, or `end`
 */
export function readUri(bytes: Uint8Array, at: number, end: number, parts: UriParts): number {
  parts.userAt = parts.userEnd = parts.hostAt = parts.hostEnd = -1
  let i = at
  while (i < end && DIVIDES[bytes[i] ?? 0] === 0) i++
  if (i >= end || bytes[i] !== COLON) return uriEnd(bytes, i, end)
  const start = i + 1
  let userEnd = -1
  for (i = start; ; i++) {
    while (i < end && DIVIDES[bytes[i] ?? 0] === 0) i++
    const byte = i < end ? bytes[i] : GREATER
    if (byte === AT) {
      parts.userAt = start
      parts.userEnd = userEnd < 0 ? i : userEnd
      return uriEnd(bytes, readHost(bytes, i + 1, end, parts), end)
    }
    if (byte === GREATER) break
    if (userEnd < 0 && (byte === SEMICOLON || byte === COLON || isLws(byte ?? 0))) userEnd = i
  }
  const close = i < end ? i : end
  // "tel" is the only scheme of three letters with a T that SIP headers carry.
  if (start - at === 4 && ((bytes[at] ?? 0) | 0x20) === 0x74) {
    parts.userAt = start
    parts.userEnd = userEnd < 0 ? close : userEnd
  } else {
    readHost(bytes, start, close, parts)
  }
  return close
}

/** Returns where the host ends. */
function readHost(bytes: Uint8Array, at: number, end: number, parts: UriParts): number {
  let i = at
  if (i < end && bytes[i] === BRACKET_OPEN) {
    while (i < end && bytes[i] !== BRACKET_CLOSE && bytes[i] !== GREATER) i++
    if (i < end && bytes[i] === BRACKET_CLOSE) i++
  } else {
    while (i < end && DIVIDES[bytes[i] ?? 0] === 0) i++
  }
  parts.hostAt = at
  parts.hostEnd = i
  return i
}

function uriEnd(bytes: Uint8Array, from: number, end: number): number {
  let i = from
  while (i < end && bytes[i] !== GREATER) i++
  return i
}

/**
 * Find `;name=value` before the first comma outside quotes.
 *
 * @param name in lower case
 * @returns true if it is there; `value` then holds its offsets
 */
export function findParameter(
  bytes: Uint8Array,
  from: number,
  end: number,
  name: Uint8Array,
  value: ValueRange,
): boolean {
  let i = from
  for (;;) {
    while (i < end && DIVIDES[bytes[i] ?? 0] === 0) i++
    if (i >= end) return false
    const byte = bytes[i]
    if (byte === COMMA) return false
    if (byte === SEMICOLON) {
      const at = parameterValue(bytes, i + 1, end, name)
      if (at >= 0) {
        value.at = at
        value.end = valueEnd(bytes, at, end)
        return value.end > at
      }
      i++
    } else {
      i = byte === QUOTE ? quoteEnd(bytes, i, end) : i + 1
    }
  }
}

/** Offset of the value if the parameter that begins at `from` has this name, else -1. */
function parameterValue(bytes: Uint8Array, from: number, end: number, name: Uint8Array): number {
  let at = skipLws(bytes, from, end)
  if (end - at <= name.length) return -1
  for (let i = 0; i < name.length; i++) if (((bytes[at + i] ?? 0) | 0x20) !== name[i]) return -1
  at = skipLws(bytes, at + name.length, end)
  return at < end && bytes[at] === EQUALS ? skipLws(bytes, at + 1, end) : -1
}

function valueEnd(bytes: Uint8Array, at: number, end: number): number {
  let i = at
  for (; ; i++) {
    while (i < end && DIVIDES[bytes[i] ?? 0] === 0) i++
    if (i >= end) return end
    const byte = bytes[i] ?? 0
    if (byte === SEMICOLON || byte === COMMA || byte === GREATER || isLws(byte)) return i
  }
}

function quoteEnd(bytes: Uint8Array, at: number, end: number): number {
  let i = at + 1
  while (i < end && bytes[i] !== QUOTE) i += bytes[i] === BACKSLASH ? 2 : 1
  return i + 1
}

/** First offset at or behind `from` that is no linear white space. */
export function skipLws(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && isLws(bytes[at] ?? 0)) at++
  return at
}

/** End of a range without the linear white space at its end. */
export function trimLws(bytes: Uint8Array, at: number, from: number): number {
  let end = from
  while (end > at && isLws(bytes[end - 1] ?? 0)) end--
  return end
}

/** Space, tab, CR or LF: what may stand between tokens, line folds included. */
export function isLws(byte: number): boolean {
  return byte <= 0x20 && (byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === 0x0a)
}
