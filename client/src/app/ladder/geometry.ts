/** Where things are across a ladder, in pixels from its left edge. */
export interface LadderGeometry {
  /** Width of the columns before the first lane. */
  readonly gutterPx: number
  readonly laneGapPx: number
  /** Of everything; more than what was available if the lanes need it. */
  readonly widthPx: number
  /** Digits of the second in the time column; 0 shows no hours and minutes either. */
  readonly timeStyle: 'micros' | 'millis' | 'seconds'
  readonly hasDelta: boolean
}

const LEAST_GAP_PX = 102
const LEAST_NARROW_GAP_PX = 92
const MOST_GAP_PX = 260
/** Below this the time column is short. */
const WIDE_PX = 700
const NARROW_PX = 480
const GUTTER_PX = { micros: 192, millis: 166, seconds: 62 } as const

/** Lay lanes out evenly over what is available, but never closer than labels need. */
export function ladderGeometry(laneCount: number, availablePx: number): LadderGeometry {
  const timeStyle = availablePx >= WIDE_PX ? 'micros' : availablePx >= NARROW_PX ? 'millis' : 'seconds'
  const gutterPx = GUTTER_PX[timeStyle]
  const leastPx = timeStyle === 'seconds' ? LEAST_NARROW_GAP_PX : LEAST_GAP_PX
  const evenPx = Math.floor((availablePx - gutterPx) / Math.max(1, laneCount))
  const laneGapPx = Math.max(leastPx, Math.min(MOST_GAP_PX, evenPx))
  return {
    gutterPx,
    laneGapPx,
    widthPx: Math.max(availablePx, gutterPx + laneGapPx * laneCount),
    timeStyle,
    hasDelta: timeStyle !== 'seconds',
  }
}

/** Where a lane's line is. */
export function laneX(geometry: LadderGeometry, lane: number): number {
  return geometry.gutterPx + geometry.laneGapPx * (lane + 0.5)
}

export interface ArrowShape {
  /** SVG path of the line, from the sender to the head. */
  readonly line: string
  /** SVG path of the head, or of both for a repeat. */
  readonly head: string
  /** Box for the label. */
  readonly labelLeftPx: number
  readonly labelWidthPx: number
}

const HEAD_PX = 9
const HEAD_HALF_PX = 4.5
const HOOK_PX = 34

/**
 * Shape of one arrow.
 *
 * @param yPx of the line in its row
 * @param isRepeat draws the head twice
 */
export function arrowShape(
  geometry: LadderGeometry,
  from: number,
  to: number,
  laneCount: number,
  yPx: number,
  isRepeat: boolean,
): ArrowShape {
  if (from === to) return hookShape(geometry, from, from === laneCount - 1 && laneCount > 1, yPx, isRepeat)
  const fromPx = laneX(geometry, from)
  const toPx = laneX(geometry, to)
  const direction = Math.sign(toPx - fromPx)
  const heads = headPath(toPx, yPx, direction) + (isRepeat ? headPath(toPx - direction * HEAD_PX, yPx, direction) : '')
  return {
    line: `M${fromPx} ${yPx}H${toPx - direction * (HEAD_PX - 1)}`,
    head: heads,
    labelLeftPx: Math.min(fromPx, toPx) + 6,
    labelWidthPx: Math.abs(toPx - fromPx) - 12,
  }
}

/** Sent to itself: out to the right and back, on the last lane to the left. */
function hookShape(
  geometry: LadderGeometry,
  lane: number,
  isLeft: boolean,
  yPx: number,
  isRepeat: boolean,
): ArrowShape {
  const x = laneX(geometry, lane)
  const side = isLeft ? -1 : 1
  const out = x + side * HOOK_PX
  const topPx = yPx - 9
  const head = headPath(x, yPx, -side) + (isRepeat ? headPath(x + side * HEAD_PX, yPx, -side) : '')
  const width = geometry.laneGapPx - HOOK_PX - 8
  return {
    line: `M${x} ${topPx}H${out}V${yPx}H${x + side * (HEAD_PX - 1)}`,
    head,
    labelLeftPx: isLeft ? out - 4 - width : out + 4,
    labelWidthPx: width,
  }
}

function headPath(x: number, y: number, direction: number): string {
  return `M${x} ${y}l${-direction * HEAD_PX} ${-HEAD_HALF_PX}v${2 * HEAD_HALF_PX}z`
}
