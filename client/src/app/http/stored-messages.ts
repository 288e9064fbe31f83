import { fromStoredRow } from '../ladder/from-stored-row.ts'
import type { LadderMessage } from '../ladder/message.ts'
import { isRecord, listOf, request } from './request.ts'

/** Most Call-IDs of one question. */
const MAX_CALL_IDS = 50

export type StoredMessages =
  | { readonly kind: 'found'; readonly messages: readonly LadderMessage[] }
  /** The server keeps nothing. */
  | { readonly kind: 'off' }
  | { readonly kind: 'failed'; readonly message: string }

/**
 * Stored events of some calls and of what belongs to them, oldest first.
 *
 * @param range milliseconds since 1970; undefined searches everything
 */
export async function getStoredMessages(
  callIds: readonly string[],
  range: { readonly fromMs: number; readonly toMs: number } | undefined,
  signal: AbortSignal,
): Promise<StoredMessages> {
  const messages: LadderMessage[] = []
  for (let at = 0; at < callIds.length; at += MAX_CALL_IDS) {
    const answer = await request(
      'POST',
      '/api/v4/transactions/messages',
      {
        session_ids: callIds.slice(at, at + MAX_CALL_IDS),
        // RTCP, logs and legs that name these Call-IDs, too.
        with_related: true,
        ...(range !== undefined && { timestamp: { from: range.fromMs, to: range.toMs } }),
      },
      signal,
    )
    if (answer.kind === 'unreachable') return { kind: 'failed', message: 'the server does not answer' }
    if (answer.kind === 'refused') {
      return answer.status === 503 ? { kind: 'off' } : { kind: 'failed', message: answer.detail }
    }
    for (const row of listOf(answer.data, 'items')) if (isRecord(row)) messages.push(fromStoredRow(row))
  }
  return { kind: 'found', messages }
}
