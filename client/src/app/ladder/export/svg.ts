import { arrowStyleOf, type Colour, colourOf } from '../colour.ts'
import { arrowShape, type LadderGeometry, laneX } from '../geometry.ts'
import type { Bracket, LadderRow, MessageRow } from '../row.ts'
import { deltaText, gapText, laneLines, type LadderPicture, rowText } from './picture.ts'
import { svgStyle, type SvgTheme } from './svg-style.ts'

/** Size of what was drawn, in pixels. */
export interface LadderSvg {
  readonly text: string
  readonly widthPx: number
  readonly heightPx: number
}

const HEAD_PX = 78
const ROW_PX = 34
const LINE_Y_PX = 25
const GUTTER_PX = 214
const LANE_GAP_PX = 210
const MARGIN_PX = 14
/** Of the label's font; what is longer than its arrow is cut and stands whole in a tooltip. */
const CHAR_PX = 6.3

/**
 * A ladder as an SVG document that needs nothing else: fonts of the system, colours of its own.
 *
 * @param theme `auto` follows the reader's system
 */
export function ladderSvg(picture: LadderPicture, theme: SvgTheme): LadderSvg {
  const { scene, title, date } = picture
  const { lanes, rows } = scene
  const widthPx = GUTTER_PX + LANE_GAP_PX * Math.max(1, lanes.length)
  const heightPx = HEAD_PX + ROW_PX * rows.length + MARGIN_PX
  const geometry: LadderGeometry = {
    gutterPx: GUTTER_PX,
    laneGapPx: LANE_GAP_PX,
    widthPx,
    timeStyle: 'micros',
    rowPx: ROW_PX,
    lineYPx: LINE_Y_PX,
    stickyCount: 0,
    scrollXPx: 0,
  }
  const heads = lanes.map((lane, index) => {
    const x = laneX(geometry, index)
    const [name, address] = laneLines(lane)
    return (
      `<text class="name" x="${x}" y="48">${escapeXml(cut(name, LANE_GAP_PX))}</text>` +
      `<text class="address" x="${x}" y="63">${escapeXml(cut(address, LANE_GAP_PX))}</text>` +
      `<line class="lane" x1="${x}" y1="${HEAD_PX - 6}" x2="${x}" y2="${heightPx - MARGIN_PX / 2}"/>`
    )
  })
  const body = rows.map((row, index) => rowSvg(row, index, picture, geometry))
  const text =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}" ` +
    `viewBox="0 0 ${widthPx} ${heightPx}" role="img" aria-label="${escapeXml(`Ladder: ${title}`)}">` +
    `<style>${svgStyle(theme)}</style>` +
    `<rect class="ground" width="${widthPx}" height="${heightPx}"/>` +
    `<text class="title" x="${MARGIN_PX}" y="22">${escapeXml(title)}</text>` +
    `<text class="delta" x="${MARGIN_PX}" y="63" text-anchor="start">${escapeXml(date)}</text>` +
    heads.join('') +
    body.join('') +
    scene.brackets.map((bracket) => bracketSvg(bracket, geometry)).join('') +
    '</svg>\n'
  return { text, widthPx, heightPx }
}

function rowSvg(row: LadderRow, index: number, picture: LadderPicture, geometry: LadderGeometry): string {
  const top = HEAD_PX + index * ROW_PX
  const time =
    `<text class="time" x="${MARGIN_PX}" y="${top + LINE_Y_PX + 1}">${escapeXml(picture.clock(row.tsUs))}</text>` +
    `<text class="delta" x="${GUTTER_PX - 16}" y="${top + LINE_Y_PX + 1}">` +
    `${escapeXml(deltaText(row, picture.scene.rows[0], picture.view))}</text>`
  if (row.kind === 'message') return time + arrowSvg(row, top, picture, geometry)
  const x = (GUTTER_PX + geometry.widthPx) / 2
  const width = geometry.widthPx - GUTTER_PX
  return (
    `${time}<rect class="gap" x="${GUTTER_PX}" y="${top + 4}" width="${width}" height="${ROW_PX - 8}"/>` +
    `<text class="gap-text" x="${x}" y="${top + 21}">▨ ${escapeXml(gapText(row))}</text>`
  )
}

function arrowSvg(row: MessageRow, top: number, { scene, view }: LadderPicture, geometry: LadderGeometry): string {
  const style = arrowStyleOf(row)
  const shape = arrowShape(geometry, {
    from: row.fromLane,
    to: row.toLane,
    laneCount: scene.lanes.length,
    isRepeat: row.retransmission > 0,
    isRoundTrip: row.fold !== undefined,
    hasOpenHead: style === 'response',
  })
  const colour: Colour = colourOf(row, view.colour)
  const label = rowText(row)
  const leg = scene.legs.length > 1 && row.leg !== '' ? `${row.leg} ` : ''
  const x = shape.labelLeftPx + shape.labelWidthPx / 2
  return (
    `<g class="${style} c-${colour}" transform="translate(0 ${top})"><title>${escapeXml(label)}</title>` +
    `<path class="shaft" d="${shape.line}"/>` +
    (shape.echo === '' ? '' : `<path class="shaft echo" d="${shape.echo}"/>`) +
    `<path class="head" d="${shape.head}"/>` +
    (shape.tail === '' ? '' : `<path class="tail" d="${shape.tail}"/>`) +
    `<text class="label" x="${x}" y="17">${escapeXml(cut(leg + label, shape.labelWidthPx))}</text></g>`
  )
}

function bracketSvg({ lane, rows }: Bracket, geometry: LadderGeometry): string {
  const x = laneX(geometry, lane) - 7
  const ys = rows.map((row) => HEAD_PX + row * ROW_PX + LINE_Y_PX)
  return `<path class="fork" d="M${x} ${ys[0] ?? 0}V${ys.at(-1) ?? 0}${ys.map((y) => `M${x} ${y}h6`).join('')}"/>`
}

function cut(text: string, widthPx: number): string {
  const most = Math.max(3, Math.floor(widthPx / CHAR_PX))
  if (text.length <= most) return text
  // Half of a character of two units is no character.
  return `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`
}

/** Text for content and for attributes in double quotes, without characters that XML 1.0 forbids. */
export function escapeXml(text: string): string {
  return (
    text
      // eslint-disable-next-line no-control-regex -- XML has no way to write them
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd')
      .replace(/&/g, '&amp;')
      .replace(/</g, '&lt;')
      .replace(/>/g, '&gt;')
      .replace(/"/g, '&quot;')
  )
}
