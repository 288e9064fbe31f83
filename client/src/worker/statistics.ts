import type { CallKind } from '@hepscope/shared/call/call.ts'
import { PROBLEM_NAMES, type Problem } from '@hepscope/shared/call/problem.ts'
import type { CallState } from '@hepscope/shared/call/state.ts'
import type { CallRecord } from './call-record.ts'
import type { Statistics, Tally } from './protocol.ts'

/** Dialogs by kind and state, the most frequent first. */
export function countDialogs(records: Iterable<CallRecord>): Pick<Statistics, 'dialogs' | 'kinds' | 'states'> {
  const kinds = new Map<CallKind, Map<CallState, number>>()
  let dialogs = 0
  for (const { call } of records) {
    dialogs++
    const states = kinds.get(call.kind) ?? new Map<CallState, number>()
    kinds.set(call.kind, states)
    states.set(call.state, (states.get(call.state) ?? 0) + 1)
  }
  const states = [...kinds].flatMap(([kind, counts]) => [...counts].map(([name, count]) => ({ kind, name, count })))
  return {
    dialogs,
    kinds: tallies([...kinds].map(([kind, counts]) => [kind, [...counts.values()].reduce((sum, n) => sum + n, 0)])),
    states: states.sort((a, b) => b.count - a.count),
  }
}

/** How many of the records have each problem. */
export function countProblems(records: Iterable<CallRecord>, onlyCalls: boolean): Record<Problem, number> {
  const counts = PROBLEM_NAMES.map(() => 0)
  for (const record of records) {
    const bits = record.problemBits
    if (bits === 0 || (onlyCalls && record.call.kind !== 'call')) continue
    for (let i = 0; i < counts.length; i++) if ((bits & (1 << i)) !== 0) counts[i] = (counts[i] ?? 0) + 1
  }
  const named = {} as Record<Problem, number>
  PROBLEM_NAMES.forEach((name, i) => (named[name] = counts[i] ?? 0))
  return named
}

/** Names and counts as tallies, the most frequent first. */
export function tallies(counts: Iterable<readonly [name: string, count: number]>): Tally[] {
  return [...counts]
    .filter(([, count]) => count > 0)
    .map(([name, count]) => ({ name, count }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
}
