import { INPUT } from '../bytes/input.ts'
import {
  AT,
  BRACKET_CLOSE,
  BRACKET_OPEN,
  COLON,
  DISPLAY_NAME,
  ENDS,
  EQUALS,
  HOST,
  LESS,
  PARAMETER,
  PARAMETER_VALUE,
  QUOTE,
  quoteEnd,
  SCHEME,
  SEMICOLON,
  skipBlanks,
  URI,
  USER,
} from './chars.ts'
import { wordAt, wordOf } from './word.ts'

/** Offsets of the parts of a From or To value; `-1` where there is none. Reused from message to message. */
export class UriParts {
  /** Without password and parameters. */
  userAt = -1
  userEnd = -1
  /** Without port; an IPv6 address with its brackets. */
  hostAt = -1
  hostEnd = -1
  /** Value of a parameter that was found. */
  valueAt = -1
  valueEnd = -1

  reset(): void {
    this.userAt = this.userEnd = -1
    this.hostAt = this.hostEnd = -1
    this.valueAt = this.valueEnd = -1
  }
}

const SIP_ = wordOf('sip:')
const SIPS = wordOf('sips')
const TEL_ = wordOf('tel:')
const TAG = wordOf('tag') & 0xffffff
const BRAN = wordOf('bran')
const ANCH = wordOf('anch')

/**
 * Read a From or To value: user and host of its URI, and the tag.
 *
 * @param from offset in the input, which has a LF behind
 * @param parts receives user, host and tag, and is left alone for what is not there
 * @returns where reading stopped, at the LF or before
 * @see RFC 3261 section 20: without brackets, all parameters belong to the header
 */
export function readAddress(from: number, parts: UriParts): number {
  const start = skipBlanks(from)
  let at = start
  for (;;) {
    while (((ENDS[INPUT[at] ?? 0] ?? 0) & DISPLAY_NAME) === 0) at = (at + 1) | 0
    if (INPUT[at] !== QUOTE) break
    at = quoteEnd(at)
  }
  if (INPUT[at] === LESS) {
    at = readUri(skipBlanks(at + 1), true, parts)
    while (((ENDS[INPUT[at] ?? 0] ?? 0) & URI) === 0) at = (at + 1) | 0
  } else {
    at = readUri(start, false, parts)
  }
  return readTag(at, parts)
}

/**
 * Read a sip, sips or tel URI in any case: the user without password and parameters, the host without port.
 *
 * A URI without `@` has no user, but for tel, whose number is one. Without a scheme there is neither.
 *
 * @param from offset in the input, which has a LF behind
 * @param hasParameters whether what follows a `;` belongs to the URI
 * @param parts receives user and host, and is left alone for what is not there
 * @returns where reading stopped: behind the host
 */
export function readUri(at: number, hasParameters: boolean, parts: UriParts): number {
  const scheme = wordAt(at)
  let start = (at + 4) | 0
  if (scheme !== SIP_ && scheme !== TEL_) {
    if (scheme !== SIPS) start = at
    while (((ENDS[INPUT[start] ?? 0] ?? 0) & SCHEME) === 0) start = (start + 1) | 0
    if (INPUT[start] !== COLON) return start
    start = (start + 1) | 0
  }
  let end = start
  while (((ENDS[INPUT[end] ?? 0] ?? 0) & USER) === 0) end = (end + 1) | 0
  let host = end
  // A password or parameters of the user.
  while (INPUT[host] === COLON || (INPUT[host] === SEMICOLON && hasParameters)) {
    host = (host + 1) | 0
    while (((ENDS[INPUT[host] ?? 0] ?? 0) & USER) === 0) host = (host + 1) | 0
  }
  if (INPUT[host] === AT || scheme === TEL_) {
    parts.userAt = start
    parts.userEnd = end
    if (INPUT[host] !== AT) return end
    host = (host + 1) | 0
  } else {
    host = start
  }
  end = host
  if (INPUT[host] === BRACKET_OPEN) {
    while (INPUT[end] !== BRACKET_CLOSE && ((ENDS[INPUT[end] ?? 0] ?? 0) & URI) === 0) end = (end + 1) | 0
    if (INPUT[end] === BRACKET_CLOSE) end = (end + 1) | 0
  } else {
    while (((ENDS[INPUT[end] ?? 0] ?? 0) & HOST) === 0) end = (end + 1) | 0
  }
  parts.hostAt = host
  parts.hostEnd = end
  return end
}

/**
 * Read the tag parameter.
 *
 * @param from offset in the input, which has a LF behind
 * @param parts receives the value, and is left alone if there is no tag
 * @returns where reading stopped, at the LF or before
 */
export function readTag(from: number, parts: UriParts): number {
  for (let at = parameterAt(from); ; at = parameterAt(at)) {
    if (INPUT[at] !== SEMICOLON) return at
    at = skipBlanks(at + 1)
    if ((wordAt(at) & 0xffffff) !== TAG) continue
    const equals = skipBlanks(at + 3)
    if (INPUT[equals] === EQUALS) return readValue(equals + 1, parts)
  }
}

/**
 * Read the branch parameter of a Via value; of several vias in one line, that of the first.
 *
 * @param from offset in the input, which has a LF behind
 * @param parts receives the value, and is left alone if there is no branch
 * @returns where reading stopped, at the LF or before
 */
export function readBranch(from: number, parts: UriParts): number {
  for (let at = parameterAt(from); ; at = parameterAt(at)) {
    if (INPUT[at] !== SEMICOLON) return at
    at = skipBlanks(at + 1)
    if (wordAt(at) !== BRAN || wordAt(at + 2) !== ANCH) continue
    const equals = skipBlanks(at + 6)
    if (INPUT[equals] === EQUALS) return readValue(equals + 1, parts)
  }
}

/** Offset of the next `;`, or of the `,` or LF that ends the parameters. Quoted text is passed over. */
function parameterAt(from: number): number {
  let at = from | 0
  for (;;) {
    while (((ENDS[INPUT[at] ?? 0] ?? 0) & PARAMETER) === 0) at = (at + 1) | 0
    if (INPUT[at] !== QUOTE) return at
    at = quoteEnd(at)
  }
}

function readValue(from: number, parts: UriParts): number {
  const start = skipBlanks(from)
  let at = start
  while (((ENDS[INPUT[at] ?? 0] ?? 0) & PARAMETER_VALUE) === 0) at = (at + 1) | 0
  if (at > start) {
    parts.valueAt = start
    parts.valueEnd = at
  }
  return at
}
