import type { CallFacts, Evidence } from '../call/call.ts'

/** The facts of a call that figures are made from. */
export type CountedFacts = Pick<
  CallFacts,
  | 'kind'
  | 'state'
  | 'stateClass'
  | 'statusCode'
  | 'firstUs'
  | 'answerAtUs'
  | 'endAtUs'
  | 'postDialDelayUs'
  | 'talkUs'
  | 'disconnectUs'
  | 'responseTimeUs'
  | 'evidence'
>

/**
 * What became of one attempt to set a call up, in the classes of RFC 6076:
 * `answered` a 2xx · `redirected` 3xx · `challenged` 401, 402 or 407 and no further attempt · `by-user` 480, 486, 600
 * or 603 · `ineffective` 408, 500, 503 or 504 · `refused` every other refusal, cancelled calls too ·
 * `pending` not known yet · `unclear` messages are missing that would tell
 */
export type Outcome =
  'answered' | 'redirected' | 'challenged' | 'by-user' | 'ineffective' | 'refused' | 'pending' | 'unclear'

const CHALLENGES: ReadonlySet<number> = new Set([401, 402, 407])
const BY_USER: ReadonlySet<number> = new Set([480, 486, 600, 603])
const INEFFECTIVE: ReadonlySet<number> = new Set([408, 500, 503, 504])

/** Evidence that leaves open what became of the attempt. */
const UNCLEAR: ReadonlySet<Evidence> = new Set(['started-before-capture', 'answer-not-seen', 'gap-inside'])

export function outcomeOf({ state, stateClass, statusCode, answerAtUs, evidence }: CountedFacts): Outcome {
  if (evidence.some((one) => UNCLEAR.has(one))) return 'unclear'
  if (answerAtUs !== undefined) return 'answered'
  // Nothing was heard for so long that the answer may have been missed.
  if (stateClass === 'wait') return evidence.includes('silent') ? 'unclear' : 'pending'
  if (state === 'unknown') return 'unclear'
  if (statusCode >= 300 && statusCode < 400) return 'redirected'
  if (CHALLENGES.has(statusCode)) return 'challenged'
  if (BY_USER.has(statusCode)) return 'by-user'
  return INEFFECTIVE.has(statusCode) ? 'ineffective' : 'refused'
}

/** What became of a registration: RFC 6076 does not count a challenge as a failure. */
export function registrationOutcomeOf(facts: CountedFacts): 'registered' | 'failed' | 'pending' | 'unclear' {
  const { state, stateClass, statusCode, evidence } = facts
  if (evidence.some((one) => UNCLEAR.has(one))) return 'unclear'
  if (state === 'registered' || state === 'unregistered') return 'registered'
  if (statusCode >= 400 && !CHALLENGES.has(statusCode)) return 'failed'
  if (stateClass === 'wait' && evidence.includes('silent')) return 'failed'
  return stateClass === 'wait' || CHALLENGES.has(statusCode) ? 'pending' : 'unclear'
}
