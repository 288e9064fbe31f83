/**
 * What colour family a state belongs to:
 * `wait` something is still to come · `ok` established · `done` finished as intended ·
 * `off` not established, by the choice of a person or a script · `bad` not established, by a fault.
 */
export type StateClass = 'wait' | 'ok' | 'done' | 'off' | 'bad'

/** Every state word and its class. The set is closed: pages, filters and metrics rely on it. */
export const STATE_CLASS = {
  /** INVITE seen, at most 100 since. */
  setup: 'wait',
  /** 182. */
  queued: 'wait',
  /** 181. */
  forwarding: 'wait',
  /** 180. */
  ringing: 'wait',
  /** 183: the caller may hear something. */
  early: 'wait',
  /** 401 or 407: the request is expected again, with credentials. */
  auth: 'wait',
  /** 2xx to the INVITE. */
  'in-call': 'ok',
  /** BYE after an answer. */
  ended: 'done',
  /** CANCEL from the caller, or 487. */
  cancelled: 'off',
  /** 486, 600. */
  busy: 'off',
  /** 603, 607, 608: the called person, or what decides for that person, said no. */
  declined: 'off',
  /** 480. */
  unavailable: 'off',
  /** 408 after it had rung. */
  'no-answer': 'off',
  /** 3xx. */
  diverted: 'off',
  /** 408 and nothing had rung: an element on the way is silent. */
  timeout: 'bad',
  /** 404, 410, 484, 604. */
  'not-found': 'bad',
  /** 403. */
  rejected: 'bad',
  /** Challenged again after credentials were sent, or never answered the challenge. */
  'auth-failed': 'bad',
  /** Every other final answer from 400 up. */
  failed: 'bad',
  /** A request other than INVITE without a final answer. */
  pending: 'wait',
  /** 2xx to REGISTER. */
  registered: 'ok',
  /** 2xx to a REGISTER that asked for zero seconds; can only be told where the payload was there. */
  unregistered: 'done',
  /** 2xx to SUBSCRIBE, or a NOTIFY. */
  subscribed: 'ok',
  /** 2xx to any other request. */
  answered: 'done',
  /** Nothing seen that tells. */
  unknown: 'off',
} as const satisfies Record<string, StateClass>

export type CallState = keyof typeof STATE_CLASS

const FAILURES: ReadonlyMap<number, CallState> = new Map([
  [403, 'rejected'],
  [404, 'not-found'],
  [410, 'not-found'],
  [480, 'unavailable'],
  [484, 'not-found'],
  [486, 'busy'],
  [487, 'cancelled'],
  [600, 'busy'],
  [603, 'declined'],
  [604, 'not-found'],
  [607, 'declined'],
  [608, 'declined'],
])

/**
 * State after a final answer that is neither 2xx nor a challenge.
 *
 * @param statusCode 300 to 699
 * @param hasRung a 18x came before
 */
export function stateOfFailure(statusCode: number, hasRung: boolean): CallState {
  if (statusCode < 400) return 'diverted'
  if (statusCode === 408) return hasRung ? 'no-answer' : 'timeout'
  return FAILURES.get(statusCode) ?? 'failed'
}

/** State that a provisional answer stands for; undefined for those that say nothing, such as 100. */
export function stateOfProgress(statusCode: number): CallState | undefined {
  switch (statusCode) {
    case 180:
      return 'ringing'
    case 181:
      return 'forwarding'
    case 182:
      return 'queued'
    case 183:
      return 'early'
    default:
      return undefined
  }
}

/** True for 401 and 407. */
export function isChallenge(statusCode: number): boolean {
  return statusCode === 401 || statusCode === 407
}
