import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Column } from '../../server/src/store/column.ts'
import { settingsOf } from '../../server/src/store/options.ts'
import { layoutOf } from '../../server/src/store/layout.ts'
import { CALLS_TABLE, columnsOf } from '../../server/src/store/schema.ts'
import { pageTable } from './page-table.ts'

const page = readFileSync(new URL('../../docs/storage.md', import.meta.url), 'utf8')

const tableOf = (heading: string): string[][] => pageTable(page, heading)
const namesIn = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
const listed = (heading: string): string[] => tableOf(heading).map(([name = '', type = '']) => `${name} ${type}`)
const formatted = (columns: readonly Column[]): string[] => columns.map(({ name, type }) => `\`${name}\` \`${type}\``)

/** Columns that the first kind of table has and the second has not. */
function beyond(kind: 'sip' | 'registration', less: 'other' | 'sip'): Column[] {
  const known = new Set(columnsOf(less).map(({ name }) => name))
  return columnsOf(kind).filter(({ name }) => !known.has(name))
}

describe('docs/storage.md', () => {
  it('has every column of every table, with its type, in the order of the files', () => {
    expect(listed('Every table')).toEqual(formatted(columnsOf('other')))
    expect(listed('SIP tables')).toEqual(formatted(beyond('sip', 'other')))
    expect(listed('Registrations')).toEqual(formatted(beyond('registration', 'sip')))
  })

  it('has every column of calls, and no other', () => {
    const names = tableOf('Calls').flatMap(([cell]) => namesIn(cell))
    expect(names.sort()).toEqual(
      columnsOf('calls')
        .map(({ name }) => name)
        .sort(),
    )
    expect(page).toContain(`\`${CALLS_TABLE}\``)
  })

  it('has every directory of the store', () => {
    const paths = tableOf('On disk').flatMap(([cell]) => namesIn(cell))
    const { dataDir, ...directories } = layoutOf('/data')
    for (const path of Object.values(directories)) {
      expect(paths.some((listed) => `${dataDir}/${listed}`.startsWith(`${path}/`))).toBe(true)
    }
  })

  it('computes memory from the limits that hold', () => {
    const { sealBytes, segmentBytes, sealRows } = settingsOf({ dataDir: '' })
    // A generation ends with the segment in which it is full.
    const mib = (sealBytes + segmentBytes) / 2 ** 20
    expect(page).toContain(`at most ${mib} MiB each`)
    expect(page).toContain(`(${sealRows.toLocaleString('en')})`)
  })
})
