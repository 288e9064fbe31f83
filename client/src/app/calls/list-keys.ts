import { actionsByKey, type KeyBinding } from '../palette/key-table.ts'

/** What a key does in the call list. Numbers move the cursor by so many rows. */
export type ListAction =
  | 1
  | -1
  | 'page-up'
  | 'page-down'
  | 'first'
  | 'last'
  | 'open'
  | 'mark'
  | 'mark-up'
  | 'mark-down'
  | 'back'
  | 'columns'
  | 'statistics'
  | 'sort-before'
  | 'sort-after'
  | 'turn'
  | 'follow'

/** In the order in which they are of use. */
export const LIST_KEYS: readonly KeyBinding<ListAction>[] = [
  { action: 1, keys: ['ArrowDown', 'j'], what: 'Next row; the list stands still then' },
  { action: -1, keys: ['ArrowUp', 'k'], what: 'Row before' },
  { action: 'open', keys: ['Enter'], what: 'Open the ladder of the call, or of all that are selected' },
  { action: 'mark', keys: [' '], what: 'Select the call, or unselect it' },
  { action: 'mark-down', keys: ['shift+ArrowDown'], what: 'Select, and on to the next row' },
  { action: 'mark-up', keys: ['shift+ArrowUp'], what: 'Select, and back to the row before' },
  { action: 'back', keys: ['Escape'], what: 'Unselect, or close the ladder' },
  { action: 'page-down', keys: ['PageDown', 'ctrl+d'], what: 'A screen down' },
  { action: 'page-up', keys: ['PageUp', 'ctrl+b', 'ctrl+u'], what: 'A screen up' },
  { action: 'first', keys: ['Home', 'g'], what: 'First row' },
  { action: 'last', keys: ['End', 'G'], what: 'Last row' },
  { action: 'columns', keys: ['t', 'F10'], what: 'Choose columns' },
  { action: 'statistics', keys: ['i'], what: 'Statistics' },
  { action: 'sort-before', keys: ['<'], what: 'Order by the column before' },
  { action: 'sort-after', keys: ['>'], what: 'Order by the column after' },
  { action: 'turn', keys: ['z'], what: 'Turn the order around' },
  { action: 'follow', keys: ['A'], what: 'Follow the newest calls, or stand still' },
]

const ACTIONS = actionsByKey(LIST_KEYS)

/** The action of a key press; undefined leaves the key to the browser. */
export function listAction(event: KeyboardEvent): ListAction | undefined {
  if (event.altKey || event.metaKey) return undefined
  if (event.shiftKey && event.key.startsWith('Arrow')) return ACTIONS.get(`shift+${event.key}`)
  return ACTIONS.get(event.ctrlKey ? `ctrl+${event.key.toLowerCase()}` : event.key)
}
