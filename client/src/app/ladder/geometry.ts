/** Where things are across a ladder, in pixels from its left edge. */
export interface LadderGeometry {
  /** Width of the columns before the first lane. */
  readonly gutterPx: number
  readonly laneGapPx: number
  /** Of everything; more than what was available if the lanes need it. */
  readonly widthPx: number
  /** Digits of the second in the time column; `seconds` shows no hours and minutes either. */
  readonly timeStyle: 'micros' | 'millis' | 'seconds'
  readonly rowPx: number
  /** Of the arrow's line in its row. */
  readonly lineYPx: number
  /** So many lanes at the left stay on the screen, */
  readonly stickyCount: number
  /** by so far as it was scrolled to the right; 0 if none stays. */
  readonly scrollXPx: number
}

/** What decides on places beside the lanes. */
interface GeometryChoice {
  readonly isCompact?: boolean
  readonly pinnedCount?: number
  /** How far it was scrolled to the right. */
  readonly scrollXPx?: number
}

const LEAST_GAP_PX = 102
const LEAST_NARROW_GAP_PX = 92
const MOST_GAP_PX = 300
/** Below this the time column is short. */
const WIDE_PX = 700
const NARROW_PX = 480
const GUTTER_PX = { micros: 192, millis: 166, seconds: 62 } as const
const ROW = { rowPx: 34, lineYPx: 25 }
const COMPACT_ROW = { rowPx: 22, lineYPx: 16 }

/** Lay lanes out evenly over what is available, but never closer than labels need. */
export function ladderGeometry(
  laneCount: number,
  availablePx: number,
  { isCompact = false, pinnedCount = 0, scrollXPx = 0 }: GeometryChoice = {},
): LadderGeometry {
  const timeStyle = availablePx >= WIDE_PX ? 'micros' : availablePx >= NARROW_PX ? 'millis' : 'seconds'
  const gutterPx = GUTTER_PX[timeStyle]
  const leastPx = timeStyle === 'seconds' ? LEAST_NARROW_GAP_PX : LEAST_GAP_PX
  const evenPx = Math.floor((availablePx - gutterPx) / Math.max(1, laneCount))
  const laneGapPx = Math.max(leastPx, Math.min(MOST_GAP_PX, evenPx))
  // Others need room beside them.
  const stickyCount = Math.max(0, Math.min(pinnedCount, Math.floor((availablePx - gutterPx) / 2 / laneGapPx)))
  return {
    gutterPx,
    laneGapPx,
    widthPx: Math.max(availablePx, gutterPx + laneGapPx * laneCount),
    timeStyle,
    ...(isCompact ? COMPACT_ROW : ROW),
    stickyCount,
    scrollXPx: stickyCount === 0 ? 0 : Math.max(0, scrollXPx),
  }
}

/** Where the middle of a lane's head is; heads of others go below those that stay. */
export function headX({ gutterPx, laneGapPx, stickyCount, scrollXPx }: LadderGeometry, lane: number): number {
  return gutterPx + laneGapPx * (lane + 0.5) + (lane < stickyCount ? scrollXPx : 0)
}

/** Where a lane's line is. Those that were scrolled away are all at the edge of those that stay. */
export function laneX(geometry: LadderGeometry, lane: number): number {
  const x = headX(geometry, lane)
  return lane < geometry.stickyCount || geometry.scrollXPx === 0 ? x : Math.max(x, stickyEndPx(geometry))
}

function stickyEndPx({ gutterPx, laneGapPx, stickyCount, scrollXPx }: LadderGeometry): number {
  return scrollXPx + gutterPx + laneGapPx * stickyCount
}

/** Index of the lane whose place is at `xPx`, from 0 to `laneCount - 1`. */
export function laneAt(geometry: LadderGeometry, laneCount: number, xPx: number): number {
  const ownPx = xPx < stickyEndPx(geometry) ? xPx - geometry.scrollXPx : xPx
  const place = Math.floor((ownPx - geometry.gutterPx) / geometry.laneGapPx)
  return Math.max(0, Math.min(laneCount - 1, place))
}

export interface ArrowShape {
  /** SVG path of the line, from the sender to the head. */
  readonly line: string
  /** SVG path of a second line beside it, for a repeat; `''` for none. */
  readonly echo: string
  /** SVG path of the head, or of both for a repeat. */
  readonly head: string
  /** Head at the sender, for what also came back; `''` for none. */
  readonly tail: string
  /** Box for the label. */
  readonly labelLeftPx: number
  readonly labelWidthPx: number
}

