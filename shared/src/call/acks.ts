import type { Attempt } from './attempt.ts'
import type { RowReader } from './row-reader.ts'

/** Most ACKs remembered: hops times forks, of the attempt that sets the call up. */
const MAX_ACKS = 8

interface Ack {
  readonly cseq: number
  readonly fromTag: number
  readonly branch: number
  tsUs: number
  next: Ack | undefined
}

/** ACKs of a leg, kept as facts, for an ACK may arrive before the INVITE that it belongs to. */
export class Acks {
  /** The latest first. */
  #first: Ack | undefined

  /** @param attempt what sets the call up as far as is known: when there are too many, its ACKs stay */
  add({ cseq, fromTag, branch, tsUs }: RowReader, attempt: Attempt | undefined): void {
    let count = 0
    for (let other = this.#first; other !== undefined; other = other.next) {
      if (other.branch === branch && other.cseq === cseq) {
        other.tsUs = Math.min(other.tsUs, tsUs)
        return
      }
      count++
    }
    if (count === MAX_ACKS) {
      if (attempt !== undefined && cseq !== attempt.cseq) return
      this.#removeOne(attempt)
    }
    this.#first = { cseq, fromTag, branch, tsUs, next: this.#first }
  }

  /** Take out the oldest that is of another attempt, or else the oldest. */
  #removeOne(attempt: Attempt | undefined): void {
    let out: Ack | undefined
    for (let ack = this.#first; ack !== undefined; ack = ack.next) {
      if (ack.cseq !== attempt?.cseq || out === undefined || out.cseq === attempt.cseq) out = ack
    }
    if (out === this.#first) this.#first = out?.next
    for (let ack = this.#first; ack !== undefined; ack = ack.next) if (ack.next === out) ack.next = out?.next
  }

  /** Forget what was before a moment. */
  forgetBefore(tsUs: number): void {
    let kept: Ack | undefined
    for (let ack = this.#first; ack !== undefined; ack = ack.next) if (ack.tsUs >= tsUs) kept = { ...ack, next: kept }
    this.#first = kept
  }

  /**
   * Time of the first ACK that confirms a 2xx of `attempt`; 0 if there is none.
   *
   * ACK of a failure has the branch of its INVITE, that of a 2xx one of its own, except from some old user agents.
   *
   * @see RFC 3261 section 17.1.1.3
   */
  confirmUs(attempt: Attempt | undefined, callerTag: number): number {
    if (attempt === undefined) return 0
    let first = 0
    for (let ack = this.#first; ack !== undefined; ack = ack.next) {
      const { cseq, fromTag, branch, tsUs } = ack
      if (cseq !== attempt.cseq || fromTag !== callerTag) continue
      const transaction = attempt.find(branch)
      const confirms = transaction === undefined || (transaction.finalCode >= 200 && transaction.finalCode < 300)
      if (confirms && (first === 0 || tsUs < first)) first = tsUs
    }
    return first
  }
}
