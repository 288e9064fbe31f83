import { scrollToRow, visibleRows } from '../calls/window.ts'
import type { LadderRow } from './row.ts'

export const ROW_PX = 34
/** So near to the bottom counts as there. */
const BOTTOM_PX = 8

/** The part of a ladder that is on the screen; at the bottom it follows what comes. */
export class LadderScroll {
  scrollPx = $state(0)
  heightPx = $state(0)
  isAtBottom = $state(true)
  /** Row on top, to be kept there when a late one comes in above it. */
  #anchor: { readonly key: string; readonly offsetPx: number } | undefined
  readonly #viewport: () => HTMLElement | undefined

  constructor(viewport: () => HTMLElement | undefined) {
    this.#viewport = viewport
  }

  range(total: number): { readonly first: number; readonly count: number } {
    return visibleRows(this.scrollPx, this.heightPx, ROW_PX, total)
  }

  scrolled(rows: readonly LadderRow[]): void {
    const viewport = this.#viewport()
    if (viewport === undefined) return
    this.scrollPx = viewport.scrollTop
    this.isAtBottom = this.scrollPx + this.heightPx >= rows.length * ROW_PX - BOTTOM_PX
    this.#keepAnchor(rows)
  }

  /** After the rows have changed and are laid out. */
  grown(rows: readonly LadderRow[], isLive: boolean): void {
    if (this.isAtBottom && isLive) {
      this.#scrollTo(rows.length * ROW_PX)
    } else if (this.#anchor !== undefined && this.scrollPx > 0) {
      const { key, offsetPx } = this.#anchor
      const index = rows.findIndex((row) => row.key === key)
      if (index >= 0) this.#scrollTo(index * ROW_PX + offsetPx)
    }
    this.#keepAnchor(rows)
  }

  show(index: number): void {
    this.#scrollTo(scrollToRow(index, this.scrollPx, this.heightPx, ROW_PX))
  }

  #keepAnchor(rows: readonly LadderRow[]): void {
    const index = Math.floor(this.scrollPx / ROW_PX)
    const key = rows[index]?.key
    this.#anchor = key === undefined ? undefined : { key, offsetPx: this.scrollPx - index * ROW_PX }
  }

  #scrollTo(scrollPx: number): void {
    const viewport = this.#viewport()
    if (viewport === undefined || Math.abs(scrollPx - this.scrollPx) < 1) return
    viewport.scrollTop = scrollPx
    this.scrollPx = viewport.scrollTop
  }
}
