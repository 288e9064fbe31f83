import { describe, expect, it } from 'vitest'
import { scrollToRow, visibleRows } from '../../../src/app/calls/window.ts'

describe('visibleRows', () => {
  it('takes what is seen and some around', () => {
    expect(visibleRows(0, 260, 26, 1000)).toEqual({ first: 0, count: 18 })
    expect(visibleRows(2600, 260, 26, 1000)).toEqual({ first: 92, count: 26 })
  })

  it('keeps to the list', () => {
    expect(visibleRows(-50, 100, 26, 10)).toMatchObject({ first: 0 })
    expect(visibleRows(1e6, 100, 26, 10).first).toBe(9)
    expect(visibleRows(0, 0, 26, 0)).toEqual({ first: 0, count: 8 })
  })
})

describe('scrollToRow', () => {
  it('moves no more than is needed', () => {
    expect(scrollToRow(5, 0, 260, 26)).toBe(0)
    expect(scrollToRow(10, 0, 260, 26)).toBe(26)
    expect(scrollToRow(2, 260, 260, 26)).toBe(52)
  })
})
