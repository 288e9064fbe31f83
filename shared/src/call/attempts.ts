import { Attempt } from './attempt.ts'
import { Challenges } from './challenges.ts'
import { earlier } from './verdict.ts'

/** Most attempts of one leg that are kept: re-INVITEs make room first, then the oldest tries. */
const MAX_ATTEMPTS = 8

const NO_ATTEMPTS: readonly Attempt[] = []

/** How a call was set up: the tries of its caller, up to the one that was answered. Reused. */
export class Setup {
  /** Hash of the caller's tag, 0 if not known. */
  callerTag = 0
  /** The try that was answered, or else the latest. */
  attempt: Attempt | undefined = undefined
  /** First INVITE and first 18x of any of the tries; 0 if not seen. */
  requestUs = 0
  ringUs = 0
  /** Challenges of the tries before. */
  readonly challenges = new Challenges()
}

/**
 * Every INVITE of a Call-ID, kept by From tag and CSeq, for an answer, a re-INVITE or a later try may arrive before
 * the INVITE that set the call up.
 */
export class Attempts {
  /** Replaced when one is added; see `CallRecord`. */
  #all: readonly Attempt[] = NO_ATTEMPTS
  /** Of tries that had to leave. */
  #gone: Challenges | undefined
  #goneRequestUs = 0
  #goneRingUs = 0
  #goneCseq = -1

  /** The attempt of a message; undefined for one that had to leave. */
  open(fromTag: number, cseq: number, tsUs: number): Attempt | undefined {
    for (const attempt of this.#all) {
      if (attempt.cseq !== cseq || attempt.fromTag !== fromTag) continue
      if (tsUs < attempt.firstUs) attempt.firstUs = tsUs
      return attempt
    }
    if (cseq <= this.#goneCseq && fromTag === this.#callerTag) return undefined
    if (this.#all.length === MAX_ATTEMPTS) this.#makeRoom()
    const attempt = new Attempt(fromTag, cseq, tsUs)
    this.#all = this.#all.concat(attempt)
    return attempt
  }

  /** Who called: the tag of the earliest INVITE without a To tag, or else of the earliest message. */
  get #callerTag(): number {
    let caller: Attempt | undefined
    for (const attempt of this.#all) {
      if (!attempt.isInDialog && (caller === undefined || isEarlier(attempt, caller))) caller = attempt
    }
    return caller?.fromTag ?? 0
  }

  /**
   * Write what the tries come to.
   *
   * @param provenUs first request of an answered dialog; 0 if none was seen
   */
  judge(setup: Setup, provenUs: number): void {
    const callerTag = this.#callerTag
    let attempt: Attempt | undefined
    for (const each of this.#all) {
      if (each.isInDialog || each.fromTag !== callerTag) continue
      // Without its request it may be a re-INVITE's, once there is a dialog.
      if (provenUs > 0 && each.requestUs === 0 && each.firstUs > provenUs) continue
      if (attempt === undefined || leadsOn(each, attempt)) attempt = each
    }
    setup.callerTag = callerTag
    setup.attempt = attempt
    setup.requestUs = this.#goneRequestUs
    setup.ringUs = this.#goneRingUs
    setup.challenges.reset()
    if (this.#gone !== undefined) setup.challenges.set(this.#gone)
    for (const each of this.#all) {
      if (attempt === undefined || each.isInDialog || each.fromTag !== callerTag || each.cseq > attempt.cseq) continue
      setup.requestUs = earlier(setup.requestUs, each.requestUs)
      setup.ringUs = earlier(setup.ringUs, each.ringUs)
      if (each !== attempt) setup.challenges.add(each.lastResult?.finalCode ?? 0)
    }
  }

  /** Latest 481 to an INVITE that is no part of the setup. */
  goneUs(attempt: Attempt | undefined): number {
    let last = 0
    for (const each of this.#all) if (each !== attempt) last = Math.max(last, each.goneUs)
    return last
  }

  /** First INVITE of another caller after a moment: the Call-ID is used again. 0 if there is none. */
  nextCallUs(callerTag: number, afterUs: number): number {
    let next = 0
    for (const { fromTag, requestUs, isInDialog } of this.#all) {
      if (!isInDialog && fromTag !== callerTag && requestUs > afterUs) next = earlier(next, requestUs)
    }
    return next
  }

  /** Forget what was before a moment. */
  forgetBefore(tsUs: number): void {
    this.#all = this.#all.filter(({ firstUs }) => firstUs >= tsUs)
    this.#gone = undefined
    this.#goneRequestUs = this.#goneRingUs = 0
    this.#goneCseq = -1
  }

  #makeRoom(): void {
    const callerTag = this.#callerTag
    let at = 0
    this.#all.forEach((attempt, i) => {
      const least = this.#all[at]
      if (least === undefined || worth(attempt, callerTag) < worth(least, callerTag)) at = i
    })
    const out = this.#all[at]
    this.#all = this.#all.toSpliced(at, 1)
    if (out === undefined || out.isInDialog || out.fromTag !== callerTag) return
    this.#gone ??= new Challenges()
    this.#gone.add(out.lastResult?.finalCode ?? 0)
    this.#goneRequestUs = earlier(this.#goneRequestUs, out.requestUs)
    this.#goneRingUs = earlier(this.#goneRingUs, out.ringUs)
    this.#goneCseq = Math.max(this.#goneCseq, out.cseq)
  }
}

/** True if `a` rather than `b` began the call: a request that was seen counts more than an answer. */
function isEarlier(a: Attempt, b: Attempt): boolean {
  if (a.requestUs > 0 && b.requestUs > 0) return a.requestUs < b.requestUs
  if (a.requestUs > 0 || b.requestUs > 0) return a.requestUs > 0
  return a.firstUs < b.firstUs
}

/** True if the setup went on to `a` from `b`: to the next CSeq, unless `b` was answered. */
function leadsOn(a: Attempt, b: Attempt): boolean {
  const [first, second] = a.cseq < b.cseq ? [a, b] : [b, a]
  return (first.answered === undefined ? second : first) === a
}

/** Those of no other use than to tell re-INVITEs leave first, then other hops', then by CSeq; an answer stays. */
function worth(attempt: Attempt, callerTag: number): number {
  const rank = attempt.isInDialog ? 0 : attempt.fromTag !== callerTag ? 1 : attempt.answered === undefined ? 2 : 3
  return rank * 2 ** 33 + attempt.cseq
}
