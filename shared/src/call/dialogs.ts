/** Most answered dialogs of one leg (forks that were all answered), and most dialogs with a BYE. */
const MAX_DIALOGS = 4

interface Answered {
  /** Hash of the callee's tag. */
  readonly tag: number
  answerUs: number
  readonly next: Answered | undefined
}

interface Bye {
  readonly fromTag: number
  readonly toTag: number
  byeUs: number
  /** BYE itself was seen, not only its answer. */
  hasRequest: boolean
  readonly next: Bye | undefined
}

/** How a leg ended. */
export interface LegEnd {
  readonly byeUs: number
  readonly side: 'caller' | 'callee' | undefined
  readonly hasRequest: boolean
}

/** The dialogs that an INVITE led to. One for a plain call; several where more than one fork answered. */
export class Dialogs {
  #answered: Answered | undefined
  #byes: Bye | undefined

  /** 2xx to the INVITE. */
  answer(calleeTag: number, tsUs: number): void {
    let count = 0
    for (let dialog = this.#answered; dialog !== undefined; dialog = dialog.next) {
      if (dialog.tag === calleeTag) {
        dialog.answerUs = Math.min(dialog.answerUs, tsUs)
        return
      }
      count++
    }
    if (count < MAX_DIALOGS) this.#answered = { tag: calleeTag, answerUs: tsUs, next: this.#answered }
  }

  /**
   * BYE, or a final answer to one.
   *
   * @param isRequest false for the answer, which proves a BYE that may not have been seen
   */
  bye(fromTag: number, toTag: number, tsUs: number, isRequest: boolean): void {
    let count = 0
    for (let bye = this.#byes; bye !== undefined; bye = bye.next) {
      if (bye.fromTag === fromTag && bye.toTag === toTag) {
        if (isRequest && !bye.hasRequest) {
          bye.hasRequest = true
          bye.byeUs = tsUs
        } else if (isRequest === bye.hasRequest) bye.byeUs = Math.min(bye.byeUs, tsUs)
        return
      }
      count++
    }
    if (count < MAX_DIALOGS) this.#byes = { fromTag, toTag, byeUs: tsUs, hasRequest: isRequest, next: this.#byes }
  }

  /** First answer; 0 if none was seen. */
  get answerUs(): number {
    let first = 0
    for (let dialog = this.#answered; dialog !== undefined; dialog = dialog.next) {
      if (first === 0 || dialog.answerUs < first) first = dialog.answerUs
    }
    return first
  }

  /**
   * The end of the dialog that ended last, if all that were answered have ended.
   *
   * @param callerTag hash of the caller's tag, 0 if not known
   */
  endOf(callerTag: number): LegEnd | undefined {
    if (this.#byes === undefined) return undefined
    if (this.#answered === undefined) return this.#endOfDialog(callerTag, undefined)
    let last: LegEnd | undefined
    for (let dialog: Answered | undefined = this.#answered; dialog !== undefined; dialog = dialog.next) {
      const end = this.#endOfDialog(callerTag, dialog.tag)
      if (end === undefined) return undefined
      if (last === undefined || end.byeUs > last.byeUs) last = end
    }
    return last
  }

  /** First BYE within one dialog, or within any. A hop with tags of its own speaks for all dialogs. */
  #endOfDialog(callerTag: number, calleeTag: number | undefined): LegEnd | undefined {
    let first: LegEnd | undefined
    for (let bye = this.#byes; bye !== undefined; bye = bye.next) {
      const { fromTag, toTag, byeUs, hasRequest } = bye
      const side =
        callerTag === 0 ? undefined : fromTag === callerTag ? 'caller' : toTag === callerTag ? 'callee' : undefined
      const tag = side === 'caller' ? toTag : fromTag
      if (side !== undefined && calleeTag !== undefined && tag !== calleeTag) continue
      if (first === undefined || byeUs < first.byeUs) first = { byeUs, side, hasRequest }
    }
    return first
  }
}
