import { actionsByKey, type KeyBinding } from '../palette/key-table.ts'

/** What a key does in a ladder. Numbers move the selection by so many rows. */
export type LadderAction =
  | 1
  | -1
  | 'page-up'
  | 'page-down'
  | 'first'
  | 'last'
  | 'enter'
  | 'close'
  | 'time'
  | 'colour'
  | 'compact'
  | 'lanes'
  | 'legs'
  | 'sdp'
  | 'only-sdp'
  | 'media'
  | 'only-media'
  | 'fold'
  | 'unfold'
  | 'fold-all'
  | 'compare'
  | 'undo'
  | 'reset'
  | 'export'
  | 'hints'
  | 'hide-message'
  | 'grow-message'
  | 'shrink-message'
  | 'reset-message'

/** In the order in which they are of use. */
export const LADDER_KEYS: readonly KeyBinding<LadderAction>[] = [
  { action: 1, keys: ['ArrowDown', 'j'], what: 'Next message', hint: 'next' },
  { action: -1, keys: ['ArrowUp', 'k'], what: 'Message before', hint: 'before' },
  { action: 'enter', keys: ['Enter', 'r', 'F6'], what: 'To the text of the message', hint: 'text' },
  { action: 'compare', keys: [' '], what: 'Mark for comparison; two marked messages are compared', hint: 'compare' },
  { action: 'unfold', keys: ['ArrowRight', 'l'], what: 'Unfold a transaction or copies', hint: 'unfold' },
  { action: 'fold', keys: ['ArrowLeft', 'h'], what: 'Fold them', hint: 'fold' },
  { action: 'fold-all', keys: ['f'], what: 'Fold challenges, all, or nothing', hint: 'fold all, challenges, none' },
  { action: 'time', keys: ['w'], what: 'Second column: since the previous, the start, the selected', hint: 'time' },
  { action: 'colour', keys: ['c'], what: 'Colours by class, direction, Call-ID, CSeq', hint: 'colour' },
  { action: 'compact', keys: ['s'], what: 'Compress the rows', hint: 'compress' },
  { action: 'lanes', keys: ['a'], what: 'Lanes by port, address, alias', hint: 'lanes' },
  { action: 'legs', keys: ['x', 'F4'], what: 'Legs side by side', hint: 'legs' },
  { action: 'sdp', keys: ['d', 'F2'], what: 'What of SDP stands beside the label', hint: 'SDP' },
  { action: 'only-sdp', keys: ['D'], what: 'Only messages with SDP', hint: 'only SDP' },
  { action: 'media', keys: ['m', 'F3'], what: 'Without media reports, or with', hint: 'media' },
  { action: 'only-media', keys: ['M'], what: 'Only media reports', hint: 'only media' },
  { action: 'undo', keys: ['z', 'ctrl+z'], what: 'Take the last change of lanes or folds back', hint: 'undo' },
  { action: 'reset', keys: ['Z'], what: 'Lanes as they came', hint: 'reset lanes' },
  { action: 'export', keys: ['E'], what: 'Save the ladder as picture or text', hint: 'save' },
  { action: 'hide-message', keys: ['t'], what: 'Hide the text, or show it', hint: 'hide text' },
  { action: 'grow-message', keys: ['9'], what: 'More room for the text' },
  { action: 'shrink-message', keys: ['0'], what: 'Less room for the text' },
  { action: 'reset-message', keys: ['T'], what: 'Usual room for the text' },
  { action: 'first', keys: ['Home', 'g'], what: 'First message' },
  { action: 'last', keys: ['End', 'G'], what: 'Last message' },
  { action: 'page-down', keys: ['PageDown', 'ctrl+d'], what: 'A screen down' },
  { action: 'page-up', keys: ['PageUp', 'ctrl+b', 'ctrl+u'], what: 'A screen up' },
  { action: 'hints', keys: ['K'], what: 'A line with these keys', hint: 'these hints' },
  { action: 'close', keys: ['Escape', 'q'], what: 'Back to the list', hint: 'back' },
]

const ACTIONS = actionsByKey(LADDER_KEYS)

/** The action of a key press; undefined leaves the key to the browser. */
export function ladderAction(event: {
  readonly key: string
  readonly ctrlKey: boolean
  readonly altKey: boolean
  readonly metaKey: boolean
}): LadderAction | undefined {
  if (event.altKey || event.metaKey) return undefined
  return ACTIONS.get(event.ctrlKey ? `ctrl+${event.key.toLowerCase()}` : event.key)
}
