import type { Attempt } from './attempt.ts'

/** Most ACKs remembered: hops times forks, of the latest attempt. */
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

  add(cseq: number, fromTag: number, branch: number, tsUs: number): void {
    let count = 1
    for (let ack = this.#first; ack !== undefined; ack = ack.next) {
      if (ack.branch === branch && ack.cseq === cseq) {
        ack.tsUs = Math.min(ack.tsUs, tsUs)
        return
      }
      if (++count === MAX_ACKS) ack.next = undefined
    }
    this.#first = { cseq, fromTag, branch, tsUs, next: this.#first }
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
