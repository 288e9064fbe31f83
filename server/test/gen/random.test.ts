import { describe, expect, it } from 'vitest'
import { Random } from '../../src/gen/random.ts'

const draw = (random: Random, count: number) => Array.from({ length: count }, () => random.uint32())

describe('Random', () => {
  it('repeats itself for the same seeds', () => {
    expect(draw(new Random(7, 3), 100)).toEqual(draw(new Random(7, 3), 100))
  })

  it.each([
    { name: 'another seed', seeds: [8, 3] },
    { name: 'another second seed', seeds: [7, 4] },
    { name: 'another order', seeds: [3, 7] },
    { name: 'a seed that differs above 32 bits', seeds: [7 + 2 ** 40, 3] },
  ])('differs for $name', ({ seeds }) => {
    const usual = new Set(draw(new Random(7, 3), 100))
    expect(draw(new Random(...seeds), 100).filter((value) => usual.has(value))).toEqual([])
  })

  it('spreads evenly', () => {
    const random = new Random(1)
    const counts = Array.from({ length: 10 }, () => 0)
    for (let i = 0; i < 10_000; i++) {
      const value = random.int(0, 9)
      counts[value] = (counts[value] ?? 0) + 1
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150)
  })

  it('includes both bounds', () => {
    const random = new Random(2)
    expect(new Set(Array.from({ length: 200 }, () => random.int(-1, 1)))).toEqual(new Set([-1, 0, 1]))
  })

  it('picks in proportion to the weights', () => {
    const random = new Random(3)
    const items = [{ weight: 1 }, { weight: 0 }, { weight: 3 }]
    const picked = Array.from({ length: 4000 }, () => items.indexOf(random.pickWeighted(items)))
    expect(picked.filter((index) => index === 1)).toHaveLength(0)
    expect(picked.filter((index) => index === 2).length / 4000).toBeCloseTo(0.75, 1)
  })

  it('refuses to pick from nothing', () => {
    expect(() => new Random(1).pick([])).toThrow(RangeError)
    expect(() => new Random(1).pickWeighted([])).toThrow(RangeError)
  })

  it('makes text of the asked length', () => {
    const random = new Random(4)
    expect(random.hex(12)).toMatch(/^[0-9a-f]{12}$/)
    expect(random.alphanumeric(9)).toMatch(/^[A-Za-z0-9]{9}$/)
    expect(random.digits(5)).toMatch(/^\d{5}$/)
  })
})
