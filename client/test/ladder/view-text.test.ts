import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  COLOUR_MODES,
  DEFAULT_VIEW,
  FOLD_MODES,
  type LadderView,
  LANE_BY,
  SDP_HINTS,
  SHOW_MODES,
  TIME_MODES,
} from '../../src/app/ladder/ladder-view.ts'
import { formatLadderView, parseLadderView } from '../../src/app/ladder/view-text.ts'

const entry = fc.string({ minLength: 1, maxLength: 30 })
const list = (maxLength = 6): fc.Arbitrary<string[]> => fc.uniqueArray(entry, { maxLength })

/** Lanes in groups of two and more, none of them twice. */
const merges = fc
  .uniqueArray(entry, { maxLength: 12 })
  .map((ids) => [ids.slice(0, 3), ids.slice(3, 5), ids.slice(5)].filter((group) => group.length > 1))

const anyView: fc.Arbitrary<LadderView> = fc.record({
  laneBy: fc.constantFrom(...LANE_BY),
  merges,
  hidden: list(),
  pinned: list(),
  order: list(12),
  hasSplitLegs: fc.boolean(),
  time: fc.constantFrom(...TIME_MODES),
  colour: fc.constantFrom(...COLOUR_MODES),
  fold: fc.constantFrom(...FOLD_MODES),
  toggled: list(),
  copies: list(),
  sdp: fc.constantFrom(...SDP_HINTS),
  show: fc.constantFrom(...SHOW_MODES),
  isCompact: fc.boolean(),
  compare: list(2),
})

describe('formatLadderView', () => {
  it('is empty for the view that nobody has changed', () => {
    expect(formatLadderView(DEFAULT_VIEW)).toBe('')
  })

  it('says what differs, with addresses as they are', () => {
    const view: LadderView = {
      ...DEFAULT_VIEW,
      merges: [['10.0.0.1:5060', '[2001:db8::1]:5060']],
      hidden: ['10.0.0.9:5060'],
      time: 'start',
      isCompact: true,
    }
    expect(formatLadderView(view)).toBe(
      'merge=10.0.0.1:5060+[2001:db8::1]:5060;hide=10.0.0.9:5060;time=start;rows=compact',
    )
  })

  it('stays short however much there is', () => {
    const many = Array.from({ length: 500 }, (_, i) => `10.0.0.1:${i}`)
    expect(formatLadderView({ ...DEFAULT_VIEW, toggled: many }).length).toBeLessThan(1000)
  })
})

describe('parseLadderView', () => {
  it('reads every view that was written', () => {
    fc.assert(
      fc.property(anyView, (view) => {
        expect(parseLadderView(formatLadderView(view))).toEqual(view)
      }),
      { numRuns: 300 },
    )
  })

  it('makes a view of any text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 400 }), (text) => {
        const view = parseLadderView(text)
        expect(parseLadderView(formatLadderView(view))).toEqual(view)
      }),
      { numRuns: 300 },
    )
  })

  it.each([
    ['', {}],
    ['nonsense', {}],
    ['time=tomorrow;colour=blue', {}],
    ['merge=a', {}],
    ['merge=a+b,b+c', { merges: [['a', 'b']] }],
    ['compare=a,b,c', { compare: ['a', 'b'] }],
    ['hide=a,a,', { hidden: ['a'] }],
    [`hide=${'x'.repeat(500)}`, {}],
  ] as const)('takes what it understands of "%s"', (text, expected) => {
    expect(parseLadderView(text)).toEqual({ ...DEFAULT_VIEW, ...expected })
  })
})
