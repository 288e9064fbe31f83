import { describe, expect, it } from 'vitest'
import { SORT_KEYS } from '../../../src/worker/protocol.ts'
import { parseColumns } from '../../../src/app/calls/column-choice.svelte.ts'
import { fitColumns, gridTemplate, leastWidthPx } from '../../../src/app/calls/column-layout.ts'
import { COLUMNS, USUAL_COLUMNS } from '../../../src/app/calls/columns.ts'

const ids = (columns: ReturnType<typeof parseColumns>): string[] | undefined => columns?.map(({ column }) => column.id)

describe('columns', () => {
  it('are one for each order, and each order has one', () => {
    expect(COLUMNS.map(({ id }) => id).toSorted()).toEqual([...SORT_KEYS].toSorted())
  })

  it('are read from text, with widths, and what makes no sense is left out', () => {
    const columns = parseColumns('state,from:140,nonsense,from,to:9999,code:abc')
    expect(columns?.map(({ column, widthPx }) => [column.id, widthPx])).toEqual([
      ['state', undefined],
      ['from', 140],
      ['to', 600],
      ['code', undefined],
    ])
    expect(parseColumns('nonsense')).toBeUndefined()
    expect(parseColumns('')).toBeUndefined()
  })

  it('of the usual choice leave one by one where room is scarce', () => {
    const usual = parseColumns(USUAL_COLUMNS.join()) ?? []
    expect(ids(fitColumns(usual, 1400))).toEqual(USUAL_COLUMNS)
    expect(ids(fitColumns(usual, leastWidthPx(usual) - 1))).not.toContain('route')
    expect(ids(fitColumns(usual, 100))).toEqual(['state', 'from', 'to', 'start', 'time'])
  })

  it('with a width by hand do not grow, and then the last one does', () => {
    expect(gridTemplate(parseColumns('state,from') ?? [])).toBe('148px minmax(96px, 1fr) 16px')
    expect(gridTemplate(parseColumns('from:100,state') ?? [])).toBe('100px minmax(148px, 1fr) 16px')
  })
})
