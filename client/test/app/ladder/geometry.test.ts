import { describe, expect, it } from 'vitest'
import { arrowShape, ladderGeometry, laneX } from '../../../src/app/ladder/geometry.ts'

describe('ladderGeometry', () => {
  it('spreads lanes over the width', () => {
    const geometry = ladderGeometry(4, 800)
    expect(geometry).toMatchObject({ timeStyle: 'micros', hasDelta: true, widthPx: 800, laneGapPx: 152 })
    expect(laneX(geometry, 3)).toBeLessThan(800)
  })

  it('grows wider than its place rather than draw lanes too close', () => {
    const geometry = ladderGeometry(12, 700)
    expect(geometry.laneGapPx).toBe(102)
    expect(geometry.widthPx).toBe(geometry.gutterPx + 12 * 102)
  })

  it('shortens the time on a phone', () => {
    expect(ladderGeometry(3, 390)).toMatchObject({ timeStyle: 'seconds', hasDelta: false, laneGapPx: 109 })
  })

  it('stands without lanes and without width', () => {
    expect(ladderGeometry(0, 0).widthPx).toBeGreaterThanOrEqual(0)
  })
})

describe('arrowShape', () => {
  const geometry = ladderGeometry(3, 792)

  it('points from the sender to the receiver', () => {
    const right = arrowShape(geometry, 0, 2, 3, 20, false)
    expect(right.line).toBe('M292 20H684')
    expect(right.head).toBe('M692 20l-9 -4.5v9z')
    const left = arrowShape(geometry, 2, 0, 3, 20, false)
    expect(left.line).toBe('M692 20H300')
    expect(left.head).toBe('M292 20l9 -4.5v9z')
    expect(left.labelLeftPx).toBe(right.labelLeftPx)
    expect(left.labelWidthPx).toBe(388)
  })

  it('doubles the head of a repeat', () => {
    expect(arrowShape(geometry, 0, 1, 3, 20, true).head.match(/M/g)).toHaveLength(2)
  })

  it('draws a hook for what an element sends to itself: right, and left on the last lane', () => {
    const hook = arrowShape(geometry, 0, 0, 3, 20, false)
    expect(hook.line).toBe('M292 11H326V20H300')
    expect(hook.labelLeftPx).toBeGreaterThan(326)
    const last = arrowShape(geometry, 2, 2, 3, 20, false)
    expect(last.line).toBe('M692 11H658V20H684')
    expect(last.labelLeftPx + last.labelWidthPx).toBeLessThan(658)
    expect(hook.labelWidthPx).toBeGreaterThan(0)
  })

  it('hooks to the right when there is one lane only', () => {
    const lone = ladderGeometry(1, 400)
    expect(arrowShape(lone, 0, 0, 1, 20, false).labelLeftPx).toBeGreaterThan(laneX(lone, 0))
  })
})
