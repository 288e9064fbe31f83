const LF = 0x0a
const COLON = 0x3a
const ZERO = 0x30
const EXPIRES = [0x65, 0x78, 0x70, 0x69, 0x72, 0x65, 0x73]

/**
 * True if a REGISTER or SUBSCRIBE asks for zero seconds, by an `Expires` header or an `expires` parameter.
 *
 * @param message the whole request; empty, and then false, where payloads were taken out
 * @see RFC 3261 sections 10.2.2 and 20.19
 */
export function asksToLeave(message: Uint8Array): boolean {
  let at = 0
  while (at < message.length) {
    let end = message.indexOf(LF, at)
    if (end < 0) end = message.length
    if (end - at <= 1) return false
    const name = message.indexOf(COLON, at)
    if (name > at && name < end && hasZeroExpires(message, at, end)) return true
    at = end + 1
  }
  return false
}

/** `expires` at the start of the line or behind `;`, then `:` or `=`, then a zero and no other digit. */
function hasZeroExpires(message: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at + EXPIRES.length < end; at++) {
    if (at !== start && message[at - 1] !== 0x3b) continue
    if (!isExpires(message, at)) continue
    let next = at + EXPIRES.length
    while (next < end && isSeparator(message[next] ?? 0)) next++
    if (message[next] !== ZERO) continue
    while (next < end && message[next] === ZERO) next++
    if (!isDigit(message[next] ?? 0)) return true
  }
  return false
}

function isExpires(message: Uint8Array, at: number): boolean {
  for (let i = 0; i < EXPIRES.length; i++) if (((message[at + i] ?? 0) | 0x20) !== EXPIRES[i]) return false
  return true
}

function isSeparator(byte: number): boolean {
  return byte === COLON || byte === 0x3d || byte === 0x20 || byte === 0x09
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 0x39
}
