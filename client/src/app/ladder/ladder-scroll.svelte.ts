import { scrollToRow, visibleRows } from '../calls/window.ts'
import type { LadderRow } from './row.ts'

/** So near to the bottom counts as there. */
const BOTTOM_PX = 8

/** The part of a ladder that is on the screen; at the bottom it follows what comes. */
export class LadderScroll {
  scrollPx = $state(0)
  /** To the right. */
  scrollXPx = $state(0)
  heightPx = $state(0)
  isAtBottom = $state(true)
  /** Row on top, to be kept there when a late one comes in above it. */
  #anchor: { readonly key: string; readonly part: number } | undefined
  readonly #viewport: () => HTMLElement | undefined
  readonly #rowPx: () => number

  /** @param rowPx height of a row; all are equally high */
  constructor(viewport: () => HTMLElement | undefined, rowPx: () => number) {
    this.#viewport = viewport
    this.#rowPx = rowPx
  }

  range(total: number): { readonly first: number; readonly count: number } {
    return visibleRows(this.scrollPx, this.heightPx, this.#rowPx(), total)
  }

  scrolled(rows: readonly LadderRow[]): void {
    const viewport = this.#viewport()
    if (viewport === undefined) return
    this.scrollPx = viewport.scrollTop
    this.scrollXPx = viewport.scrollLeft
    this.isAtBottom = this.scrollPx + this.heightPx >= rows.length * this.#rowPx() - BOTTOM_PX
    this.#keepAnchor(rows)
  }

  /** After the rows, or their height, have changed and are laid out. */
  grown(rows: readonly LadderRow[], isLive: boolean): void {
    const rowPx = this.#rowPx()
    if (this.isAtBottom && isLive) {
      this.#scrollTo(rows.length * rowPx)
    } else if (this.#anchor !== undefined && this.scrollPx > 0) {
      const { key, part } = this.#anchor
      const index = rows.findIndex((row) => row.key === key)
      if (index >= 0) this.#scrollTo((index + part) * rowPx)
    }
    this.#keepAnchor(rows)
  }

  show(index: number): void {
    this.#scrollTo(scrollToRow(index, this.scrollPx, this.heightPx, this.#rowPx()))
  }

  #keepAnchor(rows: readonly LadderRow[]): void {
    const rowPx = this.#rowPx()
    const index = Math.floor(this.scrollPx / rowPx)
    const key = rows[index]?.key
    this.#anchor = key === undefined ? undefined : { key, part: this.scrollPx / rowPx - index }
  }

  #scrollTo(scrollPx: number): void {
    const viewport = this.#viewport()
    if (viewport === undefined || Math.abs(scrollPx - this.scrollPx) < 1) return
    viewport.scrollTop = scrollPx
    this.scrollPx = viewport.scrollTop
  }
}
