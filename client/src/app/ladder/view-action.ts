import type { LadderAction } from './ladder-keys.ts'
import {
  COLOUR_MODES,
  FOLD_MODES,
  type FoldMode,
  type LadderView,
  LANE_BY,
  nextOf,
  SDP_HINTS,
  SHOW_MODES,
  type ShowMode,
  TIME_MODES,
} from './ladder-view.ts'
import { resetLanes, setFold, setLaneBy, toggleSplitLegs } from './view-changes.ts'

/** Fold everything, as it is by default, nothing. */
const FOLD_ORDER: readonly FoldMode[] = ['auth', 'all', 'none']

/** The view after an action that is about nothing but the view; undefined for other actions. */
export function viewAfter(view: LadderView, action: LadderAction): LadderView | undefined {
  switch (action) {
    case 'time':
      return { ...view, time: nextOf(TIME_MODES, view.time) }
    case 'colour':
      return { ...view, colour: nextOf(COLOUR_MODES, view.colour) }
    case 'compact':
      return { ...view, isCompact: !view.isCompact }
    case 'lanes':
      return setLaneBy(view, nextOf(LANE_BY, view.laneBy))
    case 'legs':
      return toggleSplitLegs(view)
    case 'sdp':
      return { ...view, sdp: nextOf(SDP_HINTS, view.sdp) }
    case 'only-sdp':
      return { ...view, show: toggleShow(view, 'sdp') }
    case 'media':
      return { ...view, show: toggleShow(view, 'signalling') }
    case 'only-media':
      return { ...view, show: toggleShow(view, 'media') }
    case 'fold-all':
      return setFold(view, nextOf(FOLD_ORDER, view.fold))
    case 'reset':
      return resetLanes(view)
    default:
      return undefined
  }
}

function toggleShow(view: LadderView, show: ShowMode): ShowMode {
  return view.show === show ? 'all' : show
}

/** The view in a few words, to be said aloud after a key has changed it. */
export function actionWords(view: LadderView, action: LadderAction): string {
  switch (action) {
    case 'time':
      return TIME_WORDS[view.time]
    case 'colour':
      return `colours by ${COLOUR_WORDS[view.colour]}`
    case 'compact':
      return view.isCompact ? 'compressed' : 'full height'
    case 'lanes':
      return `lanes by ${LANE_WORDS[view.laneBy]}`
    case 'legs':
      return view.hasSplitLegs ? 'legs side by side' : 'legs share lanes'
    case 'sdp':
      return `SDP ${view.sdp}`
    case 'only-sdp':
    case 'media':
    case 'only-media':
      return SHOW_WORDS[view.show]
    case 'fold-all':
      return FOLD_WORDS[view.fold]
    case 'reset':
      return 'lanes as they came'
    default:
      return ''
  }
}

/** One choice among some ways to show a ladder. */
export interface ModeChoice {
  readonly label: string
  /** That goes from one to the next. */
  readonly key: string
  readonly words: readonly string[]
  /** Index of what is chosen. */
  readonly chosen: number
  readonly pick: (index: number) => LadderView
}

/** Every such choice, for a menu. */
export function modeChoices(view: LadderView): readonly ModeChoice[] {
  return [
    choice('Lanes by', 'a', LANE_BY, LANE_WORDS, view.laneBy, (laneBy) => setLaneBy(view, laneBy)),
    choice('Fold', 'f', FOLD_MODES, FOLD_WORDS, view.fold, (fold) => setFold(view, fold)),
    choice('Colour by', 'c', COLOUR_MODES, COLOUR_WORDS, view.colour, (colour) => ({ ...view, colour })),
    choice('Time', 'w', TIME_MODES, TIME_WORDS, view.time, (time) => ({ ...view, time })),
    choice('SDP hint', 'd', SDP_HINTS, SDP_WORDS, view.sdp, (sdp) => ({ ...view, sdp })),
    choice('Show', 'm', SHOW_MODES, SHOW_WORDS, view.show, (show) => ({ ...view, show })),
  ]
}

function choice<T extends string>(
  label: string,
  key: string,
  modes: readonly T[],
  words: Readonly<Record<T, string>>,
  mode: T,
  set: (mode: T) => LadderView,
): ModeChoice {
  return {
    label,
    key,
    words: modes.map((one) => words[one]),
    chosen: modes.indexOf(mode),
    pick: (index) => set(modes[index] ?? mode),
  }
}

export const TIME_WORDS = {
  previous: 'Δ previous',
  start: 'Δ start',
  selected: 'Δ selected',
  clock: 'Clock only',
} as const
const COLOUR_WORDS = { class: 'class', direction: 'direction', 'call-id': 'Call-ID', cseq: 'CSeq' } as const
const LANE_WORDS = { endpoint: 'address and port', address: 'address', alias: 'alias' } as const
const FOLD_WORDS = { auth: 'challenges folded', all: 'all folded', none: 'nothing folded' } as const
const SHOW_WORDS = {
  all: 'all messages',
  signalling: 'without media',
  media: 'only media',
  sdp: 'only with SDP',
} as const
const SDP_WORDS = { codec: 'codec', full: 'codecs and address', off: 'off' } as const
