import type { AnsweredDialog } from './attempt.ts'
import { earlier } from './verdict.ts'

/** Most dialogs with a BYE. */
const MAX_BYES = 4

interface Bye {
  readonly fromTag: number
  readonly toTag: number
  byeUs: number
  /** First final answer to it; 0 if none was seen. */
  answeredUs: number
  /** BYE itself was seen, not only its answer. */
  hasRequest: boolean
  readonly next: Bye | undefined
}

/** How a leg ended. */
export interface LegEnd {
  readonly byeUs: number
  /** First final answer to the BYE; 0 if none was seen. */
  readonly answeredUs: number
  readonly side: 'caller' | 'callee' | undefined
  readonly hasRequest: boolean
}

/** The BYEs of a leg: one for a plain call, several where more than one fork answered. */
export class Byes {
  #byes: Bye | undefined

  /**
   * BYE, or a final answer to one.
   *
   * @param isRequest false for the answer, which proves a BYE that may not have been seen
   */
  bye(fromTag: number, toTag: number, tsUs: number, isRequest: boolean): void {
    let count = 0
    for (let bye = this.#byes; bye !== undefined; bye = bye.next) {
      if (bye.fromTag === fromTag && bye.toTag === toTag) {
        if (!isRequest) bye.answeredUs = earlier(bye.answeredUs, tsUs)
        if (isRequest && !bye.hasRequest) {
          bye.hasRequest = true
          bye.byeUs = tsUs
        } else if (isRequest === bye.hasRequest) bye.byeUs = Math.min(bye.byeUs, tsUs)
        return
      }
      count++
    }
    if (count >= MAX_BYES) return
    const answeredUs = isRequest ? 0 : tsUs
    this.#byes = { fromTag, toTag, byeUs: tsUs, answeredUs, hasRequest: isRequest, next: this.#byes }
  }

  /**
   * The end of the dialog that ended last, if all that were answered have ended.
   *
   * @param callerTag hash of the caller's tag, 0 if not known
   * @param answered none if no answer was seen
   */
  endOf(callerTag: number, answered: AnsweredDialog | undefined): LegEnd | undefined {
    if (this.#byes === undefined) return undefined
    if (answered === undefined) return this.#endOfDialog(callerTag, undefined)
    let last: LegEnd | undefined
    for (let dialog: AnsweredDialog | undefined = answered; dialog !== undefined; dialog = dialog.next) {
      const end = this.#endOfDialog(callerTag, dialog.tag)
      if (end === undefined) return undefined
      if (last === undefined || end.byeUs > last.byeUs) last = end
    }
    return last
  }

  /** Forget what was before a moment. */
  forgetBefore(tsUs: number): void {
    let kept: Bye | undefined
    for (let bye = this.#byes; bye !== undefined; bye = bye.next) if (bye.byeUs >= tsUs) kept = { ...bye, next: kept }
    this.#byes = kept
  }

  /** First BYE within one dialog, or within any. A hop with tags of its own speaks for all dialogs. */
  #endOfDialog(callerTag: number, calleeTag: number | undefined): LegEnd | undefined {
    let first: LegEnd | undefined
    for (let bye = this.#byes; bye !== undefined; bye = bye.next) {
      const { fromTag, toTag, byeUs, answeredUs, hasRequest } = bye
      const side =
        callerTag === 0 ? undefined : fromTag === callerTag ? 'caller' : toTag === callerTag ? 'callee' : undefined
      const tag = side === 'caller' ? toTag : fromTag
      if (side !== undefined && calleeTag !== undefined && tag !== calleeTag) continue
      if (first === undefined || byeUs < first.byeUs) first = { byeUs, answeredUs, side, hasRequest }
    }
    return first
  }
}
