import type { CallState, StateClass } from './state.ts'

/** What the Call-ID was used for. A dialog of INVITE is a `call`, whatever else it carries. */
export type CallKind = 'call' | 'registration' | 'subscription' | 'options' | 'message' | 'other'

/**
 * Why the picture of a call is incomplete.
 *
 * `started-before-capture` its INVITE was not seen · `answer-not-seen` later messages prove an answer that was not
 * seen · `ack-not-seen` the answer was repeated, or the call went on, without an ACK · `bye-not-seen` an answer to
 * BYE, a 481, or the end of another leg proves that it ended · `silent` nothing for so long that whether it goes on
 * is unknown · `gap-inside` events were lost on the way to us while it ran
 */
export type Evidence =
  'started-before-capture' | 'answer-not-seen' | 'ack-not-seen' | 'bye-not-seen' | 'silent' | 'gap-inside'

/** Facts that a leg has, and a call takes from its A leg. Times are whole microseconds since 1970. */
export interface CallFacts {
  readonly kind: CallKind
  readonly state: CallState
  readonly stateClass: StateClass
  /** Code of the final answer that decided; 0 if there is none yet. */
  readonly statusCode: number
  /** Reason phrase of that answer. */
  readonly reason: string
  /** Method of its first request, e.g. `INVITE`; `''` while no request was seen. */
  readonly method: string
  readonly fromUser: string
  readonly fromHost: string
  readonly toUser: string
  readonly toHost: string
  /** User of the Request-URI: the number as it was routed. */
  readonly ruriUser: string
  /** Earliest and latest event. */
  readonly firstUs: number
  readonly lastUs: number
  /** First 18x. */
  readonly ringAtUs: number | undefined
  /** First 2xx to the INVITE; the ACK where the 2xx was not seen. */
  readonly answerAtUs: number | undefined
  /** BYE, CANCEL or the final answer that refused. */
  readonly endAtUs: number | undefined
  /** First INVITE to first 18x, or to the answer where none came: what the caller waited for a sign of life. */
  readonly postDialDelayUs: number | undefined
  /** First 18x to answer or end. */
  readonly ringUs: number | undefined
  /** Answer to end; undefined while the call runs. */
  readonly talkUs: number | undefined
  /** BYE to the first final answer to it at any hop. */
  readonly disconnectUs: number | undefined
  /** Latest request to its final answer, of what is not a call. */
  readonly responseTimeUs: number | undefined
  /** Who sent BYE or CANCEL. */
  readonly hangupSide: 'caller' | 'callee' | undefined
  /** Different messages. Repeats are counted apart. */
  readonly messageCount: number
  readonly retransmissionCount: number
  /** Copies of a message from a second observer. */
  readonly duplicateCount: number
  readonly evidence: readonly Evidence[]
  /** How often the same challenge came in a row: from 2 on, credentials were refused. */
  readonly challengeCount: number
  /** `User-Agent` of its first request; `''` if it has none. */
  readonly userAgent: string
  /** What carried its first request, e.g. `UDP` or `WSS`: of the Via where the payload is there, else of IP. */
  readonly transport: string
  /** First audio codec of the answer, or else of the offer; `''` where no SDP was seen. */
  readonly codec: string
  /** An answer refused the media, or has none of the audio codecs that were offered. */
  readonly hasCodecMismatch: boolean
}

/** All that shares one Call-ID. */
export interface Leg extends CallFacts {
  readonly callId: string
}

/**
 * One call: its legs, with parties and state of the A leg.
 *
 * The object stays the same while the call changes; `version` tells whether it did.
 */
export interface Call extends CallFacts {
  /** Call-ID of the leg that was seen first. Stays when legs join. */
  readonly id: string
  /** The A leg first, then by time. */
  readonly legs: readonly Leg[]
  /** Endpoints of its SIP as `ip:port`, in order of appearance; at most `MAX_ROUTE`. */
  readonly route: readonly string[]
  /** Capture agents, in order of appearance; at most `MAX_AGENTS`. */
  readonly agentIds: readonly number[]
  /** True while the call waits or is established and something was heard of it lately. Only for `kind` `call`. */
  readonly isRunning: boolean
  /** The tracker's version at the last change: larger than before after every change. */
  readonly version: number
}

export const MAX_ROUTE = 16
export const MAX_AGENTS = 8
