import { describe, expect, it } from 'vitest'
import { formatCount, formatPlural, formatRate, formatShare } from '../../../src/app/format/number.ts'

describe('formatCount', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1204, '1,204'],
    [9_999_999, '9,999,999'],
    [12_400_000, '12.4 M'],
    [31_000_000_000, '31.0 G'],
  ])('shows %d as %s', (count, text) => {
    expect(formatCount(count)).toBe(text)
  })
})

describe('formatRate, formatShare and formatPlural', () => {
  it('keeps one digit for small rates', () => {
    expect([0, 18.24, 99.96, 1204].map(formatRate)).toEqual(['0.0', '18.2', '100', '1,204'])
  })

  it('has no share of nothing', () => {
    expect([formatShare(5, 7), formatShare(0, 3), formatShare(0, 0)]).toEqual(['71.4 %', '0.0 %', '–'])
  })

  it('counts things', () => {
    expect([formatPlural(1, 'call'), formatPlural(1200, 'call'), formatPlural(0, 'reply', 'replies')]).toEqual([
      '1 call',
      '1,200 calls',
      '0 replies',
    ])
  })
})
