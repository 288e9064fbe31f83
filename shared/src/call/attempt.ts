import { type CallState, stateOfProgress } from './state.ts'
import { earlier } from './verdict.ts'

/** Most transactions of one attempt: hops times forks. Later ones are not looked at. */
export const MAX_TRANSACTIONS = 16
/** Most answered dialogs of one attempt: forks that were all answered. */
export const MAX_DIALOGS = 4

/** One transaction as far as the call model looks at it. 0 stands for "not seen". */
export class Transaction {
  readonly branch: number
  /** Hash of the endpoint that sent the request. */
  source: number
  /** Earliest message of it. */
  firstUs: number
  hasProvisional = false
  finalCode = 0
  finalUs = 0
  finalReason = ''
  cancelUs = 0

  next: Transaction | undefined

  constructor(branch: number, source: number, tsUs: number) {
    this.branch = branch
    this.source = source
    this.firstUs = tsUs
  }

  finish(statusCode: number, tsUs: number, reason: string): void {
    if (this.finalCode !== 0 && this.finalUs <= tsUs) return
    this.finalCode = statusCode
    this.finalUs = tsUs
    this.finalReason = reason
  }
}

/** A dialog that a 2xx made. */
export interface AnsweredDialog {
  /** Hash of the callee's tag. */
  readonly tag: number
  answerUs: number
  readonly next: AnsweredDialog | undefined
}

/**
 * One try of a request: all transactions with one CSeq number and From tag, that is all hops and forks of it.
 *
 * Holds facts only, so the order of arrival does not matter. Times are microseconds since 1970, 0 is "not seen".
 */
export class Attempt {
  readonly fromTag: number
  readonly cseq: number
  /** Earliest message, and earliest request that began no sooner: an INVITE without a To tag, a REGISTER. */
  firstUs: number
  requestUs = 0
  /** Its request has a To tag: it changes a session and makes none. */
  isInDialog = false
  /** The request asks for zero seconds. */
  leaves = false
  /** Nothing new came for a while: what the far side said then counts although its last hop was not seen. */
  isQuiet = false
  /** It was challenged, and nobody answered. */
  isGivenUp = false
  /** Its 2xx was sent again. */
  isAnswerRepeated = false
  /** First 18x, and the latest with what it stands for. */
  ringUs = 0
  progress: CallState | undefined
  answered: AnsweredDialog | undefined
  #progressUs = 0
  /** Linked, for an array of one or two takes room for many. */
  #first: Transaction | undefined
  #count = 0

  constructor(fromTag: number, cseq: number, tsUs: number) {
    this.fromTag = fromTag
    this.cseq = cseq
    this.firstUs = tsUs
  }

  /** Take a provisional answer. */
  progressed(statusCode: number, tsUs: number): void {
    const state = stateOfProgress(statusCode)
    if (state === undefined) return
    this.ringUs = earlier(this.ringUs, tsUs)
    if (tsUs < this.#progressUs) return
    this.#progressUs = tsUs
    this.progress = state
  }

  /** Take a 2xx. */
  answer(calleeTag: number, tsUs: number): void {
    let count = 0
    for (let dialog = this.answered; dialog !== undefined; dialog = dialog.next) {
      if (dialog.tag === calleeTag) {
        dialog.answerUs = Math.min(dialog.answerUs, tsUs)
        return
      }
      count++
    }
    if (count < MAX_DIALOGS) this.answered = { tag: calleeTag, answerUs: tsUs, next: this.answered }
  }

  /** First 2xx. */
  get answerUs(): number {
    let first = 0
    for (let dialog = this.answered; dialog !== undefined; dialog = dialog.next) {
      first = earlier(first, dialog.answerUs)
    }
    return first
  }

  /** Latest 481: the far side has forgotten the dialog. */
  get goneUs(): number {
    let last = 0
    for (let transaction = this.#first; transaction !== undefined; transaction = transaction.next) {
      if (transaction.finalCode === 481) last = Math.max(last, transaction.finalUs)
    }
    return last
  }

  find(branch: number): Transaction | undefined {
    let transaction = this.#first
    while (transaction !== undefined && transaction.branch !== branch) transaction = transaction.next
    return transaction
  }

  /** The transaction of a message; undefined when there are too many. */
  open(branch: number, source: number, tsUs: number): Transaction | undefined {
    if (tsUs < this.firstUs) this.firstUs = tsUs
    const known = this.find(branch)
    if (known !== undefined) {
      if (tsUs < known.firstUs) known.firstUs = tsUs
      return known
    }
    if (this.#count === MAX_TRANSACTIONS) return undefined
    const transaction = new Transaction(branch, source, tsUs)
    transaction.next = this.#first
    this.#first = transaction
    this.#count++
    this.isQuiet = false
    return transaction
  }

  /** The earliest transaction: that of the hop nearest to the caller. */
  get #root(): Transaction | undefined {
    let root: Transaction | undefined
    for (let transaction = this.#first; transaction !== undefined; transaction = transaction.next) {
      if (root === undefined || transaction.firstUs < root.firstUs) root = transaction
    }
    return root
  }

  /** When the caller gave up; 0 while a transaction from the same endpoint is open and was not cancelled. */
  get cancelUs(): number {
    const root = this.#root
    let first = 0
    for (let transaction = this.#first; transaction !== undefined; transaction = transaction.next) {
      const { source, cancelUs, finalCode } = transaction
      if (source !== root?.source) continue
      if (finalCode === 0 && cancelUs === 0) return 0
      if (cancelUs !== 0 && (first === 0 || cancelUs < first)) first = cancelUs
    }
    return first
  }

  /**
   * The transaction whose final answer the caller got; undefined while there is none.
   *
   * Transactions from one endpoint are forks of one element: their failure counts when no fork is still open.
   * What a hop further on answered is not yet an answer to the caller, who may get another after a next try.
   */
  get result(): Transaction | undefined {
    return this.#result(this.isQuiet)
  }

  /** What it came to, now that another try has followed. */
  get lastResult(): Transaction | undefined {
    return this.#result(true)
  }

  #result(isQuiet: boolean): Transaction | undefined {
    const root = this.#root
    if (root === undefined) return undefined
    const near = this.#outcome(root.source, true)
    if (near !== undefined || !isQuiet) return near
    return this.#outcome(root.source, false)
  }

  /** What the transactions sent by `source`, or those sent by any other, came to. */
  #outcome(source: number, isSame: boolean): Transaction | undefined {
    let latest: Transaction | undefined
    let best: Transaction | undefined
    let open = 0
    for (let transaction = this.#first; transaction !== undefined; transaction = transaction.next) {
      if ((transaction.source === source) !== isSame) continue
      if (latest === undefined || transaction.firstUs >= latest.firstUs) latest = transaction
      if (transaction.finalCode === 0) {
        // A fork that never answered at all is a dead destination, once another was tried after it.
        if (transaction.hasProvisional && transaction.cancelUs === 0) open++
      } else if (best === undefined || isBetter(transaction, best)) best = transaction
    }
    return open === 0 && latest?.finalCode !== 0 ? best : undefined
  }
}

/** A success before any failure, then the later. */
function isBetter(a: Transaction, b: Transaction): boolean {
  const aSucceeds = a.finalCode < 300
  const bSucceeds = b.finalCode < 300
  return aSucceeds === bSucceeds ? a.finalUs > b.finalUs : aSucceeds
}
