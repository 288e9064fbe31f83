/** A thing to be done, and the keys that do it. */
export interface KeyBinding<Action> {
  readonly action: Action
  /** As `KeyboardEvent.key` has them, with `ctrl+` or `shift+` before; the usual one first. */
  readonly keys: readonly string[]
  /** For the sheet of keys and the palette. */
  readonly what: string
  /** In a few words, for a line of hints; without, it is not in it. */
  readonly hint?: string
}

const WORDS: ReadonlyMap<string, string> = new Map([
  ['ArrowUp', '↑'],
  ['ArrowDown', '↓'],
  ['ArrowLeft', '←'],
  ['ArrowRight', '→'],
  ['Enter', '↵'],
  [' ', 'Space'],
  ['Escape', 'Esc'],
  ['PageUp', 'PgUp'],
  ['PageDown', 'PgDn'],
])

/** The actions of a table by key. */
export function actionsByKey<Action>(table: readonly KeyBinding<Action>[]): ReadonlyMap<string, Action> {
  return new Map(table.flatMap(({ action, keys }) => keys.map((key) => [key, action] as const)))
}

/** A key as it is told to people: `Ctrl-B`, `↑`. */
export function keyText(key: string): string {
  const [, modifiers = '', name = key] = /^((?:(?:ctrl|alt|shift)\+)*)(.+)$/.exec(key) ?? []
  if (modifiers === '') return WORDS.get(name) ?? name
  const before = modifiers.replace(/(\w)(\w*)\+/g, (_, first: string, rest: string) => `${first.toUpperCase()}${rest}-`)
  return before + (WORDS.get(name) ?? name.toUpperCase())
}
