import type { Column, ColumnId } from './columns.ts'

/** A chosen column; with a width it has that one and does not grow. */
export interface ChosenColumn {
  readonly column: Column
  readonly widthPx: number | undefined
}

/** Limits of a width that is set by hand. */
export const MIN_WIDTH_PX = 36
export const MAX_WIDTH_PX = 600

/** Of the usual columns, those that leave first where room is scarce. */
const FIRST_TO_LEAVE: readonly ColumnId[] = ['route', 'setup', 'messages']

/** Behind the last column, for the button that opens the choice. */
const END_PX = 16

/** Least width of columns together. */
export function leastWidthPx(chosen: readonly ChosenColumn[]): number {
  return chosen.reduce((sum, { column, widthPx }) => sum + (widthPx ?? column.minPx), END_PX)
}

/** Those of the usual columns that have room. A choice of somebody's own stays whole and scrolls sideways. */
export function fitColumns(chosen: readonly ChosenColumn[], widthPx: number): readonly ChosenColumn[] {
  let fitting = chosen
  for (const id of FIRST_TO_LEAVE) {
    if (leastWidthPx(fitting) <= widthPx) break
    fitting = fitting.filter(({ column }) => column.id !== id)
  }
  return fitting
}

/** As `grid-template-columns`, with some room at the end. If none grows, the last one does, so that a line is never short. */
export function gridTemplate(chosen: readonly ChosenColumn[]): string {
  const grows = chosen.some(({ column, widthPx }) => widthPx === undefined && column.grow > 0)
  return chosen
    .map(({ column, widthPx }, i) => {
      const least = `${widthPx ?? column.minPx}px`
      const grow = widthPx === undefined ? column.grow : 0
      if (grow > 0) return `minmax(${least}, ${grow}fr)`
      return !grows && i === chosen.length - 1 ? `minmax(${least}, 1fr)` : least
    })
    .concat(`${END_PX}px`)
    .join(' ')
}
