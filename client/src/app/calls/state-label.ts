import type { CallKind, Evidence } from '@hepscope/shared/call/call.ts'
import type { CallState, StateClass } from '@hepscope/shared/call/state.ts'

/** A state as it is shown: a glyph and a word, so that colour is never needed. */
export interface StateLabel {
  readonly glyph: string
  readonly word: string
}

const LABELS: Readonly<Record<CallState, readonly [glyph: string, word: string]>> = {
  setup: ['○', 'setup'],
  queued: ['◔', 'queued'],
  forwarding: ['↪', 'forwarding'],
  ringing: ['◐', 'ringing'],
  early: ['◑', 'early media'],
  auth: ['◇', 'auth'],
  'in-call': ['●', 'in call'],
  ended: ['✓', 'ended'],
  cancelled: ['⊘', 'cancelled'],
  busy: ['⊗', 'busy'],
  declined: ['⊗', 'declined'],
  unavailable: ['⊗', 'unavailable'],
  'no-answer': ['⊗', 'no answer'],
  diverted: ['↪', 'diverted'],
  timeout: ['✕', 'timeout'],
  'not-found': ['✕', 'not found'],
  rejected: ['✕', 'rejected'],
  'auth-failed': ['✕', 'auth failed'],
  failed: ['✕', 'failed'],
  pending: ['○', 'pending'],
  registered: ['●', 'registered'],
  unregistered: ['✓', 'unregistered'],
  subscribed: ['●', 'subscribed'],
  answered: ['✓', 'answered'],
  unknown: ['?', 'unknown'],
}

/** States in which the code says more than the word. */
const WITH_CODE: ReadonlySet<CallState> = new Set([
  'busy',
  'declined',
  'diverted',
  'not-found',
  'rejected',
  'failed',
  'unavailable',
])

const EVIDENCE: Readonly<Record<Evidence, string>> = {
  'started-before-capture': 'its beginning was not captured',
  'answer-not-seen': 'its answer was not seen',
  'ack-not-seen': 'the ACK was not seen',
  'bye-not-seen': 'no BYE was seen',
  silent: 'nothing was heard of it for long',
  'gap-inside': 'events are missing while it ran',
}

interface Stated {
  readonly kind: CallKind
  readonly state: CallState
  readonly stateClass: StateClass
  readonly statusCode: number
  readonly reason: string
  readonly evidence: readonly Evidence[]
}

/** Glyph and word of a call's state. */
export function stateLabel({ state, statusCode, evidence }: Stated): StateLabel {
  if (evidence.includes('bye-not-seen')) return { glyph: '?', word: 'no BYE seen' }
  if (evidence.includes('silent') && state === 'in-call') return { glyph: '?', word: 'silent' }
  const [glyph, word] = LABELS[state]
  return { glyph, word: WITH_CODE.has(state) && statusCode !== 0 ? `${word} ${statusCode}` : word }
}

/** Colour class: what is not certain waits for somebody to look. */
export function stateTone({ state, stateClass, evidence }: Stated): StateClass {
  const isUncertain = evidence.includes('bye-not-seen') || (evidence.includes('silent') && state === 'in-call')
  return isUncertain ? 'wait' : stateClass
}

/** The word of a state; another text is its own word. */
export function stateWord(state: string): string {
  return isState(state) ? LABELS[state][1] : state
}

function isState(text: string): text is CallState {
  return Object.hasOwn(LABELS, text)
}

/** What was not seen, in words. */
export function evidenceText(evidence: Evidence): string {
  return EVIDENCE[evidence]
}

/** Everything about a state, in words. */
export function stateTitle(call: Stated): string {
  const [, word] = LABELS[call.state]
  const answer = call.statusCode === 0 ? '' : ` (${call.statusCode}${call.reason === '' ? '' : ` ${call.reason}`})`
  const doubts = call.evidence.map((evidence) => EVIDENCE[evidence])
  return `${word}${answer}${doubts.length === 0 ? '' : `; ${doubts.join('; ')}`}`
}
