import { TEXT } from '../event/columns.ts'
import { Acks } from './acks.ts'
import type { Attempt, Transaction } from './attempt.ts'
import { Attempts, Setup } from './attempts.ts'
import { Byes, type LegEnd } from './byes.ts'
import { EVIDENCE } from './evidence.ts'
import { METHOD } from './kind.ts'
import type { Sight } from './retransmission.ts'
import type { RowReader } from './row-reader.ts'
import { isChallenge, STATE_CLASS, stateOfFailure } from './state.ts'
import { ACK_WAIT_US, CHALLENGE_WAIT_US, earlier, type Facts, QUIET_US, type Verdict } from './verdict.ts'

/** What the attempts of the leg that is judged come to. */
const setup = new Setup()

/**
 * Facts of a Call-ID that INVITE or its dialog uses: one leg of a call.
 *
 * A fact is the earliest or latest time of something, so that order of arrival, repeats and the same message at
 * several hops do not matter. Times are microseconds since 1970, 0 stands for "not seen".
 */
export class InviteFacts implements Facts {
  readonly #attempts = new Attempts()
  readonly #byes = new Byes()
  readonly #acks = new Acks()
  /** What sets the call up, by the latest judgement. */
  #attempt: Attempt | undefined
  /** Latest PRACK or UPDATE: an early dialog may have them too. */
  #earlyUs = 0
  /** Latest request that only an answered dialog has, and the first that proves that its INVITE was answered. */
  #laterUs = 0
  #provenUs = 0
  /** 481 within the dialog: the far side has forgotten it. */
  #goneUs = 0
  #isAckOverdue = false
  /** A call with the same Call-ID before this moment is over and forgotten. */
  #sinceUs = 0

  /** @param laterUs latest request within the dialog that came before the INVITE did; 0 for none */
  constructor(laterUs: number) {
    this.#laterUs = laterUs
  }

  apply(row: RowReader, sight: Sight): void {
    if (row.tsUs < this.#sinceUs) return
    if (row.isRequest) this.#request(row)
    else this.#answer(row, sight)
  }

  age(idleUs: number): boolean {
    const attempt = this.#attempt
    if (attempt === undefined) return false
    let changed = false
    if (idleUs > QUIET_US && !attempt.isQuiet) changed = attempt.isQuiet = true
    if (idleUs > CHALLENGE_WAIT_US && !attempt.isGivenUp && isChallenge(attempt.result?.finalCode ?? 0)) {
      changed = attempt.isGivenUp = true
    }
    if (idleUs > ACK_WAIT_US && !this.#isAckOverdue && attempt.answered !== undefined) {
      changed = this.#isAckOverdue = true
    }
    return changed
  }

  #request(row: RowReader): void {
    const { tsUs, fromTag, cseq } = row
    const isInDialog = row.has(TEXT.toTag)
    switch (row.method) {
      case METHOD.invite:
        this.#invite(row, isInDialog)
        break
      case METHOD.ack:
        this.#acks.add(row, this.#attempt)
        break
      case METHOD.bye:
        this.#byes.bye(fromTag, row.toTag, tsUs, true)
        break
      case METHOD.cancel: {
        const transaction = this.#attempts.open(fromTag, cseq, tsUs)?.open(row.branch, row.source, tsUs)
        if (transaction !== undefined) transaction.cancelUs = earlier(transaction.cancelUs, tsUs)
        break
      }
      case METHOD.prack:
      case METHOD.update:
        this.#earlyUs = Math.max(this.#earlyUs, tsUs)
        break
      default:
        if (isInDialog) this.#later(tsUs, row.method === METHOD.refer)
    }
  }

