import { numberOf, textOf } from '../app/http/request.ts'
import { metaRemarks, type SearchEnd, type StoredRow, streamRows } from '../app/http/row-stream.ts'
import { storedBlocks } from './stored-blocks.ts'
import type { EventBlock } from '@hepscope/shared/event/block.ts'

const SEARCH = '/api/v4/transactions/search'
/** Rows of one question. The answer is newest first, so the next asks for what is older. */
const PAGE_ROWS = 10_000
/** Most events of a range; what is older is left out, and said. */
const MAX_EVENTS = 200_000

export interface StoredRange {
  /** Oldest first. */
  readonly blocks: readonly EventBlock[]
  readonly remarks: readonly string[]
  /** Milliseconds since 1970 before which nothing was read, though there is more; undefined if all was. */
  readonly cutMs: number | undefined
}

/**
 * Every stored SIP event between two moments, without payloads.
 *
 * @param onProgress part of the range that is read, 0 to 1
 * @returns undefined if it was called off
 */
export async function readStoredRange(
  fromMs: number,
  toMs: number,
  signal: AbortSignal,
  onProgress: (share: number) => void,
): Promise<StoredRange | { readonly fault: string } | undefined> {
  const pages: EventBlock[][] = []
  const remarks = new Set<string>()
  let count = 0
  let endMs = toMs
  let edge = new Set<string>()
  for (;;) {
    const rows: StoredRow[] = []
    const end = await ask(fromMs, endMs, signal, (more) => {
      for (const row of more) if (!edge.has(keyOf(row))) rows.push(row)
      onProgress(1 - (msOf(more.at(-1)) - fromMs) / Math.max(1, toMs - fromMs))
    })
    if (end.kind === 'cancelled') return undefined
    if (end.kind === 'failed') return { fault: end.message }
    for (const remark of metaRemarks(end.meta)) remarks.add(remark)
    count += rows.length
    rows.sort((a, b) => numberOf(a, 'ts_us') - numberOf(b, 'ts_us') || numberOf(a, 'seq') - numberOf(b, 'seq'))
    pages.push([...storedBlocks(rows)])
    const oldestMs = msOf(rows[0])
    const isThrough = !end.meta.hasMore || rows.length === 0
    if (isThrough || count >= MAX_EVENTS) {
      return { blocks: pages.reverse().flat(), remarks: [...remarks], cutMs: isThrough ? undefined : oldestMs }
    }
    // Events of the same millisecond may stand on both pages, or fill one.
    const isStuck = oldestMs >= endMs
    endMs = isStuck ? oldestMs - 1 : oldestMs
    edge = new Set(rows.filter((row) => msOf(row) === endMs).map(keyOf))
  }
}

function ask(
  from: number,
  to: number,
  signal: AbortSignal,
  onRows: (rows: readonly StoredRow[]) => void,
): Promise<SearchEnd> {
  const body = {
    filter: { proto_type: 1, event_type: 'all' },
    param: { limit: PAGE_ROWS },
    timestamp: { from, to },
    with_payload: false,
  }
  return streamRows(SEARCH, body, signal, onRows)
}

function msOf(row: StoredRow | undefined): number {
  return Math.floor(numberOf(row, 'ts_us') / 1000)
}

function keyOf(row: StoredRow): string {
  return `${textOf(row, 'node')}:${numberOf(row, 'epoch')}:${numberOf(row, 'seq')}`
}
