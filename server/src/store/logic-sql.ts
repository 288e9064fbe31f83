/** Conditions that are the same for every row; what is built here leaves them out. */
export const NEVER = 'FALSE'
export const ALWAYS = 'TRUE'

/** Pattern for LIKE with `ESCAPE '\\'`: `*` stands for any text. */
export function wildcardPattern(wanted: string): string {
  return wanted.replace(/[\\%_]/g, '\\$&').replaceAll('*', '%')
}

/** A condition that is looked at only where the guard holds. */
export function caseOf(guard: string, condition: string): string {
  return `CASE WHEN ${guard} THEN ${condition} ELSE FALSE END`
}

export function allOf(conditions: readonly string[]): string {
  if (conditions.includes(NEVER)) return NEVER
  return joined(conditions, ALWAYS, 'AND')
}

export function anyOf(conditions: readonly string[]): string {
  if (conditions.includes(ALWAYS)) return ALWAYS
  return joined(conditions, NEVER, 'OR')
}

function joined(conditions: readonly string[], neutral: string, word: 'AND' | 'OR'): string {
  const rest = conditions.filter((condition) => condition !== neutral)
  if (rest.length === 0) return neutral
  return rest.length === 1 ? (rest[0] ?? neutral) : `(${rest.join(` ${word} `)})`
}

export function not(condition: string): string {
  if (condition === ALWAYS) return NEVER
  return condition === NEVER ? ALWAYS : `(NOT ${condition})`
}
