import type { Problem } from '@hepscope/shared/call/problem.ts'
import { parseCallExpression } from '@hepscope/shared/filter/call-expression.ts'

/** True if the filter asks for a problem, as a word of its own. */
export function hasPreset(filter: string, problem: Problem): boolean {
  return pattern(problem).test(filter)
}

/** The filter with a problem asked for beside the rest, or without if it was asked for. */
export function togglePreset(filter: string, problem: Problem): string {
  if (hasPreset(filter, problem)) {
    const word = `is:${problem}(?=\\s|$)`
    const joined = new RegExp(`\\s+(?:and|or)\\s+${word}|^\\s*${word}\\s+(?:and|or)\\s`, 'i')
    const without = joined.test(filter) ? filter.replace(joined, ' ') : filter.replace(pattern(problem), ' ')
    return without.replace(/\s{2,}/g, ' ').trim()
  }
  const parsed = parseCallExpression(filter)
  if (!parsed.ok) return `is:${problem}`
  const rest = parsed.expression.kind === 'or' ? `(${filter.trim()})` : filter.trim()
  return `${rest} is:${problem}`
}

/** Not behind a sign of negation, and not in quotes or parentheses. */
function pattern(problem: Problem): RegExp {
  return new RegExp(`(?:^|(?<!\\bnot)\\s)is:${problem}(?=\\s|$)`, 'i')
}
