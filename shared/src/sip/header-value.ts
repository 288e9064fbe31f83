import { unfold } from './summary.ts'

const utf8 = new TextDecoder()

/**
 * Value of a header that the summary does not hold, e.g. `P-Asserted-Identity`, or that of several names by which
 * agents name another leg. Looks at every line, so it is for single messages.
 *
 * @param message one SIP message; its lines may end in CRLF or LF
 * @param names header names in any case; the first header on the wire that has one of them counts
 * @returns the value without blanks around it, folded lines joined; undefined if there is none
 */
export function headerValue(message: Uint8Array, ...names: readonly string[]): string | undefined {
  const wanted = new Set(names.map((name) => name.toLowerCase()))
  const text = utf8.decode(message)
  let at = 0
  while (text[at] === '\r' || text[at] === '\n') at++
  for (at = lineEnd(text, at); at < text.length; at = lineEnd(text, at)) {
    const end = lineEnd(text, at)
    const line = text.slice(at, end)
    if (line === '\n' || line === '\r\n') return undefined
    const colon = line.indexOf(':')
    if (colon < 0 || !wanted.has(line.slice(0, colon).trimEnd().toLowerCase())) continue
    let valueEnd = end
    while (text[valueEnd] === ' ' || text[valueEnd] === '\t') valueEnd = lineEnd(text, valueEnd)
    return unfold(text.slice(at + colon + 1, valueEnd)).trim()
  }
  return undefined
}

/** Where the line behind that of `at` begins. */
function lineEnd(text: string, at: number): number {
  const lf = text.indexOf('\n', at)
  return lf < 0 ? text.length : lf + 1
}
