import type { Statistics, Tally } from '../../worker/protocol.ts'

/** States of calls alone; the other kinds are few words and stand beside them by kind. */
export function statesOf(states: Statistics['states']): readonly Tally[] {
  return states.filter(({ kind }) => kind === 'call')
}

/** Answers by class, `1xx` to `6xx`. */
export function answerClasses(codes: readonly Tally[]): readonly Tally[] {
  const counts = new Map<string, number>()
  for (const { name, count } of codes) {
    const answerClass = `${name.charAt(0)}xx`
    counts.set(answerClass, (counts.get(answerClass) ?? 0) + count)
  }
  return [...counts].sort().map(([name, count]) => ({ name, count }))
}
