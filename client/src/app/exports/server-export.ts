import type { ExportFormat } from '../../worker/call-export.ts'
import { memberOf, textOf } from '../http/request.ts'
import { hepFile } from './hep-file.ts'

/** A file, or why there is none. */
export type ServerExport =
  | {
      readonly ok: true
      readonly content: Blob
      readonly messageCount: number
      readonly skippedCount: number
      /** There are more messages than one file takes. */
      readonly hasMore: boolean
      /** Nodes that gave none of their messages. */
      readonly missingNodes: readonly string[]
    }
  | { readonly ok: false; readonly message: string }

/** As many as the server takes in one question. */
export const MAX_EXPORT_CALLS = 50

/** The stored messages of some calls, by any of their Call-IDs, as a file. */
export async function exportFromServer(
  callIds: readonly string[],
  format: ExportFormat,
  signal: AbortSignal,
): Promise<ServerExport> {
  // The server has no HEP files; rows have everything that is in them.
  const path = format === 'hep' ? 'ndjson' : format
  try {
    const response = await fetch(`/api/v4/transactions/export/${path}`, {
      method: 'POST',
      signal,
      body: JSON.stringify({
        session_ids: callIds.slice(0, MAX_EXPORT_CALLS),
        ...((format === 'ndjson' || format === 'text' || format === 'hep') && { with_related: true }),
      }),
      headers: { 'content-type': 'application/json' },
    })
    if (!response.ok) return { ok: false, message: await refusalText(response) }
    const content = await response.blob()
    const number = (name: string): number => Number(response.headers.get(name) ?? 0)
    const about = {
      messageCount: number('x-hepscope-messages'),
      skippedCount: number('x-hepscope-skipped'),
      hasMore: response.headers.get('x-hepscope-more') === 'true',
      missingNodes: (response.headers.get('x-hepscope-missing-nodes') ?? '')
        .split(',')
        .filter((name) => name !== '')
        .map(decodeURIComponent),
    }
    if (format !== 'hep') return { ok: true, content, ...about }
    const file = hepFile(await content.text())
    if (file.packetCount === 0) return { ok: false, message: 'none of the messages came with its payload' }
    return { ok: true, ...about, content: new Blob(file.parts), skippedCount: about.messageCount - file.packetCount }
  } catch {
    return { ok: false, message: signal.aborted ? 'called off' : 'the server does not answer' }
  }
}

async function refusalText(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => undefined)
  return textOf(memberOf(body, 'error'), 'detail') || `${response.status} ${response.statusText}`
}
