/** Of a letter that begins a word, and of one that follows the letter found before. */
const WORD_START = 8
const NEIGHBOUR = 10
/** Of the whole query in one piece, at the start of a word. */
const WHOLE = 1000

/**
 * How well a text has the letters of a query, in their order; undefined if it does not have them. Letters that begin a
 * word or follow each other count more, and so does a short text.
 */
export function fuzzyScore(query: string, text: string): number | undefined {
  const given = text.toLowerCase()
  const whole = query.trim().toLowerCase()
  const at = given.indexOf(whole)
  if (at >= 0) return WHOLE + (isWordStart(given, at) ? WHOLE : 0) - given.length
  // Best score of the letters so far that ends at each place of the text.
  let ending: (number | undefined)[] = Array.from({ length: given.length }, () => undefined)
  let isFirst = true
  for (const letter of whole.replace(/\s+/g, '')) {
    let best: number | undefined = isFirst ? 0 : undefined
    const next: (number | undefined)[] = []
    for (let i = 0; i < given.length; i++) {
      const before = isFirst ? undefined : ending[i - 1]
      const start = best === undefined ? undefined : best + (isWordStart(given, i) ? WORD_START : 1)
      const neighbour = before === undefined ? undefined : before + NEIGHBOUR
      next.push(given[i] === letter ? greater(start, neighbour) : undefined)
      if (!isFirst) best = greater(best, ending[i])
    }
    ending = next
    isFirst = false
  }
  const score = ending.reduce(greater, undefined)
  return score === undefined ? undefined : score - given.length / 100
}

function greater(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || (b !== undefined && b > a) ? b : a
}

function isWordStart(text: string, at: number): boolean {
  return at === 0 || !/[a-z0-9]/.test(text[at - 1] ?? '')
}
