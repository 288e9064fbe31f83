/**
 * How a ladder is shown, apart from what is in it. Small, and the same for everybody who opens its address.
 *
 * Lanes are named by `Lane.id`, messages by `LadderMessage.key`. What is named need not be there (yet).
 */
export interface LadderView {
  /** What a lane is: an address and port, an address, or a name of the alias list (an address where it has none). */
  readonly laneBy: LaneBy
  /** Lanes drawn as one; the first of a group gives it its id. */
  readonly merges: readonly (readonly string[])[]
  readonly hidden: readonly string[]
  /** Lanes that stand at the left whatever the order. */
  readonly pinned: readonly string[]
  /** Lanes from left to right as somebody has put them; others follow in order of appearance. */
  readonly order: readonly string[]
  /** Each leg has lanes of its own, the A leg's first. */
  readonly hasSplitLegs: boolean
  readonly time: TimeMode
  readonly colour: ColourMode
  readonly fold: FoldMode
  /** A message of each transaction that is folded where `fold` would not, or the other way round. */
  readonly toggled: readonly string[]
  /** Messages whose copies by other probes have rows of their own. */
  readonly copies: readonly string[]
  /** How much of a session description stands on its arrow. */
  readonly sdp: SdpHint
  readonly show: ShowMode
  readonly isCompact: boolean
  /** Messages to compare: none, one or two. */
  readonly compare: readonly string[]
}

export type LaneBy = 'endpoint' | 'address' | 'alias'
/** What the second time column counts from; `clock` leaves it out. */
export type TimeMode = 'previous' | 'start' | 'selected' | 'clock'
export type ColourMode = 'class' | 'direction' | 'call-id' | 'cseq'
/** Which transactions are one row: those that ended with a challenge that was answered, all, or none. */
export type FoldMode = 'auth' | 'all' | 'none'
export type SdpHint = 'codec' | 'full' | 'off'
export type ShowMode = 'all' | 'signalling' | 'media' | 'sdp'

export const LANE_BY = ['endpoint', 'address', 'alias'] as const satisfies readonly LaneBy[]
export const TIME_MODES = ['previous', 'start', 'selected', 'clock'] as const satisfies readonly TimeMode[]
export const COLOUR_MODES = ['class', 'direction', 'call-id', 'cseq'] as const satisfies readonly ColourMode[]
export const FOLD_MODES = ['auth', 'all', 'none'] as const satisfies readonly FoldMode[]
export const SDP_HINTS = ['codec', 'full', 'off'] as const satisfies readonly SdpHint[]
export const SHOW_MODES = ['all', 'signalling', 'media', 'sdp'] as const satisfies readonly ShowMode[]

/** The view of a ladder that nobody has changed. */
export const DEFAULT_VIEW: LadderView = {
  laneBy: 'endpoint',
  merges: [],
  hidden: [],
  pinned: [],
  order: [],
  hasSplitLegs: false,
  time: 'previous',
  colour: 'class',
  fold: 'auth',
  toggled: [],
  copies: [],
  sdp: 'codec',
  show: 'all',
  isCompact: false,
  compare: [],
}

/** The value behind `value` in a list of modes, and the first behind the last. */
export function nextOf<T>(modes: readonly T[], value: T): T {
  return modes[(modes.indexOf(value) + 1) % modes.length] ?? value
}
