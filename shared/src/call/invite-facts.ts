import { TEXT } from '../event/columns.ts'
import { Acks } from './acks.ts'
import { Attempt, type Transaction } from './attempt.ts'
import { Challenges } from './challenges.ts'
import { Dialogs, type LegEnd } from './dialogs.ts'
import { EVIDENCE } from './evidence.ts'
import { METHOD } from './kind.ts'
import type { RowReader } from './row-reader.ts'
import { type CallState, isChallenge, STATE_CLASS, stateOfFailure, stateOfProgress } from './state.ts'
import { ACK_WAIT_US, CHALLENGE_WAIT_US, earlier, type Facts, QUIET_US, type Verdict } from './verdict.ts'

/**
 * Facts of a Call-ID that INVITE or its dialog uses: one leg of a call.
 *
 * A fact is the earliest or latest time of something, so that order of arrival, repeats and the same message at
 * several hops do not matter. Times are microseconds since 1970, 0 stands for "not seen".
 */
export class InviteFacts implements Facts {
  #attempt: Attempt | undefined
  #challenges = new Challenges()
  #dialogs = new Dialogs()
  #acks = new Acks()
  /** Hash of the caller's tag, 0 if not known. */
  #callerTag = 0
  #inviteUs = 0
  #ringUs = 0
  #progressUs = 0
  #progress: CallState | undefined
  /** Latest PRACK or UPDATE: an early dialog may have them too. */
  #earlyUs = 0
  /** Latest request that only an answered dialog has, and the first that proves that its INVITE was answered. */
  #laterUs = 0
  #provenUs = 0
  /** 481 within the dialog: the far side has forgotten it. */
  #goneUs = 0
  #isAnswerRepeated = false
  #isAckOverdue = false
  #isOver = false
  #overUs = 0

  apply(row: RowReader, isFirst: boolean): void {
    if (row.isRequest) this.#request(row)
    else this.#answer(row, isFirst)
  }

  age(idleUs: number): boolean {
    const attempt = this.#attempt
    let changed = false
    if (idleUs > QUIET_US && attempt !== undefined && !attempt.isQuiet) changed = attempt.isQuiet = true
    if (idleUs > CHALLENGE_WAIT_US && !this.#challenges.isGivenUp && Challenges.isOpen(attempt)) {
      changed = this.#challenges.isGivenUp = true
    }
    if (idleUs > ACK_WAIT_US && !this.#isAckOverdue && this.#dialogs.answerUs > 0) changed = this.#isAckOverdue = true
    return changed
  }

  #request(row: RowReader): void {
    const { tsUs } = row
    const isInDialog = row.has(TEXT.toTag)
    switch (row.method) {
      case METHOD.invite:
        if (!isInDialog) this.#invite(row)
        else this.#later(tsUs, true)
        break
      case METHOD.ack:
        this.#ack(row)
        break
      case METHOD.bye:
        this.#dialogs.bye(row.fromTag, row.toTag, tsUs, true)
        break
      case METHOD.cancel: {
        const transaction = this.#attemptOf(row, row.fromTag)?.open(row.branch, row.source, tsUs)
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

  #invite(row: RowReader): void {
    const { fromTag, tsUs } = row
    const isOther = this.#callerTag !== fromTag
    if (isOther && this.#isOver && tsUs > this.#overUs) this.#restart()
    // Some elements keep the Call-ID and take tags of their own: that is the next hop of the same call.
    if (isOther && this.#callerTag !== 0) return
    const attempt = this.#attemptOf(row, fromTag)
    this.#inviteUs = earlier(this.#inviteUs, tsUs)
    attempt?.open(row.branch, row.source, tsUs)
  }

  #ack(row: RowReader): void {
    const attempt = this.#attempt
    const isOld = attempt !== undefined && row.cseq < attempt.cseq
    const isOfReinvite = attempt !== undefined && row.cseq > attempt.cseq && this.#dialogs.answerUs > 0
    if (!isOld && !isOfReinvite) this.#acks.add(row.cseq, row.fromTag, row.branch, row.tsUs)
  }

  #answer(row: RowReader, isFirst: boolean): void {
    const { statusCode, tsUs } = row
    switch (row.method) {
      case METHOD.invite:
        this.#inviteAnswer(row, isFirst)
        break
      case METHOD.bye:
        if (statusCode >= 200 && !isChallenge(statusCode)) {
          this.#dialogs.bye(row.fromTag, row.toTag, tsUs, false)
        }
        break
      case METHOD.update:
      case METHOD.info:
        if (statusCode === 481) this.#goneUs = Math.max(this.#goneUs, tsUs)
    }
  }

  #inviteAnswer(row: RowReader, isFirst: boolean): void {
    const { statusCode, tsUs, fromTag } = row
    const attempt = this.#attemptOf(row, fromTag)
    if (attempt === undefined) {
      if (statusCode === 481) this.#goneUs = Math.max(this.#goneUs, tsUs)
      return
    }
    const transaction = attempt.open(row.branch, row.destination, tsUs)
    if (statusCode < 200) {
      if (transaction !== undefined) transaction.hasProvisional = true
      this.#progressed(statusCode, tsUs)
    } else {
      transaction?.finish(statusCode, tsUs, row.commonText(TEXT.reason))
      if (statusCode >= 300) return
      this.#dialogs.answer(row.toTag, tsUs)
      if (!isFirst) this.#isAnswerRepeated = true
    }
  }

  #progressed(statusCode: number, tsUs: number): void {
    const state = stateOfProgress(statusCode)
    if (state === undefined) return
    this.#ringUs = earlier(this.#ringUs, tsUs)
    if (tsUs < this.#progressUs) return
    this.#progressUs = tsUs
    this.#progress = state
  }

  /**
   * The attempt that a message of an INVITE belongs to; begins a new one with the next CSeq.
   *
   * @returns undefined for one that is over, for a re-INVITE, and for a hop that uses other tags
   */
  #attemptOf(row: RowReader, fromTag: number): Attempt | undefined {
    if (this.#callerTag !== 0 && fromTag !== this.#callerTag) return undefined
    const attempt = this.#attempt
    if (attempt?.cseq === row.cseq) return attempt
    const isAnswered = this.#dialogs.answerUs > 0 || this.#laterUs > 0
    if (isAnswered || (attempt !== undefined && row.cseq < attempt.cseq)) return undefined
    this.#challenges.close(attempt)
    this.#callerTag = fromTag
    this.#attempt = new Attempt(row.cseq)
    this.#progressUs = 0
    this.#progress = undefined
    return this.#attempt
  }

  /** The Call-ID is used again, for another call. */
  #restart(): void {
    this.#attempt = undefined
    this.#challenges.reset()
    this.#dialogs = new Dialogs()
    this.#acks = new Acks()
    this.#callerTag = 0
    this.#inviteUs = this.#ringUs = this.#earlyUs = this.#laterUs = this.#provenUs = this.#goneUs = 0
    this.#progressUs = 0
    this.#progress = undefined
    this.#isAnswerRepeated = this.#isAckOverdue = false
  }

