import { isSip } from './label.ts'
import { mediaReportOf, type MediaReport, reportTexts } from './media-report.ts'
import type { LadderRow } from './row.ts'
import { codecOf, type SdpStory } from './sdp-story.ts'

/** What one side has reported of what it hears, over the whole call. */
export interface MediaStream {
  /** Lanes of the reporter and of the other side. */
  readonly from: number
  readonly to: number
  readonly count: number
  /** The report with the lowest score, else with the most loss. */
  readonly worstKey: string
  readonly text: string
  readonly tone: 'wait' | 'bad' | 'plain'
}

/** Sum up the media reports of a ladder's rows by who sent them to whom. */
export function mediaStreams(rows: readonly LadderRow[], story: SdpStory): MediaStream[] {
  const streams = new Map<string, { from: number; to: number; count: number; key: string; worst: MediaReport }>()
  for (const row of rows) {
    if (row.kind !== 'message' || isSip(row.message)) continue
    const report = mediaReportOf(row.message, codecOf(story, row.message))
    if (report?.lossPercent === undefined) continue
    const name = `${row.fromLane} ${row.toLane}`
    const known = streams.get(name)
    if (known === undefined) {
      streams.set(name, { from: row.fromLane, to: row.toLane, count: 1, key: row.key, worst: report })
      continue
    }
    known.count++
    if (isWorse(report, known.worst)) Object.assign(known, { key: row.key, worst: report })
  }
  return [...streams.values()].map(({ from, to, count, key, worst }) => ({
    from,
    to,
    count,
    worstKey: key,
    text: `${reportTexts(worst).join(', ')}${count > 1 ? ' at worst' : ''}`,
    tone: worst.mos === undefined || worst.mos >= 3.6 ? 'plain' : worst.mos < 3.1 ? 'bad' : 'wait',
  }))
}

function isWorse(a: MediaReport, b: MediaReport): boolean {
  if (a.mos !== undefined && b.mos !== undefined) return a.mos < b.mos
  return (a.lossPercent ?? 0) > (b.lossPercent ?? 0)
}
