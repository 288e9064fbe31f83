import { formatPlural } from '../format/number.ts'
import type { Live } from '../calls/live.svelte.ts'
import { saveFile } from '../ladder/export/save.ts'
import { privacy } from '../privacy/privacy.svelte.ts'
import { callCsv } from './call-csv.ts'
import { exportName, type FormatWords, listName } from './formats.ts'
import { exportFromServer, MAX_EXPORT_CALLS } from './server-export.ts'

/** What an export came to, in words. */
export interface ExportResult {
  readonly ok: boolean
  readonly text: string
}

const PRIVATE_TEXT =
  'privacy is on, so files are made in this page, and it has no message of these calls in memory; the server has them'

/** Most calls of one list. */
const MAX_ROWS = 100_000

/** Calls that somebody has chosen: marked, or else open; Call-IDs of all their legs. */
export interface ChosenCalls {
  readonly callCount: number
  readonly callIds: readonly string[]
}

export function chosenCalls(live: Live): ChosenCalls {
  const rows = live.marks.size > 0 ? [...live.marks.values()] : (live.ladder?.calls ?? [])
  const callIds =
    rows.length > 0 ? rows.flatMap((row) => row.legs.map((id) => privacy.realCallId(id))) : (live.ladder?.callIds ?? [])
  return { callCount: rows.length > 0 ? rows.length : Math.min(1, callIds.length), callIds: [...new Set(callIds)] }
}

/** Save the list as it is filtered and ordered. */
export async function saveList(live: Live): Promise<ExportResult> {
  const rows = await live.feed.askRows(MAX_ROWS)
  if (rows.length === 0) return { ok: false, text: 'the list has no call' }
  const name = listName(Date.now())
  saveFile(name, new Blob([callCsv(rows)], { type: 'text/csv' }))
  return { ok: true, text: `${name}: ${formatPlural(rows.length, 'call')}` }
}

/**
 * Save the messages of calls.
 *
 * @param isStored the server has them; else this page
 */
export async function saveCalls(
  live: Live,
  { callIds, callCount }: ChosenCalls,
  { format, extension, type }: FormatWords,
  isStored: boolean,
): Promise<ExportResult> {
  if (format === 'sipp' && callCount > 1) return { ok: false, text: 'a SIPp scenario is made of one call; choose one' }
  const wanted = format === 'sipp' ? callIds.slice(0, 1) : callIds
  const { masker } = privacy
  const name = exportName(masker === undefined ? wanted : wanted.map((id) => masker.callId(id)), extension)
  // The server's files have everything as it was.
  if (!isStored || masker !== undefined) {
    const made = await live.feed.askExport(wanted, format)
    if (made.fault !== '') {
      const isElsewhere = isStored && made.messageCount === 0
      return { ok: false, text: isElsewhere ? PRIVATE_TEXT : made.fault }
    }
    saveFile(name, new Blob([made.bytes], { type }))
    return { ok: true, text: savedText(name, made.messageCount, made.skippedCount, made.withoutPayload) }
  }
  const made = await exportFromServer(wanted, format, AbortSignal.timeout(120_000))
  if (!made.ok) return { ok: false, text: made.message }
  saveFile(name, new Blob([made.content], { type }))
  const remarks = [
    ...(made.hasMore ? ['there are more messages than one file takes'] : []),
    ...(wanted.length > MAX_EXPORT_CALLS ? [`only of the first ${MAX_EXPORT_CALLS} Call-IDs`] : []),
    ...(made.missingNodes.length > 0 ? [`without those of ${made.missingNodes.join(', ')}, which did not answer`] : []),
  ]
  return { ok: true, text: [savedText(name, made.messageCount, made.skippedCount, 0), ...remarks].join('; ') }
}

function savedText(name: string, messages: number, skipped: number, withoutPayload: number): string {
  const parts = [`${name}: ${formatPlural(messages - skipped - withoutPayload, 'message')}`]
  if (skipped > 0) parts.push(`${skipped} that this format cannot hold are left out`)
  if (withoutPayload > 0) parts.push(`${withoutPayload} came without payload and are left out`)
  return parts.join(', ')
}
