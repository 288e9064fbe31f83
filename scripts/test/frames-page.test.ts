import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  columnLayout,
  FLAG,
  HEADER,
  HEADER_BYTES,
  MAX_ROWS,
  TEXT,
  TEXT_COLUMNS,
} from '../../shared/src/event/columns.ts'
import { FIELDS } from '../../shared/src/filter/expression.ts'
import { METHODS, OTHER_METHOD } from '../../shared/src/sip/methods.ts'
import { pageTable } from './page-table.ts'

const page = readFileSync(new URL('../../docs/frames.md', import.meta.url), 'utf8')

/** Cells of a table, without their marks. */
const tableOf = (heading: string): string[][] =>
  pageTable(page, heading).map((row) => row.map((cell) => cell.replaceAll('`', '')))

describe('docs/frames.md', () => {
  it('has every member of the header at its offset', () => {
    const offsets = tableOf('Header').map(([offset]) => Number(offset))
    const zeros = 22
    expect(offsets).toEqual([...Object.values(HEADER), zeros].sort((a, b) => a - b))
    expect(page).toContain(`${HEADER_BYTES} bytes:`)
    expect(page).toContain(`1 to ${MAX_ROWS.toLocaleString('en')}`)
  })

  it('has every column at its offset, in its order', () => {
    const columns = tableOf('Columns').map(([offset = '', name = '']) => {
      const [, start, perRow] = /^(\d+)(?: \+ (\d+) × R)?$/.exec(offset) ?? []
      return { name: name === '' ? 'arenaAt' : name, start: Number(start), perRow: Number(perRow ?? 0) }
    })
    for (const count of [1, 8, 9, 1024]) {
      const { rows, ...layout } = columnLayout(count)
      const written = columns.map(({ name, start, perRow }) => [name, start + perRow * rows])
      expect(Object.fromEntries(written)).toEqual(layout)
    }
  })

  it('has every text by its number, and every flag by its value', () => {
    expect(tableOf('Texts').map(([number, name]) => [name, Number(number)])).toEqual(Object.entries(TEXT))
    expect(page).toContain(`${TEXT_COLUMNS} × u32`)
    expect(tableOf('Flags').map(([, value, name]) => [name, Number(value)])).toEqual(Object.entries(FLAG))
    for (const [bit, value] of tableOf('Flags')) expect(2 ** Number(bit)).toBe(Number(value))
  })

  it('has every method by its number', () => {
    const text = (page.split('### Methods\n')[1] ?? '').split('###')[0]?.replaceAll('\n', ' ') ?? ''
    const named = METHODS.map((name, number) => `${number} ${name === '' ? 'none' : name},`)
    expect(named.filter((one) => !text.includes(one))).toEqual([])
    expect(text).toContain(`${OTHER_METHOD} another`)
  })

  it('has every field of filter expressions', () => {
    const listed = tableOf('Filter expressions').flatMap(([names = '']) => names.split(/, | /))
    expect(FIELDS.filter((field) => !listed.includes(field))).toEqual([])
  })
})
