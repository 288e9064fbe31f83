import { describe, expect, it } from 'vitest'
import { type ArrowPlace, arrowShape, headX, ladderGeometry, laneAt, laneX } from '../../../src/app/ladder/geometry.ts'

describe('ladderGeometry', () => {
  it('spreads lanes over the width', () => {
    const geometry = ladderGeometry(4, 800)
    expect(geometry).toMatchObject({ timeStyle: 'micros', rowPx: 34, widthPx: 800, laneGapPx: 152 })
    expect(laneX(geometry, 3)).toBeLessThan(800)
  })

  it('grows wider than its place rather than draw lanes too close', () => {
    const geometry = ladderGeometry(12, 700)
    expect(geometry.laneGapPx).toBe(102)
    expect(geometry.widthPx).toBe(geometry.gutterPx + 12 * 102)
  })

  it('shortens the time on a phone', () => {
    expect(ladderGeometry(3, 390)).toMatchObject({ timeStyle: 'seconds', laneGapPx: 109 })
  })

  it('stands without lanes and without width', () => {
    expect(ladderGeometry(0, 0).widthPx).toBeGreaterThanOrEqual(0)
  })
})

describe('pinned lanes', () => {
  const at = (scrollXPx: number) => ladderGeometry(12, 700, { pinnedCount: 2, scrollXPx })
  const { gutterPx, laneGapPx } = at(0)

  it('stay where they are on the screen while the others are scrolled', () => {
    for (const lane of [0, 1]) expect(laneX(at(300), lane) - 300).toBe(laneX(at(0), lane))
    expect(laneX(at(300), 11)).toBe(laneX(at(0), 11))
  })

  it('have at their edge those that are scrolled away, so that no arrow goes below them', () => {
    const edgePx = 300 + gutterPx + 2 * laneGapPx
    expect(laneX(at(300), 2)).toBe(edgePx)
    expect(headX(at(300), 2)).toBe(headX(at(0), 2))
    const { line, labelLeftPx } = arrowShape(at(300), {
      ...{ from: 0, to: 2, laneCount: 12 },
      ...{ isRepeat: false, isRoundTrip: false, hasOpenHead: false },
    })
    expect(line).toMatch(new RegExp(`^M${laneX(at(300), 0)} `))
    expect(labelLeftPx).toBeGreaterThan(300 + gutterPx)
  })

  it('leave room for the others', () => {
    expect(ladderGeometry(12, 390, { pinnedCount: 9 }).stickyCount).toBe(1)
    expect(ladderGeometry(12, 100, { pinnedCount: 9 }).stickyCount).toBe(0)
    expect(ladderGeometry(12, 700, { scrollXPx: 300 }).scrollXPx).toBe(0)
  })

  it('are found where they are', () => {
    for (const lane of [0, 1, 8, 11]) expect(laneAt(at(300), 12, laneX(at(300), lane) + 1)).toBe(lane)
  })
})

describe('laneAt', () => {
  const geometry = ladderGeometry(4, 800)

  it('finds the lane that a point is in, and the nearest one outside', () => {
    for (const lane of [0, 1, 2, 3]) expect(laneAt(geometry, 4, laneX(geometry, lane) + 20)).toBe(lane)
    expect([laneAt(geometry, 4, 0), laneAt(geometry, 4, 5000)]).toEqual([0, 3])
  })
})

describe('arrowShape', () => {
  const geometry = ladderGeometry(3, 792)
  const place = (from: number, to: number, more: Partial<ArrowPlace> = {}): ArrowPlace => ({
    from,
    to,
    laneCount: 3,
    isRepeat: false,
    isRoundTrip: false,
    hasOpenHead: false,
    ...more,
  })

  it('points from the sender to the receiver', () => {
    const right = arrowShape(geometry, place(0, 2))
    expect(right.line).toBe('M292 25H684')
    expect(right.head).toBe('M692 25l-9 -4.5v9z')
    const left = arrowShape(geometry, place(2, 0))
    expect(left.line).toBe('M692 25H300')
    expect(left.head).toBe('M292 25l9 -4.5v9z')
    expect(left.labelLeftPx).toBe(right.labelLeftPx)
    expect(left.labelWidthPx).toBe(388)
  })

  it('has an open head for an answer', () => {
    expect(arrowShape(geometry, place(0, 2, { hasOpenHead: true })).head).toBe('M683 20.5L692 25L683 29.5')
  })

  it('doubles the head and the line of a repeat', () => {
    const repeat = arrowShape(geometry, place(0, 1, { isRepeat: true }))
    expect(repeat.head.match(/M/g)).toHaveLength(2)
    expect(repeat.echo).not.toBe('')
    expect(arrowShape(geometry, place(0, 1)).echo).toBe('')
  })

  it('has a head at both ends of a round trip', () => {
    expect(arrowShape(geometry, place(0, 1, { isRoundTrip: true })).tail).toBe('M292 25l9 -4.5v9z')
    expect(arrowShape(geometry, place(0, 1)).tail).toBe('')
  })

  it('gives a short arrow a label that is wider, but not wider than the ladder', () => {
    const many = ladderGeometry(6, 800)
    const inside = arrowShape(many, { ...place(2, 3), laneCount: 6 })
    expect(inside.labelWidthPx).toBeGreaterThan(many.laneGapPx)
    expect(inside.labelLeftPx + inside.labelWidthPx / 2).toBe((laneX(many, 2) + laneX(many, 3)) / 2)
    const first = arrowShape(many, { ...place(0, 1), laneCount: 6 })
    expect(first.labelLeftPx).toBeGreaterThanOrEqual(many.gutterPx)
    const last = arrowShape(many, { ...place(4, 5), laneCount: 6 })
    expect(last.labelLeftPx + last.labelWidthPx).toBeLessThanOrEqual(many.widthPx)
  })

  it('draws a hook for what an element sends to itself: right, and left on the last lane', () => {
    const hook = arrowShape(geometry, place(0, 0))
    expect(hook.line).toBe('M292 16H326V25H300')
    expect(hook.labelLeftPx).toBeGreaterThan(326)
    const last = arrowShape(geometry, place(2, 2))
    expect(last.line).toBe('M692 16H658V25H684')
    expect(last.labelLeftPx + last.labelWidthPx).toBeLessThan(658)
    expect(hook.labelWidthPx).toBeGreaterThan(0)
  })

  it('hooks to the right when there is one lane only', () => {
    const lone = ladderGeometry(1, 400)
    expect(arrowShape(lone, { ...place(0, 0), laneCount: 1 }).labelLeftPx).toBeGreaterThan(laneX(lone, 0))
  })
})
