import { describe, expect, it } from 'vitest'
import { LIST_KEYS } from '../../../src/app/calls/list-keys.ts'
import { LADDER_KEYS } from '../../../src/app/ladder/ladder-keys.ts'
import { Commands } from '../../../src/app/palette/commands.svelte.ts'
import { actionsByKey, keyText } from '../../../src/app/palette/key-table.ts'
import { matchesOf } from '../../../src/app/palette/matches.ts'

describe('tables of keys', () => {
  it.each([
    ['list', LIST_KEYS],
    ['ladder', LADDER_KEYS],
  ])('gives each key of the %s one meaning, and each thing one name', (_, table) => {
    const keys = table.flatMap((binding) => [...binding.keys])
    expect(keys).toEqual([...new Set(keys)])
    expect(table.map(({ what }) => what)).toEqual([...new Set(table.map(({ what }) => what))])
    expect(actionsByKey<unknown>(table).size).toBe(keys.length)
  })

  it('names keys as people do', () => {
    expect(['ctrl+b', ' ', 'ArrowUp', 'shift+ArrowDown', 'G', 'ctrl+alt+p', 'F10'].map(keyText)).toEqual([
      'Ctrl-B',
      'Space',
      '↑',
      'Shift-↓',
      'G',
      'Ctrl-Alt-P',
      'F10',
    ])
  })
})

describe('Commands', () => {
  it('offers what is provided, the latest first, until it is taken back', () => {
    const commands = new Commands()
    const run = (): void => {}
    commands.provide(() => [{ title: 'Page', commands: [{ name: 'Log out', keys: [], run }] }])
    const take = commands.provide(() => [
      { title: 'List', commands: [{ name: 'Last row', keys: ['End'], run }] },
      { title: 'Ladder', commands: [{ name: 'Last message', keys: ['End'], run: undefined }] },
    ])
    expect(matchesOf(commands.groups, '').map(({ command }) => command.name)).toEqual(['Last row', 'Log out'])
    expect(matchesOf(commands.groups, 'lo').map(({ command }) => command.name)[0]).toBe('Log out')
    take()
    expect(commands.groups.map(({ title }) => title)).toEqual(['Page'])
  })
})
