import { readFileSync } from 'node:fs'
import { PROBLEM_NAMES, PROBLEMS } from '@hepscope/shared/call/problem.ts'
import { expect, it } from 'vitest'
import { LIST_KEYS } from '../../src/app/calls/list-keys.ts'
import { DELAYS, RATIOS } from '../../src/app/figures/figure-texts.ts'
import { LADDER_KEYS } from '../../src/app/ladder/ladder-keys.ts'
import { MESSAGE_KEYS } from '../../src/app/message/message-keys.ts'
import { keyText } from '../../src/app/palette/key-table.ts'

/** Rows of its tables, cells apart. */
const rows = readFileSync(new URL('../../../docs/ui.md', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )

it.each([
  ['list', LIST_KEYS],
  ['ladder', LADDER_KEYS],
  ['message', MESSAGE_KEYS],
])('the tour has every key of the %s', (_, table) => {
  for (const { keys, what } of table) {
    expect(rows).toContainEqual([keys.map((key) => `\`${keyText(key)}\``).join(' '), what])
  }
})

it('the tour has every problem and every formula', () => {
  for (const name of PROBLEM_NAMES) expect(rows).toContainEqual([`\`is:${name}\``, PROBLEMS[name].title])
  for (const { name, meaning, formula, source } of [...RATIOS, ...DELAYS]) {
    expect(rows).toContainEqual([name, meaning, formula, source])
  }
})
