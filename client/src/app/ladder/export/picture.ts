import type { LadderView } from '../ladder-view.ts'
import { laneHead } from '../lane-title.ts'
import type { Lane, LadderRow, MessageRow } from '../row.ts'
import type { Scene } from '../scene.ts'

/** A ladder to be written to a file: all of it, whatever part of it is on a screen. */
export interface LadderPicture {
  readonly title: string
  readonly scene: Scene
  readonly view: LadderView
  /** Time of day of an event, with microseconds. */
  readonly clock: (tsUs: number) => string
  /** Date and zone of the times, e.g. `2026-11-22 UTC`. */
  readonly date: string
}

/** Label of a row with everything that stands beside it on the screen, in words. */
export function rowText(row: MessageRow): string {
  const { label, retransmission, copies, fold, arm, hint, message, copyAfterUs } = row
  const parts = [label]
  if (arm !== undefined && message.statusCode === 0 && message.method === 'INVITE') {
    parts.push(`[branch ${arm.number}/${arm.count} ${arm.outcome}]`)
  }
  if (retransmission > 0) parts.push(`[repeat ${retransmission}]`)
  if (fold !== undefined) parts.push(`[${fold.count} messages${lengthText(fold.lengthUs)}]`)
  if (copies.length > 0) parts.push(`[seen ${copies.length + 1} times]`)
  if (copyAfterUs !== undefined) parts.push(`[${(copyAfterUs / 1000).toFixed(3)} ms later]`)
  if (hint !== undefined && hint.text !== '') parts.push(hint.text)
  return parts.join(' ')
}

function lengthText(lengthUs: number | undefined): string {
  return lengthUs === undefined ? '' : ` in ${(lengthUs / 1_000_000).toFixed(3)} s`
}

/** What a gap row says. */
export function gapText(row: Extract<LadderRow, { kind: 'gap' }>): string {
  if (row.count === 0) return 'capture was interrupted here'
  return `${row.count} ${row.count === 1 ? 'event' : 'events'} of all calls not received`
}

/** Both lines on top of a lane. */
export function laneLines(lane: Lane): readonly [string, string] {
  const { name, address } = laneHead(lane)
  const leg = lane.leg === '' ? '' : `${lane.leg} `
  return [leg + name, address]
}

/** Seconds since the row before, or since the first row. */
export function deltaText(row: LadderRow, first: LadderRow | undefined, view: LadderView): string {
  if (view.time === 'clock') return ''
  const us = view.time === 'previous' ? row.deltaUs : row.tsUs - (first?.tsUs ?? row.tsUs)
  return row.kind === 'gap' ? '' : `+${(us / 1_000_000).toFixed(6)}`
}
