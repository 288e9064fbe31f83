/** What a key does in the call list. Numbers move the cursor by so many rows. */
export type ListAction = number | 'page-up' | 'page-down' | 'first' | 'last' | 'open' | 'mark' | 'back'

const ACTIONS: ReadonlyMap<string, ListAction> = new Map<string, ListAction>([
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
  ['Enter', 'open'],
  [' ', 'mark'],
  ['Escape', 'back'],
  ['ctrl+b', 'page-up'],
  ['ctrl+u', 'page-up'],
  ['ctrl+d', 'page-down'],
])

/** The action of a key press; undefined leaves the key to the browser. */
export function listAction(event: KeyboardEvent): ListAction | undefined {
  if (event.altKey || event.metaKey) return undefined
  return ACTIONS.get(event.ctrlKey ? `ctrl+${event.key.toLowerCase()}` : event.key)
}
