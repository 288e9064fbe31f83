import { expect, it } from 'vitest'
import { FigureSums } from '@hepscope/shared/figures/figures.ts'
import { RATE_NAMES } from '../../../src/worker/figures/rate-watch.ts'
import { DELAYS, formatDelay, RATIOS } from '../../../src/app/figures/figure-texts.ts'
import { LINES } from '../../../src/app/figures/rate-lines.ts'

it('shows every figure that there is, each once', () => {
  const figures = new FigureSums().figures()
  const shown: object[] = [...RATIOS.map(({ read }) => read(figures)), ...DELAYS.map(({ read }) => read(figures))]
  const made = Object.values(figures).filter((value) => typeof value === 'object')
  expect(new Set(shown).size).toBe(shown.length)
  expect(new Set(shown)).toEqual(new Set(made))
})

it('writes a delay with the digits that matter', () => {
  const delays = [undefined, 400, 38_000, 999_600, 1_444_000, 12_340_000, 123_000_000, 3_723_000_000]
  expect(delays.map(formatDelay)).toEqual(['–', '0.4 ms', '38 ms', '1.00 s', '1.44 s', '12.3 s', '2:03', '1:02:03'])
})

it('tells the lines of one plot apart without colour', () => {
  for (const names of [RATE_NAMES.slice(0, 6), RATE_NAMES.slice(6)]) {
    const looks = names.map((name) => LINES[name].dash.join())
    expect(new Set(looks).size).toBe(names.length)
  }
})
