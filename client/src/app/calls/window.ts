/** A part of a list of equally high rows. */
export interface RowRange {
  readonly first: number
  readonly count: number
}

/**
 * The rows that are on the screen, and some around them so that scrolling finds them there.
 *
 * @param heightPx of the part that is seen
 */
export function visibleRows(scrollPx: number, heightPx: number, rowPx: number, total: number, around = 8): RowRange {
  const top = Math.max(0, Math.floor(scrollPx / rowPx) - around)
  const first = Math.min(top, Math.max(0, total - 1))
  const end = Math.ceil((Math.max(0, scrollPx) + heightPx) / rowPx) + around
  return { first, count: Math.max(0, end - first) }
}

/** Where to scroll so that a row is wholly seen, as near as possible to where it was. */
export function scrollToRow(index: number, scrollPx: number, heightPx: number, rowPx: number): number {
  const topPx = index * rowPx
  if (topPx < scrollPx) return topPx
  return Math.max(scrollPx, topPx + rowPx - heightPx)
}
