import { describe, expect, it } from 'vitest'
import { LadderScroll } from '../../../src/app/ladder/ladder-scroll.svelte.ts'
import type { GapRow } from '../../../src/app/ladder/row.ts'

const ROW_PX = 34
const HEIGHT_PX = 340

const row = (key: string): GapRow => ({ kind: 'gap', key, tsUs: 0, deltaUs: 0, fromUs: 0, toUs: 0, count: 1 })
const rowsOf = (...keys: string[]): GapRow[] => keys.map(row)
const numbered = (count: number): GapRow[] => Array.from({ length: count }, (_, i) => row(`r${i}`))

/** A viewport whose content is as high as a browser would make it. */
function scrollOf(): { scroll: LadderScroll; viewport: { scrollTop: number }; setRowPx: (px: number) => void } {
  const viewport = { scrollTop: 0 }
  let rowPx = ROW_PX
  const scroll = new LadderScroll(
    () => viewport as HTMLElement,
    () => rowPx,
  )
  scroll.heightPx = HEIGHT_PX
  return { scroll, viewport, setRowPx: (px) => (rowPx = px) }
}

describe('LadderScroll', () => {
  it('keeps the row on top where it is when late ones come in above it', () => {
    const { scroll, viewport } = scrollOf()
    const rows = numbered(100)
    viewport.scrollTop = 20 * ROW_PX + 7
    scroll.scrolled(rows)
    scroll.grown([...rowsOf('late-1', 'late-2'), ...rows], true)
    expect(viewport.scrollTop).toBe(22 * ROW_PX + 7)
    scroll.grown([...rows.slice(0, 50), row('later'), ...rows.slice(50)], true)
    expect(viewport.scrollTop).toBe(20 * ROW_PX + 7)
  })

  it('does not move for what comes in below', () => {
    const { scroll, viewport } = scrollOf()
    const rows = numbered(100)
    viewport.scrollTop = 20 * ROW_PX
    scroll.scrolled(rows)
    scroll.grown([...rows, row('new')], true)
    expect(viewport.scrollTop).toBe(20 * ROW_PX)
  })

  it('follows a call that goes on while it is at the bottom, and one that is over does not move', () => {
    const { scroll, viewport } = scrollOf()
    const rows = numbered(100)
    viewport.scrollTop = 100 * ROW_PX - HEIGHT_PX
    scroll.scrolled(rows)
    expect(scroll.isAtBottom).toBe(true)
    scroll.grown([...rows, row('stored')], false)
    expect(viewport.scrollTop).toBe(100 * ROW_PX - HEIGHT_PX)
    scroll.grown([...rows, row('stored'), row('new')], true)
    expect(viewport.scrollTop).toBe(102 * ROW_PX)
  })

  it('keeps the row on top when rows become lower', () => {
    const { scroll, viewport, setRowPx } = scrollOf()
    const rows = numbered(100)
    viewport.scrollTop = 20.5 * ROW_PX
    scroll.scrolled(rows)
    setRowPx(22)
    scroll.grown(rows, true)
    expect(viewport.scrollTop).toBe(20.5 * 22)
  })
})
