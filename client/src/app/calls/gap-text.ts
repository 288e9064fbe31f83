import type { GapNotice } from '../../worker/protocol.ts'
import { formatPlural } from '../format/number.ts'
import { formatClock, type Zone, zoneName } from '../format/time.ts'

/** What is missing where, in words. */
export function gapText(gap: GapNotice, zone: Zone): string {
  const from = formatClock(gap.fromUs, zone, 1).slice(0, 8)
  const to = formatClock(gap.toUs, zone, 1).slice(0, 8)
  const when = `${from === to ? from : `${from} to ${to}`} ${zoneName(zone, gap.toUs)}`
  const missing = `${formatPlural(gap.count, 'event')} not received`
  if (!gap.isRestart) return `${missing} · node ${gap.node} · ${when}`
  return `node ${gap.node} restarted: nothing captured meanwhile${gap.count > 0 ? `, then ${missing}` : ''} · ${when}`
}
