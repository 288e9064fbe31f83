/** Newest event of a node. */
export interface NodePosition {
  readonly node: string
  /** Start of the node, ms since 1970: `seq` counts from 1 in each epoch. */
  readonly epoch: number
  readonly seq: number
}

/**
 * Why a viewer did not get events: its socket was too slow (`queue`), its rate limit (`rate`), they had left the ring
 * before it came back (`ring`), they did not reach the coordinator (`upstream`), or their node started anew (`restart`).
 */
export type GapCause = 'queue' | 'rate' | 'ring' | 'upstream' | 'restart'

/** First frame of a stream: what the server made of the request. */
export interface HelloFrame {
  readonly type: 'hello'
  /** Name and version of the server that this viewer is connected to. */
  readonly node: string
  readonly version: string
  /** Start of that server, ms since 1970: the epoch of its own events. */
  readonly epoch: number
  /** Clock of the server, ms since 1970. */
  readonly time: number
  readonly format: 'json' | 'block'
  /** Effective filter, as a query string. */
  readonly filter: string
  /** Values of the request that mean nothing and were ignored. */
  readonly ignored: readonly {
    readonly parameter: string
    readonly value: string
    readonly message: string
    readonly at?: number
  }[]
  /** Whether this viewer gets payloads. */
  readonly payload: boolean
  /** Past events that were asked for, as far as allowed. */
  readonly history: number
  readonly limits: {
    /** Most past events. */
    readonly history: number
    /** Events that may wait for a slow viewer; the oldest beyond are dropped. */
    readonly queue: number
    /** Events a second; 0: no limit. */
    readonly rate: number
  }
  /** Newest event of each node when the stream began; live events follow behind them. */
  readonly positions: readonly NodePosition[]
}

/** Events that this viewer does not get. */
export interface GapFrame {
  readonly type: 'gap'
  readonly node: string
  readonly epoch: number
  /** First and last `seq`. Without `to`, the rest of the epoch: nobody knows what else it held. */
  readonly from: number
  readonly to?: number
  /** Events: for `queue` and `rate` those that passed this viewer's filter, for `ring` and `upstream` all of the node's. */
  readonly count?: number
  readonly cause: GapCause
}

/** State of a node that a coordinator listens to. */
export interface StatusFrame {
  readonly type: 'status'
  readonly node: string
  readonly state: 'connecting' | 'connected' | 'down'
  readonly epoch?: number
  readonly seq?: number
  /** How late its last event was here, ms. */
  readonly lag_ms?: number
  /** Why it is down. */
  readonly error?: string
  readonly time: number
}

/** The past that was asked for is complete; live events follow. */
export interface ReplayEndFrame {
  readonly type: 'replay-end'
  /** Past events that were sent. */
  readonly count: number
}

/** Sent from time to time. */
export interface ClockFrame {
  readonly type: 'clock'
  readonly time: number
  /** Events of this stream so far: `matched = sent + dropped + waiting`. */
  readonly matched: number
  readonly sent: number
  readonly dropped: { readonly queue: number; readonly rate: number }
  /** Everything up to here was sent or named in a gap; absent while events wait. */
  readonly positions?: readonly NodePosition[]
}

/** What comes between the events of a stream with `control=1`: text frames with a `type` member. */
export type ControlFrame = HelloFrame | GapFrame | StatusFrame | ReplayEndFrame | ClockFrame

const TYPES: ReadonlySet<unknown> = new Set<ControlFrame['type']>(['hello', 'gap', 'status', 'replay-end', 'clock'])

/** Whether a parsed text frame is a control frame of a known type; members are those of a server that we trust. */
export function isControlFrame(value: unknown): value is ControlFrame {
  return typeof value === 'object' && value !== null && 'type' in value && TYPES.has(value.type)
}
