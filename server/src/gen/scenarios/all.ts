import { ANSWERED } from './answered.ts'
import { BRANCHING } from './branching.ts'
import { CHALLENGED } from './challenged.ts'
import { GIVEN_UP } from './given-up.ts'
import { IN_CALL } from './in-call.ts'
import { KEEP_ALIVE } from './keep-alive.ts'
import { LOSSY } from './lossy.ts'
import { REFUSED } from './refused.ts'
import { TWO_LEGS } from './two-legs.ts'
import type { Scenario } from '../scenario.ts'

/** All scenarios; their weights make the default mix. */
export const SCENARIOS: readonly Scenario[] = [
  ...ANSWERED,
  ...REFUSED,
  ...GIVEN_UP,
  ...CHALLENGED,
  ...IN_CALL,
  ...LOSSY,
  ...BRANCHING,
  ...TWO_LEGS,
  ...KEEP_ALIVE,
]

/** The scenarios of these names, or the names that none has. */
export function findScenarios(
  names: readonly string[],
):
  | { readonly ok: true; readonly scenarios: readonly Scenario[] }
  | { readonly ok: false; readonly unknown: readonly string[] } {
  const unknown = names.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name))
  if (unknown.length > 0) return { ok: false, unknown }
  return { ok: true, scenarios: SCENARIOS.filter((scenario) => names.includes(scenario.name)) }
}
