import type { CallRow } from '../../worker/protocol.ts'
import type { ListSnapshot } from './live-feed.svelte.ts'
import type { ListAction } from './list-keys.ts'
import type { Live } from './live.svelte.ts'
import { type RowRange, scrollToRow, visibleRows } from './window.ts'

/** The part of the list that is on the screen, and the row that keys act on. */
export class ListCursor {
  scrollPx = $state(0)
  heightPx = $state(0)
  rowPx = $state(26)
  /** Row that the cursor goes to as soon as the worker has sent it, and which way to go on from a gap. */
  #target: { readonly index: number; readonly step: 1 | -1 } | undefined
  /** What stood on top when the list was paused, to be kept where it was. */
  #anchor: { readonly key: number; readonly index: number } | undefined
  readonly #getLive: () => Live
  readonly #viewport: () => HTMLElement | undefined

  constructor(live: () => Live, viewport: () => HTMLElement | undefined) {
    this.#getLive = live
    this.#viewport = viewport
  }

  get #live(): Live {
    return this.#getLive()
  }

  /** Rows to ask the worker for. */
  get wanted(): RowRange {
    return visibleRows(this.scrollPx, this.heightPx, this.rowPx, this.#live.feed.list.total)
  }

  get pageRows(): number {
    return Math.max(1, Math.floor(this.heightPx / this.rowPx) - 1)
  }

  /** The viewport has scrolled: away from the newest rows, the list stands still. */
  scrolled(scrollPx: number): void {
    this.scrollPx = scrollPx
    if (scrollPx > 0 && this.#live.feed.list.isFollowing) this.pause()
  }

  pause(): void {
    const { list } = this.#live.feed
    if (!list.isFollowing) return
    const index = Math.floor(this.scrollPx / this.rowPx)
    const key = list.rows[index - list.first]?.key
    this.#anchor = key === undefined ? undefined : { key, index }
    this.#live.setFollowing(false)
  }

  resume(): void {
    this.#anchor = undefined
    this.#live.setFollowing(true)
    this.#scrollTo(0)
  }

  /** Move by rows, and stop following: a list that moves cannot be read by keys. */
  moveBy(rows: number): void {
    const index = this.#index()
    this.moveTo(index < 0 ? 0 : index + rows, rows < 0 ? -1 : 1)
  }

  moveTo(index: number, step: 1 | -1): void {
    this.pause()
    const last = this.#live.feed.list.total - 1
    if (last < 0) return
    this.#target = { index: Math.max(0, Math.min(last, index)), step }
    this.settle()
  }

  /** After each view of the list: what could not be done before may be possible now. */
  settle(list = this.#live.feed.list): void {
    this.#settleAnchor(list)
    const target = this.#target
    if (target === undefined) return
    const last = list.total - 1
    for (let { index } = target; index >= 0 && index <= last; index += target.step) {
      const row = list.rows[index - list.first]
      this.#scrollTo(scrollToRow(index, this.scrollPx, this.heightPx, this.rowPx))
      // Not sent yet; it will be, for it is on the screen now.
      if (row === undefined) return
      if (row.type === 'gap') continue
      this.#target = undefined
      this.#live.moveTo(row)
      return
    }
    this.#target = undefined
  }

  /** Do what a key asks for. Returns whether a ladder was opened. */
  act(action: ListAction): boolean {
    const live = this.#live
    if (typeof action === 'number') this.moveBy(action)
    else if (action === 'page-up') this.moveBy(-this.pageRows)
    else if (action === 'page-down') this.moveBy(this.pageRows)
    else if (action === 'first') this.moveTo(0, 1)
    else if (action === 'last') this.moveTo(live.feed.list.total - 1, -1)
    else if (action === 'mark' || action === 'mark-down') this.#mark(1)
    else if (action === 'mark-up') this.#mark(-1)
    else if (action === 'follow') this.#toggleFollow()
    else if (action === 'open') return this.#open()
    else if (action === 'back') this.#back()
    return false
  }

  choose(row: CallRow): void {
    this.#target = undefined
    this.#live.moveTo(row)
  }

  /** Mark the rows from the cursor to this one, as far as they are known here. */
  chooseTo(row: CallRow): void {
    const live = this.#live
    const { rows } = live.feed.list
    const from = rows.findIndex(({ key }) => key === live.cursor?.key)
    const to = rows.findIndex(({ key }) => key === row.key)
    const span = from < 0 ? [row] : rows.slice(Math.min(from, to), Math.max(from, to) + 1)
    live.mark(span.filter((each) => each.type === 'call'))
  }

  /** Mark the row and go on to the next one. */
  #mark(step: 1 | -1): void {
    const { cursor } = this.#live
    if (cursor === undefined) return
    this.#live.toggleMark(cursor)
    this.moveBy(step)
  }

  #toggleFollow(): void {
    if (this.#live.feed.list.isFollowing) this.pause()
    else this.resume()
  }

  #back(): void {
    if (this.#live.marks.size > 0) this.#live.clearMarks()
    else this.#live.closeLadder()
  }

  /** Open what is marked, or else the row. */
  #open(): boolean {
    const { cursor, marks } = this.#live
    if (marks.size > 0) this.#live.openMarked()
    else if (cursor !== undefined) this.#live.openRow(cursor)
    else return false
    return true
  }

  #settleAnchor(list: ListSnapshot): void {
    const anchor = this.#anchor
    if (anchor === undefined || list.isFollowing) return
    this.#anchor = undefined
    const at = list.rows.findIndex((row) => row.key === anchor.key)
    if (at < 0) return
    const movedPx = (list.first + at - anchor.index) * this.rowPx
    if (movedPx !== 0 && this.scrollPx > 0) this.#scrollTo(this.scrollPx + movedPx)
  }

  #index(): number {
    const { cursor } = this.#live
    const { list } = this.#live.feed
    const at = list.rows.findIndex((row) => row.key === cursor?.key)
    return at < 0 ? list.cursorIndex : list.first + at
  }

  #scrollTo(scrollPx: number): void {
    const viewport = this.#viewport()
    if (viewport === undefined || scrollPx === this.scrollPx) return
    viewport.scrollTop = scrollPx
    this.scrollPx = viewport.scrollTop
  }
}
