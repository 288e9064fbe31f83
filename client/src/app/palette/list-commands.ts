import { PROBLEM_NAMES } from '@hepscope/shared/call/problem.ts'
import { LIST_KEYS, type ListAction } from '../calls/list-keys.ts'
import type { Live } from '../calls/live.svelte.ts'
import { FORMATS, type SaveFormat } from '../exports/formats.ts'
import { hasPreset, togglePreset } from '../filter/preset-text.ts'
import { LADDER_KEYS, type LadderAction } from '../ladder/ladder-keys.ts'
import { MESSAGE_KEYS } from '../message/message-keys.ts'
import type { KeyAction } from '../shell/key-action.ts'
import type { CommandGroup } from './commands.svelte.ts'
import type { KeyBinding } from './key-table.ts'

interface ListParts {
  readonly live: Live
  /** Keys of the view. */
  readonly actions: readonly KeyAction[]
  /** Undefined while there is no list of calls. */
  readonly act: ((action: ListAction) => void) | undefined
  /** Undefined while no ladder is open. */
  readonly press: ((action: LadderAction) => void) | undefined
  readonly save: (format: SaveFormat) => void
}

/** What can be done in a view of calls. */
export function listCommands({ live, actions, act, press, save }: ListParts): readonly CommandGroup[] {
  const { filter, scope } = live
  const ladder = { title: 'Ladder', commands: bound(LADDER_KEYS, press) }
  const list = { title: 'List', commands: bound(LIST_KEYS, act) }
  const view = actions.map(({ key, also = [], name, run }) => ({ name: capital(name), keys: [key, ...also], run }))
  return [
    { title: 'This view', commands: view },
    ...(press === undefined ? [list, ladder] : [ladder, list]),
    { title: 'Message', commands: bound(MESSAGE_KEYS, undefined) },
    {
      title: 'Show',
      commands: [
        {
          name: scope === 'calls' ? 'All dialogs: registrations, subscriptions, OPTIONS too' : 'Calls alone',
          keys: [],
          run: () => live.setScope(scope === 'calls' ? 'all' : 'calls'),
        },
        { name: 'No filter', keys: [], run: filter === '' ? undefined : () => live.typeFilter('') },
        ...PROBLEM_NAMES.map((problem) => ({
          name: `${hasPreset(filter, problem) ? 'Not only' : 'Only'} calls with problem: ${problem.replaceAll('-', ' ')}`,
          keys: [],
          run: () => live.typeFilter(togglePreset(filter, problem)),
        })),
      ],
    },
    {
      title: 'Export',
      commands: [
        { name: 'Save the list as CSV', keys: [], run: () => save('csv') },
        ...FORMATS.map(({ format, name }) => ({
          name: `Save messages of calls as ${name}`,
          keys: [],
          run: () => save(format),
        })),
      ],
    },
  ]
}

function bound<Action>(
  table: readonly KeyBinding<Action>[],
  act: ((action: Action) => void) | undefined,
): CommandGroup['commands'] {
  return table.map(({ action, keys, what }) => ({
    name: what,
    keys,
    run: act === undefined ? undefined : () => act(action),
  }))
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
