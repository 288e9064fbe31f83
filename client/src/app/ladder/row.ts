import type { LadderMessage } from './message.ts'

/** One vertical line: an endpoint, or an address where ports are not told apart. */
export interface Lane {
  /** `ip:port`, `[ip]:port` or `ip`; `?` for packets without address. */
  readonly id: string
  readonly ip: string
  /** undefined where lanes are addresses. */
  readonly port: number | undefined
}

/** Colour class of a message; `5xx` stands for 6xx too. */
export type Tone = 'request' | '1xx' | '2xx' | '3xx' | '4xx' | '5xx' | 'other'

/** One arrow. Replaced, never changed, when something about it changes. */
export interface MessageRow {
  readonly kind: 'message'
  readonly key: string
  readonly tsUs: number
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
  /** The same sending as other observers saw it, folded into this row. */
  readonly copies: readonly LadderMessage[]
  /** `A` for the first leg, then `B`, …; `''` if it has no Call-ID. */
  readonly leg: string
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
