/** What a key does in a ladder. Numbers move the selection by so many rows. */
export type LadderAction = 1 | -1 | 'page-up' | 'page-down' | 'first' | 'last' | 'enter' | 'close' | 'time'

const ACTIONS: ReadonlyMap<string, LadderAction> = new Map<string, LadderAction>([
  ['ArrowUp', -1],
  ['k', -1],
  ['ArrowDown', 1],
  ['j', 1],
  ['PageUp', 'page-up'],
  ['PageDown', 'page-down'],
  ['Home', 'first'],
  ['g', 'first'],
  ['End', 'last'],
  ['G', 'last'],
  ['Enter', 'enter'],
  ['Escape', 'close'],
  ['q', 'close'],
  ['w', 'time'],
  ['ctrl+b', 'page-up'],
  ['ctrl+u', 'page-up'],
  ['ctrl+d', 'page-down'],
])

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
