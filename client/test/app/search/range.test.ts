import { describe, expect, it } from 'vitest'
import { formatField, parseField, rangeOf } from '../../../src/app/search/range.ts'

const NOW_MS = 1_769_868_000_000

describe('rangeOf', () => {
  it.each([
    { name: 'nothing', address: { fromMs: 0, toMs: 0, lastMinutes: 0 }, range: undefined },
    {
      name: 'both ends, whatever the preset says',
      address: { fromMs: 1000, toMs: 2000, lastMinutes: 15 },
      range: { fromMs: 1000, toMs: 2000 },
    },
    {
      name: 'a beginning, up to now',
      address: { fromMs: 1000, toMs: 0, lastMinutes: 0 },
      range: { fromMs: 1000, toMs: NOW_MS },
    },
    {
      name: 'the last minutes',
      address: { fromMs: 0, toMs: 0, lastMinutes: 15 },
      range: { fromMs: NOW_MS - 900_000, toMs: NOW_MS },
    },
  ])('reads $name', ({ address, range }) => {
    expect(rangeOf(address, NOW_MS)).toEqual(range)
  })
})

describe('formatField and parseField', () => {
  it.each(['utc', 'local'] as const)('keep a second in the zone %s', (zone) => {
    expect(parseField(formatField(NOW_MS, zone), zone)).toBe(NOW_MS)
  })

  it('write UTC as UTC and refuse what is no time', () => {
    expect(formatField(NOW_MS, 'utc')).toBe('2026-01-31T14:00:00')
    expect(parseField('', 'utc')).toBeUndefined()
    expect(parseField('tomorrow', 'local')).toBeUndefined()
  })
})
