import { isSip } from '../label.ts'
import type { MessageRow } from '../row.ts'
import { deltaText, gapText, laneLines, type LadderPicture, rowText } from './picture.ts'

const LEAST_GAP = 26
const MOST_GAP = 60
const TIME_CHARS = 15

/**
 * A ladder as plain text, one line a message:
 *
 *     14:03:06.840119 +0.000000  |----- INVITE (SDP) ------>|
 *
 * Answers have a dotted line, repeats a doubled head.
 */
export function textLadder(picture: LadderPicture): string {
  const { scene, title, date, clock, view } = picture
  const { lanes, rows } = scene
  const deltas = rows.map((row) => deltaText(row, rows[0], view))
  const deltaChars = Math.max(0, ...deltas.map((delta) => delta.length))
  const gutter = ' '.repeat(TIME_CHARS + (deltaChars === 0 ? 0 : deltaChars + 1) + 2)
  const gap = gapOf(picture)
  const lines = [`${title} (${date})`.trim(), '']
  for (const part of [0, 1] as const) {
    const heads = lanes.map((lane) => centre(laneLines(lane)[part], gap))
    // The lane stands in the middle of its column.
    lines.push((gutter + heads.join('')).trimEnd())
  }
  for (const [index, row] of rows.entries()) {
    const delta = deltaChars === 0 ? '' : ` ${(deltas[index] ?? '').padStart(deltaChars)}`
    const time = `${clock(row.tsUs).padEnd(TIME_CHARS)}${delta}  `
    if (row.kind === 'gap') lines.push(`${time}${centre(`~~~ ${gapText(row)} ~~~`, gap * Math.max(1, lanes.length))}`)
    else lines.push((time + arrowLine(row, lanes.length, gap)).trimEnd())
  }
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}

/** Columns wide enough for the longest label between neighbours, within reason. */
function gapOf({ scene }: LadderPicture): number {
  let most = LEAST_GAP
  for (const lane of scene.lanes) for (const text of laneLines(lane)) most = Math.max(most, text.length + 2)
  for (const row of scene.rows) {
    if (row.kind !== 'message') continue
    const span = Math.max(1, Math.abs(row.toLane - row.fromLane))
    most = Math.max(most, Math.ceil((plain(rowText(row)).length + 8) / span))
  }
  return Math.min(MOST_GAP, most)
}

function arrowLine(row: MessageRow, laneCount: number, gap: number): string {
  const chars = Array.from({ length: laneCount * gap }, () => ' ')
  const at = (lane: number): number => lane * gap + Math.floor(gap / 2)
  for (let lane = 0; lane < laneCount; lane++) chars[at(lane)] = '|'
  const text = plain(rowText(row))
  if (row.isSelf) {
    write(chars, at(row.fromLane) + 1, `<--. ${text}`)
    return chars.join('')
  }
  const [left, right] = [at(Math.min(row.fromLane, row.toLane)), at(Math.max(row.fromLane, row.toLane))]
  const isRight = row.toLane > row.fromLane
  const isDotted = row.message.statusCode !== 0 || !isSip(row.message)
  for (let i = left + 1; i < right; i++) chars[i] = isDotted ? '.' : '-'
  const head = row.retransmission > 0 ? 2 : 1
  write(chars, isRight ? right - head : left + 1, (isRight ? '>' : '<').repeat(head))
  if (row.fold !== undefined) write(chars, isRight ? left + 1 : right - 1, isRight ? '<' : '>')
  const room = right - left - 7
  const label = text.length > room ? `${text.slice(0, Math.max(0, room - 1))}…` : text
  write(chars, left + 1 + Math.floor((right - left - 1 - label.length - 2) / 2), ` ${label} `)
  return chars.join('')
}

function write(chars: string[], at: number, text: string): void {
  for (let i = 0; i < text.length; i++) chars[at + i] = text.charAt(i)
}

function centre(text: string, width: number): string {
  const cut = text.length > width - 1 ? `${text.slice(0, width - 2)}…` : text
  const before = Math.max(0, Math.floor((width - cut.length) / 2))
  return `${' '.repeat(before)}${cut}`.padEnd(width)
}

/** Without what would break a line of text. */
function plain(text: string): string {
  // eslint-disable-next-line no-control-regex -- they are what is taken out
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ')
}
