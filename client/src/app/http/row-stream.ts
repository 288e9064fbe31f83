import { isRecord, listOf, memberOf, numberOf, textOf } from './request.ts'

/** A row of the store, columns by name. */
export type StoredRow = Readonly<Record<string, unknown>>

/** A node that gave no rows, or not all. */
export interface NodeTrouble {
  readonly name: string
  /** Some rows came from it. */
  readonly isPartial: boolean
  /** Why, in words of the server. */
  readonly reason: string
}

/** What an answer says about itself. */
export interface SearchMeta {
  /** There is more than was asked for. */
  readonly hasMore: boolean
  /** Rows are on disk that no search finds yet: the log is read back after a start, or rows come too fast. */
  readonly incomplete: 'replay' | 'behind' | undefined
  readonly troubles: readonly NodeTrouble[]
}

/** How a search ended. */
export type SearchEnd =
  | { readonly kind: 'ended'; readonly meta: SearchMeta }
  | { readonly kind: 'cancelled' }
  /** `at`: where the expression is wrong. The message is for people. */
  | { readonly kind: 'failed'; readonly message: string; readonly at: number | undefined }

/**
 * Ask a search route and take rows as they come, in its order. Never throws.
 *
 * @param onRows gets them in the pieces that the network brings
 */
export async function streamRows(
  path: string,
  body: unknown,
  signal: AbortSignal,
  onRows: (rows: readonly StoredRow[]) => void,
): Promise<SearchEnd> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      signal,
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', accept: 'application/x-ndjson' },
    })
    if (!response.ok || response.body === null) return await refusal(response)
    return await readLines(response.body, onRows)
  } catch {
    return signal.aborted ? { kind: 'cancelled' } : failed('the server does not answer')
  }
}

/** What a reader has to know beside the rows, in words. */
export function metaRemarks({ incomplete, troubles }: SearchMeta): string[] {
  const remarks: string[] = []
  if (incomplete === 'replay') remarks.push('the server reads back its log after a start: rows may be missing')
  if (incomplete === 'behind') remarks.push('the store is behind the traffic: the newest rows may be missing')
  for (const { name, isPartial, reason } of troubles) {
    remarks.push(
      `node ${name} ${isPartial ? 'gave only a part' : 'did not answer'}${reason === '' ? '' : `: ${reason}`}`,
    )
  }
  return remarks
}

async function readLines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onRows: (rows: readonly StoredRow[]) => void,
): Promise<SearchEnd> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  let end: SearchEnd | undefined
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const lines = (rest + next.value).split('\n')
    rest = lines.pop() ?? ''
    const rows: StoredRow[] = []
    for (const line of lines) {
      const value: unknown = line === '' ? undefined : JSON.parse(line)
      if (!isRecord(value)) continue
      if ('meta' in value) end = { kind: 'ended', meta: readMeta(value.meta) }
      else if ('error' in value) end = failed(textOf(value.error, 'detail') || 'the search ended early')
      else rows.push(value)
    }
    if (rows.length > 0) onRows(rows)
  }
  return end ?? failed('the connection broke before the search was through')
}

function readMeta(meta: unknown): SearchMeta {
  const reason = textOf(memberOf(meta, 'incomplete'), 'reason')
  const troubles = listOf(meta, 'nodes')
    .filter((node) => textOf(node, 'state') !== 'ok')
    .map((node) => ({
      name: textOf(node, 'name'),
      isPartial: textOf(node, 'state') === 'partial',
      reason: textOf(node, 'reason'),
    }))
  return {
    hasMore: memberOf(meta, 'has_more') === true,
    incomplete: reason === 'replay' || reason === 'behind' ? reason : undefined,
    troubles,
  }
}

async function refusal(response: Response): Promise<SearchEnd> {
  const body: unknown = await response.json().catch(() => undefined)
  const error = memberOf(body, 'error')
  const [first] = listOf(error, 'errors')
  const detail = textOf(error, 'detail') || `${response.status} ${response.statusText}`
  const hasPlace = memberOf(first, 'at') !== undefined
  return { kind: 'failed', message: detail, at: hasPlace ? numberOf(first, 'at') : undefined }
}

function failed(message: string): SearchEnd {
  return { kind: 'failed', message, at: undefined }
}
