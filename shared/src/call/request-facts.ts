import { TEXT } from '../event/columns.ts'
import { Attempt } from './attempt.ts'
import type { CallKind } from './call.ts'
import { Challenges } from './challenges.ts'
import { asksToLeave } from './expires.ts'
import { METHOD } from './kind.ts'
import type { RowReader } from './row-reader.ts'
import { type CallState, isChallenge, stateOfFailure } from './state.ts'
import { CHALLENGE_WAIT_US, type Facts, QUIET_US, type Verdict } from './verdict.ts'

/**
 * Facts of a Call-ID that is not a call: REGISTER, SUBSCRIBE, OPTIONS, MESSAGE and others. Such a Call-ID is often
 * used for days, one request after the other; the latest decides.
 */
export class RequestFacts implements Facts {
  readonly #kind: CallKind
  /** The method whose answers decide, as in `METHODS`. */
  readonly #method: number
  readonly #challenges = new Challenges()
  #attempt: Attempt | undefined
  #requestUs = 0
  #hasNotify = false
  /** State that the attempt before came to, if it holds on while the next is under way. */
  #settled: CallState | undefined

  constructor(kind: CallKind, method: number) {
    this.#kind = kind
    this.#method = method
  }

  apply(row: RowReader, isFirst: boolean): void {
    if (row.method === METHOD.notify) this.#hasNotify = true
    if (row.method !== this.#method) return
    const { tsUs, isRequest } = row
    const source = isRequest ? row.source : row.destination
    if (this.#attempt?.cseq !== row.cseq) {
      // A repeat of an older request is not news; an answer counts only for a request that is newer than ours.
      const isNews =
        this.#attempt === undefined ||
        (isFirst && (isRequest ? tsUs >= this.#requestUs : row.cseq > this.#attempt.cseq))
      if (!isNews) return
      this.#begin(row.cseq, tsUs)
    }
    const attempt = this.#attempt
    const transaction = attempt?.open(row.branch, source, tsUs)
    if (attempt === undefined || transaction === undefined) return
    if (isRequest) {
      if (this.#kind === 'registration' || this.#kind === 'subscription') {
        attempt.leaves ||= asksToLeave(row.block.payload(row.row))
      }
    } else if (row.statusCode < 200) transaction.hasProvisional = true
    else transaction.finish(row.statusCode, tsUs, row.commonText(TEXT.reason))
  }

  age(idleUs: number): boolean {
    const attempt = this.#attempt
    let changed = false
    if (idleUs > QUIET_US && attempt !== undefined && !attempt.isQuiet) changed = attempt.isQuiet = true
    if (idleUs > CHALLENGE_WAIT_US && !this.#challenges.isGivenUp && Challenges.isOpen(attempt)) {
      changed = this.#challenges.isGivenUp = true
    }
    return changed
  }

  #begin(cseq: number, tsUs: number): void {
    const before = this.#attempt
    const statusCode = before?.result?.finalCode ?? 0
    if (isChallenge(statusCode)) this.#challenges.close(before)
    else if (statusCode !== 0) {
      this.#challenges.reset()
      const state = this.#stateAfter(statusCode, before?.leaves === true)
      this.#settled = state === 'registered' || state === 'subscribed' ? state : undefined
    }
    this.#attempt = new Attempt(cseq)
    this.#requestUs = tsUs
  }

  judge(verdict: Verdict): void {
    verdict.requestUs = this.#requestUs
    const attempt = this.#attempt
    const result = attempt?.result
    if (attempt === undefined || result === undefined) {
      verdict.state = this.#settled ?? (this.#hasNotify ? 'subscribed' : attempt === undefined ? 'unknown' : 'pending')
      return
    }
    verdict.statusCode = result.finalCode
    verdict.reason = result.finalReason
    verdict.respondedUs = result.finalUs
    verdict.state = this.#stateAfter(result.finalCode, attempt.leaves)
    // A registration holds on while its refresh is challenged.
    if (verdict.state === 'auth' && this.#settled !== undefined) verdict.state = this.#settled
    if (verdict.state !== 'auth' && verdict.state !== 'registered' && verdict.state !== 'subscribed') {
      verdict.endAtUs = result.finalUs
    }
  }

  #stateAfter(statusCode: number, leaves: boolean): CallState {
    if (isChallenge(statusCode)) return this.#challenges.stateAfter(statusCode)
    if (statusCode >= 300) return stateOfFailure(statusCode, false)
    if (this.#kind === 'registration') return leaves ? 'unregistered' : 'registered'
    if (this.#kind === 'subscription') return leaves ? 'ended' : 'subscribed'
    return 'answered'
  }
}
