import type { Sight } from './retransmission.ts'
import type { RowReader } from './row-reader.ts'
import type { CallState } from './state.ts'

/** What the facts of a leg come to. Reused; times are microseconds since 1970, 0 stands for "not seen". */
export class Verdict {
  state: CallState = 'unknown'
  statusCode = 0
  reason = ''
  /** First INVITE, or latest request of another kind. */
  requestUs = 0
  ringAtUs = 0
  answerAtUs = 0
  endAtUs = 0
  /** Final answer to the BYE. */
  byeAnsweredUs = 0
  /** Final answer to a request other than INVITE. */
  respondedUs = 0
  hangupSide: 'caller' | 'callee' | undefined = undefined
  /** How often the same challenge came in a row, 401 and 407 apart. */
  challengeCount = 0
  /** Bits of `EVIDENCE`. */
  evidence = 0

  reset(): void {
    this.state = 'unknown'
    this.statusCode = 0
    this.reason = ''
    this.requestUs = 0
    this.ringAtUs = 0
    this.answerAtUs = 0
    this.endAtUs = 0
    this.byeAnsweredUs = 0
    this.respondedUs = 0
    this.hangupSide = undefined
    this.challengeCount = 0
    this.evidence = 0
  }
}

/** Facts of one Call-ID, gathered from its messages in any order. */
export interface Facts {
  /**
   * Take one SIP message.
   *
   * @param row valid during the call only
   * @param sight whether it is a repeat
   */
  apply(row: RowReader, sight: Sight): void
  /**
   * Nothing came for a while.
   *
   * @returns true if that changes the verdict
   */
  age(idleUs: number): boolean
  /** Write what the facts come to. `verdict` was reset. */
  judge(verdict: Verdict): void
}

/** The earlier of two times, where 0 is "not seen". */
export function earlier(a: number, b: number): number {
  if (a === 0) return b
  return b === 0 || a < b ? a : b
}

/** Two seconds without a message: what the far hop said then stands for the near one (see `Attempt.result`). */
export const QUIET_US = 2_000_000
/** RFC 3261 timer B, 64 times T1: a challenge that was not answered by then will not be. */
export const CHALLENGE_WAIT_US = 32_000_000
/** RFC 3261 T2: the longest pause between two sendings of an answer that waits for its ACK. */
export const ACK_WAIT_US = 4_000_000
/** No final answer and no sign of life: RFC 3261 timer C. */
export const SETUP_SILENT_US = 180_000_000
/** An answered call, registration or subscription without a message for so long may have ended unseen. */
export const TALK_SILENT_US = 4 * 3_600_000_000
