const MARK = '_b2b-'

/**
 * Call-ID of the leg that a back-to-back agent made another from by appending `_b2b-1`, perhaps several times.
 * A loop and no regular expression, which would take a time that grows with the square of a hostile Call-ID.
 */
export function withoutB2bSuffix(callId: string): string {
  let end = callId.length
  for (;;) {
    let at = end
    while (at > 0 && isDigit(callId.charCodeAt(at - 1))) at--
    if (at === end || !callId.endsWith(MARK, at)) return callId.slice(0, end)
    end = at - MARK.length
  }
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}
