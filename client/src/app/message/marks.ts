import type { Token, TokenLine } from './tokens.ts'

/** A token, or the part of one that was searched for. */
export interface MarkedToken extends Token {
  /** Number of the hit from 0; undefined for what was not searched for. */
  readonly hit: number | undefined
}

export interface MarkedLines {
  readonly lines: readonly (readonly MarkedToken[])[]
  readonly hits: number
}

/** Most hits that are marked. */
const MAX_HITS = 1000

/**
 * Mark every place where a text occurs in lines, also across the ends of tokens; case does not count.
 *
 * @param wanted `''` for no marks
 */
export function markHits(lines: readonly TokenLine[], wanted: string): MarkedLines {
  const needle = wanted.toLowerCase()
  let hits = 0
  const marked = lines.map((tokens) => {
    const line = tokens
      .map(({ text }) => text)
      .join('')
      .toLowerCase()
    const ranges: [from: number, to: number, hit: number][] = []
    for (let at = needle === '' ? -1 : line.indexOf(needle); at >= 0 && hits < MAX_HITS;) {
      ranges.push([at, at + needle.length, hits++])
      at = line.indexOf(needle, at + needle.length)
    }
    return ranges.length === 0 ? tokens.map((token) => ({ ...token, hit: undefined })) : split(tokens, ranges)
  })
  return { lines: marked, hits }
}

function split(
  tokens: TokenLine,
  ranges: readonly (readonly [from: number, to: number, hit: number])[],
): MarkedToken[] {
  const out: MarkedToken[] = []
  let at = 0
  for (const { kind, text } of tokens) {
    let done = 0
    const end = at + text.length
    for (const [from, to, hit] of ranges) {
      const start = Math.max(from, at)
      const stop = Math.min(to, end)
      if (start >= stop) continue
      if (start - at > done) out.push({ kind, text: text.slice(done, start - at), hit: undefined })
      out.push({ kind, text: text.slice(start - at, stop - at), hit })
      done = stop - at
    }
    if (done < text.length) out.push({ kind, text: text.slice(done), hit: undefined })
    at = end
  }
  return out
}
