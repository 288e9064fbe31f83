import { TEXT } from '../event/columns.ts'
import { Attempt } from './attempt.ts'
import type { CallKind } from './call.ts'
import { Challenges } from './challenges.ts'
import { asksToLeave } from './expires.ts'
import { METHOD } from './kind.ts'
import type { RowReader } from './row-reader.ts'
import { type CallState, isChallenge, stateOfFailure } from './state.ts'
import { CHALLENGE_WAIT_US, earlier, type Facts, QUIET_US, type Verdict } from './verdict.ts'

/** Most requests that are looked back upon. */
const MAX_ATTEMPTS = 8

/**
 * Facts of a Call-ID that is not a call: REGISTER, SUBSCRIBE, OPTIONS, MESSAGE and others. Such a Call-ID is often
 * used for days, one request after the other; the latest decides. What arrives late goes where its time says.
 */
export class RequestFacts implements Facts {
  readonly #kind: CallKind
  /** The method whose answers decide, as in `METHODS`. */
  readonly #method: number
  /** By time of their first message. */
  readonly #attempts: Attempt[] = []
  /** What the requests came to that had to leave. */
  #goneUs = 0
  readonly #goneChallenges = new Challenges()
  /** Of all requests; made anew at each judgement. */
  readonly #challenges = new Challenges()
  #goneSettled: CallState | undefined
  #hasNotify = false

  constructor(kind: CallKind, method: number) {
    this.#kind = kind
    this.#method = method
  }

  apply(row: RowReader): void {
    if (row.method === METHOD.notify) this.#hasNotify = true
    if (row.method !== this.#method) return
    const { tsUs, isRequest, statusCode } = row
    const attempt = this.#open(row.fromTag, row.cseq, tsUs)
    const transaction = attempt?.open(row.branch, isRequest ? row.source : row.destination, tsUs)
    if (attempt === undefined || transaction === undefined) return
    if (isRequest) {
      attempt.requestUs = earlier(attempt.requestUs, tsUs)
      if (this.#kind === 'registration' || this.#kind === 'subscription') {
        attempt.leaves ||= asksToLeave(row.block.payload(row.row))
      }
    } else if (statusCode < 200) transaction.hasProvisional = true
    else transaction.finish(statusCode, tsUs, row.commonText(TEXT.reason))
    this.#sort()
  }

  #open(fromTag: number, cseq: number, tsUs: number): Attempt | undefined {
    const attempts = this.#attempts
    for (const attempt of attempts) if (attempt.cseq === cseq && attempt.fromTag === fromTag) return attempt
    if (tsUs < this.#goneUs) return undefined
    const attempt = new Attempt(fromTag, cseq, tsUs)
    attempts.push(attempt)
    if (attempts.length <= MAX_ATTEMPTS) return attempt
    this.#sort()
    const oldest = attempts.shift()
    if (oldest === undefined) return undefined
    this.#goneUs = oldest.firstUs
    this.#goneSettled = this.#settle(oldest, this.#goneSettled, this.#goneChallenges)
    return oldest === attempt ? undefined : attempt
  }

  /** Nearly always in order already. */
  #sort(): void {
    const attempts = this.#attempts
    for (let i = attempts.length - 1; i > 0; i--) {
      const attempt = attempts[i]
      const before = attempts[i - 1]
      if (attempt === undefined || before === undefined || !comesBefore(attempt, before)) continue
      attempts.sort((a, b) => (comesBefore(a, b) ? -1 : 1))
      return
    }
  }

  age(idleUs: number): boolean {
    const attempt = this.#attempts.at(-1)
    if (attempt === undefined) return false
    let changed = false
    if (idleUs > QUIET_US && !attempt.isQuiet) changed = attempt.isQuiet = true
    if (idleUs > CHALLENGE_WAIT_US && !attempt.isGivenUp && isChallenge(attempt.result?.finalCode ?? 0)) {
      changed = attempt.isGivenUp = true
    }
    return changed
  }

  /**
   * What a request came to that another one follows.
   *
   * @param challenges counts on, or begins anew
   * @returns the state that holds on while the next is under way
   */
  #settle(attempt: Attempt, settled: CallState | undefined, challenges: Challenges): CallState | undefined {
    const statusCode = attempt.lastResult?.finalCode ?? 0
    if (statusCode === 0) return settled
    if (isChallenge(statusCode)) {
      challenges.add(statusCode)
      return settled
    }
    challenges.reset()
    const state = this.#stateOf(statusCode, attempt.leaves)
    return state === 'registered' || state === 'subscribed' ? state : undefined
  }

  judge(verdict: Verdict): void {
    const challenges = this.#challenges
    challenges.set(this.#goneChallenges)
    let settled = this.#goneSettled
    const attempt = this.#attempts.at(-1)
    for (const before of this.#attempts) if (before !== attempt) settled = this.#settle(before, settled, challenges)
    verdict.requestUs = attempt?.requestUs ?? 0
    const result = attempt?.result
    verdict.challengeCount = challenges.sameCount(result?.finalCode ?? 0)
    if (attempt === undefined || result === undefined) {
      verdict.state = settled ?? (this.#hasNotify ? 'subscribed' : attempt === undefined ? 'unknown' : 'pending')
      return
    }
    verdict.statusCode = result.finalCode
    verdict.reason = result.finalReason
    verdict.respondedUs = result.finalUs
    verdict.state = isChallenge(result.finalCode)
      ? challenges.stateAfter(result.finalCode, attempt.isGivenUp)
      : this.#stateOf(result.finalCode, attempt.leaves)
    // A registration holds on while its refresh is challenged.
    if (verdict.state === 'auth' && settled !== undefined) verdict.state = settled
    if (verdict.state !== 'auth' && verdict.state !== 'registered' && verdict.state !== 'subscribed') {
      verdict.endAtUs = result.finalUs
    }
  }

  #stateOf(statusCode: number, leaves: boolean): CallState {
    if (statusCode >= 300) return stateOfFailure(statusCode, false)
    if (this.#kind === 'registration') return leaves ? 'unregistered' : 'registered'
    if (this.#kind === 'subscription') return leaves ? 'ended' : 'subscribed'
    return 'answered'
  }
}

/** By time; in the same microsecond by CSeq. */
function comesBefore(a: Attempt, b: Attempt): boolean {
  return a.firstUs === b.firstUs ? a.cseq < b.cseq : a.firstUs < b.firstUs
}
