import { describe, expect, it } from 'vitest'
import { RowSlots } from '../../../src/app/calls/row-slots.ts'

describe('RowSlots', () => {
  it('keeps the place of a row that moves down', () => {
    const slots = new RowSlots()
    expect(slots.assign([3, 2, 1])).toEqual([0, 1, 2])
    expect(slots.assign([4, 3, 2, 1])).toEqual([3, 0, 1, 2])
  })

  it('gives the place of a row that left to one that came', () => {
    const slots = new RowSlots()
    slots.assign([3, 2, 1])
    expect(slots.assign([5, 4, 3])).toEqual([1, 2, 0])
    expect(slots.assign([8, 7, 6])).toEqual([0, 1, 2])
  })

  it('gives no place twice and needs no more than the rows', () => {
    const slots = new RowSlots()
    let key = 0
    let keys: readonly number[] = []
    for (let step = 0; step < 200; step++) {
      const come = Array.from({ length: step % 7 }, () => key++).reverse()
      keys = [...come, ...keys].slice(0, 10 + (step % 5))
      const assigned = slots.assign(keys)
      expect(new Set(assigned).size).toBe(keys.length)
      expect(Math.max(0, ...assigned)).toBeLessThan(14)
    }
  })
})
