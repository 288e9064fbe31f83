import type { LadderMessage } from './message.ts'

/** One vertical line. */
export interface Lane {
  /** `ip:port`, `[ip]:port`, `ip` or `@name`; `?` for packets without address. With split legs behind `A|`. */
  readonly id: string
  /** Its alias; `''` if it has none. */
  readonly name: string
  /** First address that it stands for. */
  readonly ip: string
  /** undefined where it stands for all ports. */
  readonly port: number | undefined
  /** Endpoints that it stands for, in order of appearance. */
  readonly members: readonly string[]
  /** Lanes that it was merged from, itself first; one if it was not. */
  readonly merged: readonly string[]
  readonly isPinned: boolean
  /** Letter of the leg whose lane it is; `''` unless legs are split. */
  readonly leg: string
}

/** Colour class of a message; `5xx` stands for 6xx too. */
export type Tone = 'request' | '1xx' | '2xx' | '3xx' | '4xx' | '5xx' | 'other'

/** What became of one branch of a forked request. */
export type ArmOutcome = 'answered' | 'cancelled' | 'failed' | 'open'

/** A branch of a forked request. */
export interface ForkArm {
  /** From 1 on. */
  readonly number: number
  readonly count: number
  readonly outcome: ArmOutcome
}

/** A transaction that is one row. */
export interface Fold {
  /** `challenge`: it asked for credentials, and another attempt followed. */
  readonly kind: 'challenge' | 'transaction'
  /** Messages in it, repeats included, copies not. */
  readonly count: number
  readonly repeats: number
  /** First message to final answer; undefined as long as there is none. */
  readonly lengthUs: number | undefined
}

/** What is read from a session description or a report, to stand beside the label. */
export interface Hint {
  readonly text: string
  readonly kind: 'offer' | 'answer' | 'hold' | 'resume' | 'address' | 'mismatch' | 'media'
  /** For a tooltip. */
  readonly title: string
}

/** One arrow. Replaced, never changed, when something about it changes. */
export interface MessageRow {
  readonly kind: 'message'
  readonly key: string
  readonly tsUs: number
  /** The message; the first one of what is folded. */
  readonly message: LadderMessage
  /** Index of the lane it leaves from and of the one it goes to. */
  readonly fromLane: number
  readonly toLane: number
  readonly isSelf: boolean
  readonly label: string
  readonly tone: Tone
  /** Since the row before; 0 for the first. */
  readonly deltaUs: number
  /** 0 for the first sending, n for its n-th repeat. */
  readonly retransmission: number
  /** Since the first sending. */
  readonly sinceFirstUs: number
  /** The same sending as other observers saw it, folded into this row. */
  readonly copies: readonly LadderMessage[]
  /** First to last sight of it. */
  readonly copiesUs: number
  /** This row is such a sight itself, so much later than the first. */
  readonly copyAfterUs: number | undefined
  /** `A` for the first leg, then `B`, …; `''` if it has no Call-ID. */
  readonly leg: string
  /** The transaction that this row stands for. */
  readonly fold: Fold | undefined
  /** First message of the transaction that it can be folded with; `''` if it stands alone. */
  readonly transactionKey: string
  readonly arm: ForkArm | undefined
  readonly hint: Hint | undefined
}

/** Events that we know of but do not have. */
export interface Gap {
  /** `gap:node:epoch:first missing seq`. */
  readonly key: string
  /** Time of the last event before and of the first after. */
  readonly fromUs: number
  readonly toUs: number
  /** How many events are missing, of all calls together. */
  readonly count: number
}

export interface GapRow extends Gap {
  readonly kind: 'gap'
  readonly tsUs: number
  readonly deltaUs: number
}

export type LadderRow = MessageRow | GapRow

/** The branches of a forked request, as a line beside the lane that they leave from. */
export interface Bracket {
  readonly key: string
  readonly lane: number
  /** Rows of the requests of its arms, from top to bottom. */
  readonly rows: readonly number[]
}