/** Of one arrow. */
export interface ArrowPlace {
  /** Indexes of lanes. */
  readonly from: number
  readonly to: number
  readonly laneCount: number
  /** Draws the head and the line twice. */
  readonly isRepeat: boolean
  /** Draws a head at the sender, too. */
  readonly isRoundTrip: boolean
  /** Draws the head as an angle instead of filled. */
  readonly hasOpenHead: boolean
}

const HEAD_PX = 9
const HEAD_HALF_PX = 4.5
const HOOK_PX = 34
/** Room that a label gets even where the arrow is shorter. */
const LABEL_PX = 230
const LABEL_MARGIN_PX = 4
const ECHO_PX = 3

/** Shape of one arrow in its row. */
export function arrowShape(geometry: LadderGeometry, place: ArrowPlace): ArrowShape {
  if (place.from === place.to) return hookShape(geometry, place)
  const { lineYPx: y } = geometry
  const fromPx = laneX(geometry, place.from)
  const toPx = laneX(geometry, place.to)
  const direction = Math.sign(place.to - place.from)
  const endPx = toPx - direction * (place.hasOpenHead ? 1 : HEAD_PX - 1)
  const beginPx = place.isRoundTrip ? fromPx + direction * (HEAD_PX - 1) : fromPx
  return {
    line: `M${beginPx} ${y}H${endPx}`,
    echo: place.isRepeat ? `M${beginPx} ${y + ECHO_PX}H${toPx - direction * 2 * HEAD_PX}` : '',
    head: heads(place, toPx, y, direction),
    tail: place.isRoundTrip ? headPath(fromPx, y, -direction, false) : '',
    ...labelBox(geometry, (fromPx + toPx) / 2, Math.abs(toPx - fromPx) - 12),
  }
}

/** A row has one arrow, so a label may be wider than a short one: around its middle, and inside of the ladder. */
function labelBox(
  { gutterPx, widthPx, scrollXPx }: LadderGeometry,
  middlePx: number,
  arrowPx: number,
): Pick<ArrowShape, 'labelLeftPx' | 'labelWidthPx'> {
  const reachPx = Math.min(middlePx - gutterPx - scrollXPx, widthPx - middlePx) - LABEL_MARGIN_PX
  const labelWidthPx = Math.max(arrowPx, Math.min(LABEL_PX, 2 * reachPx))
  return { labelLeftPx: middlePx - labelWidthPx / 2, labelWidthPx }
}

/** Sent to itself: out to the right and back, on the last lane to the left. */
function hookShape(geometry: LadderGeometry, place: ArrowPlace): ArrowShape {
  const { from: lane, laneCount } = place
  const isLeft = lane === laneCount - 1 && laneCount > 1
  const x = laneX(geometry, lane)
  const side = isLeft ? -1 : 1
  const out = x + side * HOOK_PX
  const y = geometry.lineYPx
  const topPx = y - 9
  const width = geometry.laneGapPx - HOOK_PX - 8
  return {
    line: `M${x} ${topPx}H${out}V${y}H${x + side * (place.hasOpenHead ? 1 : HEAD_PX - 1)}`,
    echo: place.isRepeat ? `M${out - side * ECHO_PX} ${topPx + ECHO_PX}V${y - ECHO_PX}` : '',
    head: heads(place, x, y, -side),
    tail: place.isRoundTrip ? headPath(x, topPx, -side, false) : '',
    labelLeftPx: isLeft ? out - 4 - width : out + 4,
    labelWidthPx: width,
  }
}

function heads({ isRepeat, hasOpenHead }: ArrowPlace, x: number, y: number, direction: number): string {
  const second = isRepeat ? headPath(x - direction * HEAD_PX, y, direction, hasOpenHead) : ''
  return headPath(x, y, direction, hasOpenHead) + second
}

function headPath(x: number, y: number, direction: number, isOpen: boolean): string {
  if (!isOpen) return `M${x} ${y}l${-direction * HEAD_PX} ${-HEAD_HALF_PX}v${2 * HEAD_HALF_PX}z`
  const back = x - direction * HEAD_PX
  return `M${back} ${y - HEAD_HALF_PX}L${x} ${y}L${back} ${y + HEAD_HALF_PX}`
}
