export interface ChartColors {
  readonly line: string
  readonly area: string
  readonly bars: string
}

export interface ChartSeries {
  /** Drawn as a line over an area, scaled to its own greatest. */
  readonly line: readonly number[]
  /** Drawn as bars from the bottom, scaled to their own greatest. */
  readonly bars: readonly number[]
}

const TOP_PX = 16
const BARS_SHARE = 0.4

/** Draw both series over the whole width; the newest is at the right. */
export function drawRateChart(
  context: CanvasRenderingContext2D,
  series: ChartSeries,
  colors: ChartColors,
  widthPx: number,
  heightPx: number,
): void {
  context.clearRect(0, 0, widthPx, heightPx)
  drawBars(context, series.bars, colors.bars, widthPx, heightPx)
  const { line } = series
  const most = Math.max(1, ...line)
  const stepPx = widthPx / Math.max(1, line.length - 1)
  const y = (value: number): number => heightPx - 1 - (value / most) * (heightPx - TOP_PX)
  context.beginPath()
  line.forEach((value, i) => (i === 0 ? context.moveTo(0, y(value)) : context.lineTo(i * stepPx, y(value))))
  context.strokeStyle = colors.line
  context.lineWidth = 1.5
  context.lineJoin = 'round'
  context.stroke()
  context.lineTo(widthPx, heightPx)
  context.lineTo(0, heightPx)
  context.closePath()
  context.fillStyle = colors.area
  context.fill()
}

function drawBars(
  context: CanvasRenderingContext2D,
  values: readonly number[],
  color: string,
  widthPx: number,
  heightPx: number,
): void {
  const most = Math.max(1, ...values)
  const stepPx = widthPx / Math.max(1, values.length)
  context.fillStyle = color
  values.forEach((value, i) => {
    if (value === 0) return
    const barPx = Math.max(2, (value / most) * (heightPx - TOP_PX) * BARS_SHARE)
    context.fillRect(i * stepPx, heightPx - barPx, Math.max(1.5, stepPx - 1), barPx)
  })
}