  #later(tsUs: number, isProof: boolean): void {
    this.#laterUs = Math.max(this.#laterUs, tsUs)
    if (isProof) this.#provenUs = earlier(this.#provenUs, tsUs)
  }

  #invite(row: RowReader, isInDialog: boolean): void {
    const { tsUs } = row
    const attempt = this.#attempts.open(row.fromTag, row.cseq, tsUs)
    if (isInDialog) {
      if (attempt !== undefined) attempt.isInDialog = true
      this.#later(tsUs, true)
      return
    }
    if (attempt === undefined) return
    attempt.requestUs = earlier(attempt.requestUs, tsUs)
    attempt.open(row.branch, row.source, tsUs)
  }

  #answer(row: RowReader, sight: Sight): void {
    const { statusCode, tsUs } = row
    switch (row.method) {
      case METHOD.invite:
        this.#inviteAnswer(row, sight)
        break
      case METHOD.bye:
        if (statusCode >= 200 && !isChallenge(statusCode)) this.#byes.bye(row.fromTag, row.toTag, tsUs, false)
        break
      case METHOD.update:
      case METHOD.info:
        if (statusCode === 481) this.#goneUs = Math.max(this.#goneUs, tsUs)
    }
  }

  #inviteAnswer(row: RowReader, sight: Sight): void {
    const { statusCode, tsUs } = row
    const attempt = this.#attempts.open(row.fromTag, row.cseq, tsUs)
    if (attempt === undefined) return
    const transaction = attempt.open(row.branch, row.destination, tsUs)
    if (statusCode < 200) {
      if (transaction !== undefined) transaction.hasProvisional = true
      attempt.progressed(statusCode, tsUs)
    } else {
      transaction?.finish(statusCode, tsUs, row.commonText(TEXT.reason))
      if (statusCode >= 300) return
      attempt.answer(row.toTag, tsUs)
      if (sight === 'retransmission') attempt.isAnswerRepeated = true
    }
  }

  judge(verdict: Verdict): void {
    this.#judgeOne(verdict)
    if (verdict.endAtUs === 0 || STATE_CLASS[verdict.state] === 'wait') return
    const nextUs = this.#attempts.nextCallUs(setup.callerTag, verdict.endAtUs)
    if (nextUs === 0) return
    this.#beginAgain(nextUs)
    verdict.reset()
    this.#judgeOne(verdict)
  }

  /** The Call-ID is used again, for another call. */
  #beginAgain(sinceUs: number): void {
    this.#sinceUs = sinceUs
    this.#attempts.forgetBefore(sinceUs)
    this.#byes.forgetBefore(sinceUs)
    this.#acks.forgetBefore(sinceUs)
    if (this.#earlyUs < sinceUs) this.#earlyUs = 0
    if (this.#laterUs < sinceUs) this.#laterUs = 0
    if (this.#provenUs < sinceUs) this.#provenUs = 0
    if (this.#goneUs < sinceUs) this.#goneUs = 0
    this.#isAckOverdue = false
  }

  #judgeOne(verdict: Verdict): void {
    this.#attempts.judge(setup, this.#provenUs)
    const { callerTag, attempt, requestUs, ringUs, challenges } = setup
    this.#attempt = attempt
    verdict.requestUs = requestUs
    verdict.ringAtUs = ringUs
    verdict.challengeCount = challenges.sameCount(attempt?.result?.finalCode ?? 0)
    const end = this.#byes.endOf(callerTag, attempt?.answered)
    const result = attempt?.result
    const ackUs = this.#acks.confirmUs(attempt, callerTag)
    if (attempt?.answered !== undefined) this.#judgeAnswered(verdict, attempt.answerUs, result, end, ackUs)
    else if (result !== undefined && (requestUs > 0 || end === undefined)) this.#judgeFailed(verdict, result)
    else if (end !== undefined) this.#judgeEnded(verdict, end, ackUs)
    else if (ackUs > 0 || (this.#provenUs > 0 && attempt !== undefined)) {
      verdict.state = 'in-call'
      verdict.answerAtUs = ackUs
      verdict.evidence |= EVIDENCE.answerNotSeen
    } else this.#judgeOpen(verdict)
    if (requestUs === 0) verdict.evidence |= EVIDENCE.startedBefore
  }

  #judgeAnswered(
    verdict: Verdict,
    answerUs: number,
    result: Readonly<Transaction> | undefined,
    end: LegEnd | undefined,
    ackUs: number,
  ): void {
    verdict.state = 'in-call'
    verdict.statusCode = 200
    if (result !== undefined && result.finalCode < 300) {
      verdict.statusCode = result.finalCode
      verdict.reason = result.finalReason
    }
    verdict.answerAtUs = answerUs
    if (end !== undefined) this.#judgeEnded(verdict, end, ackUs)
    else if (Math.max(this.#goneUs, this.#attempts.goneUs(this.#attempt)) > answerUs) {
      verdict.evidence |= EVIDENCE.byeNotSeen
    }
    const isRepeated = this.#attempt?.isAnswerRepeated === true
    const wentOn = end !== undefined || this.#laterUs > answerUs || isRepeated || this.#isAckOverdue
    if (ackUs === 0 && wentOn) verdict.evidence |= EVIDENCE.ackNotSeen
  }

  #judgeEnded(verdict: Verdict, end: LegEnd, ackUs: number): void {
    verdict.state = 'ended'
    verdict.endAtUs = end.byeUs
    verdict.byeAnsweredUs = end.hasRequest ? end.answeredUs : 0
    verdict.hangupSide = end.side
    if (!end.hasRequest) verdict.evidence |= EVIDENCE.byeNotSeen
    if (verdict.answerAtUs > 0 || verdict.requestUs === 0) return
    verdict.answerAtUs = ackUs
    verdict.evidence |= EVIDENCE.answerNotSeen
  }

  #judgeFailed(verdict: Verdict, { finalCode, finalReason, finalUs }: Readonly<Transaction>): void {
    const { attempt, challenges, ringUs } = setup
    verdict.statusCode = finalCode
    verdict.reason = finalReason
    if (isChallenge(finalCode)) {
      verdict.state = challenges.stateAfter(finalCode, attempt?.isGivenUp === true)
      verdict.endAtUs = verdict.state === 'auth' ? 0 : finalUs
      return
    }
    verdict.state = stateOfFailure(finalCode, ringUs > 0)
    verdict.endAtUs = finalUs
    if (verdict.state !== 'cancelled') return
    verdict.endAtUs = earlier(attempt?.cancelUs ?? 0, finalUs)
    verdict.hangupSide = 'caller'
  }

  #judgeOpen(verdict: Verdict): void {
    const attempt = this.#attempt
    const cancelUs = attempt?.cancelUs ?? 0
    if (cancelUs > 0) {
      verdict.state = 'cancelled'
      verdict.endAtUs = cancelUs
      verdict.hangupSide = 'caller'
    } else if (attempt?.progress !== undefined) verdict.state = attempt.progress
    else if (attempt !== undefined) verdict.state = 'setup'
    else if (this.#laterUs > 0) verdict.state = 'in-call'
    else if (this.#earlyUs > 0) verdict.state = 'early'
  }
}
