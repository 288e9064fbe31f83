import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { CallState, StateClass } from '@hepscope/shared/call/state.ts'
import { stateLabel } from '../../src/app/calls/state-label.ts'

type Triple = readonly [number, number, number]

const css = readFileSync(new URL('../../src/app/theme.css', import.meta.url), 'utf8')
const THEMES = ['light', 'dark'] as const

/** Linear RGB as who lacks one kind of cone sees it. @see Machado, Oliveira, Fernandes 2009, severity 1.0 */
const VISIONS: readonly (readonly [name: string, matrix: readonly Triple[]])[] = [
  [
    'protanopia',
    [
      [0.152286, 1.052583, -0.204868],
      [0.114503, 0.786281, 0.099216],
      [-0.003882, -0.048116, 1.051998],
    ],
  ],
  [
    'deuteranopia',
    [
      [0.367322, 0.860646, -0.227968],
      [0.280085, 0.672501, 0.047413],
      [-0.01182, 0.04294, 0.968881],
    ],
  ],
  [
    'tritanopia',
    [
      [1.255528, -0.076749, -0.178779],
      [-0.078411, 0.930809, 0.147602],
      [0.004733, 0.691367, 0.3039],
    ],
  ],
]

function linearOf(name: string, theme: 'light' | 'dark'): Triple {
  const alias = new RegExp(`--${name}: var\\(--([\\w-]+)\\)`).exec(css)?.[1]
  if (alias !== undefined) return linearOf(alias, theme)
  const hex = new RegExp(`--${name}: light-dark\\(#([0-9a-f]{6}), #([0-9a-f]{6})\\)`).exec(css)?.[
    theme === 'light' ? 1 : 2
  ]
  if (hex === undefined) throw new Error(`no token ${name}`)
  const at = (i: number): number => {
    const value = parseInt(hex.slice(i, i + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }
  return [at(0), at(2), at(4)]
}

function times(matrix: readonly Triple[], [x, y, z]: Triple): Triple {
  const row = (i: number): number => {
    const [a, b, c] = matrix[i] ?? [0, 0, 0]
    return a * x + b * y + c * z
  }
  return [row(0), row(1), row(2)]
}

/** @see https://bottosson.github.io/posts/oklab/ */
function oklab(rgb: Triple): Triple {
  const clipped = rgb.map((value) => Math.max(0, Math.min(1, value)))
  const [l, m, s] = times(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    [clipped[0] ?? 0, clipped[1] ?? 0, clipped[2] ?? 0],
  ).map(Math.cbrt)
  return times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    [l ?? 0, m ?? 0, s ?? 0],
  )
}

function distance(a: Triple, b: Triple): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])
}

function seen(name: string, theme: 'light' | 'dark', matrix: readonly Triple[]): Triple {
  return oklab(times(matrix, linearOf(name, theme)))
}

/** Of two colours that stand beside each other; 0.02 is what most people just notice. */
const LEAST_LEG = 0.04
const LEAST_STATE = 0.04

describe.each(VISIONS)('with %s', (_, matrix) => {
  it.each(THEMES)('leg A is told from leg B, and fault from success, by colour alone: %s theme', (theme) => {
    const pairs = [
      ['leg-1', 'leg-2', LEAST_LEG],
      ['ok', 'bad', LEAST_STATE],
      ['bad', 'text', LEAST_STATE],
      ['accent', 'text', LEAST_STATE],
    ] as const
    for (const [a, b, least] of pairs) {
      expect(distance(seen(a, theme, matrix), seen(b, theme, matrix)), `${a} and ${b}`).toBeGreaterThan(least)
    }
  })
})

describe('second cues', () => {
  const call = { kind: 'call', statusCode: 0, reason: '', evidence: [] } as const
  const STATES: readonly (readonly [CallState, StateClass])[] = [
    ['setup', 'wait'],
    ['ringing', 'wait'],
    ['auth', 'wait'],
    ['in-call', 'ok'],
    ['ended', 'done'],
    ['cancelled', 'off'],
    ['busy', 'off'],
    ['no-answer', 'off'],
    ['diverted', 'off'],
    ['timeout', 'bad'],
    ['failed', 'bad'],
    ['rejected', 'bad'],
  ]

  it('no two states share their word, and none of two tones its glyph', () => {
    const labels = STATES.map(([state, tone]) => ({ tone, ...stateLabel({ ...call, state, stateClass: tone }) }))
    expect(new Set(labels.map(({ word }) => word)).size).toBe(STATES.length)
    for (const { tone, glyph } of labels) {
      expect(labels.filter((other) => other.glyph === glyph && other.tone !== tone)).toEqual([])
    }
  })
})
