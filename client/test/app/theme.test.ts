import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

type Rgb = readonly [number, number, number]

const css = readFileSync(new URL('../../src/app/theme.css', import.meta.url), 'utf8')
const TEXTS = ['text', 'soft', 'faint', 'accent', 'ok', 'wait', 'bad', 'off', 'leg-2', 'leg-3', 'leg-4', 'leg-5']
const GROUNDS = ['bg', 'panel', 'raise']
const LEAST_TEXT = 4.5
const LEAST_EDGE = 3

/** Value of a token in one of the themes: `[r, g, b, alpha]`. */
function token(name: string, theme: 'light' | 'dark'): readonly [number, number, number, number] {
  const found = new RegExp(`--${name}: light-dark\\(#([0-9a-f]+), #([0-9a-f]+)\\)`).exec(css)
  const hex = found?.[theme === 'light' ? 1 : 2]
  if (hex === undefined) throw new Error(`no token ${name}`)
  const at = (i: number): number => parseInt(hex.slice(i, i + 2), 16)
  return [at(0), at(2), at(4), hex.length === 8 ? at(6) / 255 : 1]
}

function over(front: readonly [number, number, number, number], [r, g, b]: Rgb): Rgb {
  const [fr, fg, fb, alpha] = front
  return [fr * alpha + r * (1 - alpha), fg * alpha + g * (1 - alpha), fb * alpha + b * (1 - alpha)]
}

function luminance([r, g, b]: Rgb): number {
  const linear = [r, g, b].map((value) =>
    value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
  )
  return 0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0)
}

function contrast(a: Rgb, b: Rgb): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (high + 0.05) / (low + 0.05)
}

function rgb(name: string, theme: 'light' | 'dark'): Rgb {
  const [r, g, b] = token(name, theme)
  return [r, g, b]
}

describe.each(['light', 'dark'] as const)('%s theme', (theme) => {
  it.each(TEXTS)('reads %s on every ground', (text) => {
    const grounds = GROUNDS.map((ground) => rgb(ground, theme))
    grounds.push(over(token('accent-bg', theme), rgb('bg', theme)))
    for (const ground of grounds) {
      expect(contrast(rgb(text, theme), ground)).toBeGreaterThanOrEqual(LEAST_TEXT)
    }
  })

  it('reads a gap row and a main button', () => {
    expect(contrast(rgb('wait', theme), over(token('gap', theme), rgb('bg', theme)))).toBeGreaterThanOrEqual(LEAST_TEXT)
    expect(contrast(rgb('on-accent', theme), rgb('accent', theme))).toBeGreaterThanOrEqual(LEAST_TEXT)
  })

  it('shows the edges of fields', () => {
    for (const ground of ['bg', 'panel']) {
      expect(contrast(rgb('edge', theme), rgb(ground, theme))).toBeGreaterThanOrEqual(LEAST_EDGE)
    }
  })
})