  /** First ACK of an answer. */
  get #ackUs(): number {
    return this.#acks.confirmUs(this.#attempt, this.#callerTag)
  }

  judge(verdict: Verdict): void {
    verdict.requestUs = this.#inviteUs
    verdict.ringAtUs = this.#ringUs
    this.#judgeState(verdict)
    if (this.#inviteUs === 0) verdict.evidence |= EVIDENCE.startedBefore
    this.#isOver = verdict.endAtUs > 0 && STATE_CLASS[verdict.state] !== 'wait'
    this.#overUs = verdict.endAtUs
  }

  #judgeState(verdict: Verdict): void {
    const answerUs = this.#dialogs.answerUs
    const end = this.#dialogs.endOf(this.#callerTag)
    const result = this.#attempt?.result
    if (answerUs > 0) this.#judgeAnswered(verdict, answerUs, result, end)
    else if (result !== undefined && (this.#inviteUs > 0 || end === undefined)) {
      this.#judgeFailed(verdict, result.finalCode, result.finalReason, result.finalUs)
    } else if (end !== undefined) this.#judgeEnded(verdict, end)
    else if (this.#ackUs > 0 || (this.#provenUs > 0 && this.#attempt !== undefined)) {
      verdict.state = 'in-call'
      verdict.answerAtUs = this.#ackUs
      verdict.evidence |= EVIDENCE.answerNotSeen
    } else this.#judgeOpen(verdict)
  }

  #judgeAnswered(
    verdict: Verdict,
    answerUs: number,
    result: Readonly<Transaction> | undefined,
    end: LegEnd | undefined,
  ): void {
    verdict.state = 'in-call'
    verdict.statusCode = 200
    if (result !== undefined && result.finalCode < 300) {
      verdict.statusCode = result.finalCode
      verdict.reason = result.finalReason
    }
    verdict.answerAtUs = answerUs
    if (end !== undefined) this.#judgeEnded(verdict, end)
    else if (this.#goneUs > answerUs) verdict.evidence |= EVIDENCE.byeNotSeen
    const hasAck = this.#ackUs > 0
    const wentOn = end !== undefined || this.#laterUs > answerUs || this.#isAnswerRepeated || this.#isAckOverdue
    if (!hasAck && wentOn) verdict.evidence |= EVIDENCE.ackNotSeen
  }

  #judgeEnded(verdict: Verdict, end: LegEnd): void {
    verdict.state = 'ended'
    verdict.endAtUs = end.byeUs
    verdict.hangupSide = end.side
    if (!end.hasRequest) verdict.evidence |= EVIDENCE.byeNotSeen
    if (this.#dialogs.answerUs > 0 || this.#inviteUs === 0) return
    verdict.answerAtUs = this.#ackUs
    verdict.evidence |= EVIDENCE.answerNotSeen
  }

  #judgeFailed(verdict: Verdict, statusCode: number, reason: string, finalUs: number): void {
    verdict.statusCode = statusCode
    verdict.reason = reason
    if (isChallenge(statusCode)) {
      verdict.state = this.#challenges.stateAfter(statusCode)
      verdict.endAtUs = verdict.state === 'auth' ? 0 : finalUs
      return
    }
    verdict.state = stateOfFailure(statusCode, this.#ringUs > 0)
    verdict.endAtUs = finalUs
    if (verdict.state !== 'cancelled') return
    verdict.endAtUs = earlier(this.#attempt?.cancelUs ?? 0, finalUs)
    verdict.hangupSide = 'caller'
  }

  #judgeOpen(verdict: Verdict): void {
    const cancelUs = this.#attempt?.cancelUs ?? 0
    if (cancelUs > 0) {
      verdict.state = 'cancelled'
      verdict.endAtUs = cancelUs
      verdict.hangupSide = 'caller'
    } else if (this.#progress !== undefined) verdict.state = this.#progress
    else if (this.#attempt !== undefined) verdict.state = 'setup'
    else if (this.#laterUs > 0) verdict.state = 'in-call'
    else if (this.#earlyUs > 0) verdict.state = 'early'
  }
}
