import { setImmediate } from 'node:timers/promises'
import type { Question } from './question.ts'
import { comparePlaces, type RowReader } from './row-reader.ts'

/** Rows that are handed on in one go; between them everything else has its turn. */
const PAGE_ROWS = 256

export interface Merged {
  readonly count: number
  /** There is a row more than the answer may have. */
  readonly hasMore: boolean
}

/**
 * Bring the rows of several places into one order, each row once, as far as the answer may have them.
 *
 * A place that is behind is waited for, for its rows may come first. Rows of equal place come newest version first, else
 * in the order of the readers.
 *
 * @param onRows gets JSON texts as soon as nothing can come before them
 */
export async function mergeRows(
  readers: readonly RowReader[],
  question: Question,
  onRows: (rows: readonly string[]) => void,
): Promise<Merged> {
  await advanceAll(readers.filter(({ source }) => !source.isAskedLast))
  await advanceAll(readers.filter(({ source }) => source.isAskedLast))
  let page: string[] = []
  const handOn = (): void => {
    if (page.length > 0) onRows(page)
    page = []
  }
  const merged = { count: 0, hasMore: false }
  let place: readonly number[] | undefined
  /** Rows of that place. */
  const seen = new Set<string>()
  for (let reader = firstOf(readers, question); reader !== undefined; reader = firstOf(readers, question)) {
    const { head } = reader
    if (head === undefined) break
    if (place === undefined || comparePlaces(question, place, head.place) !== 0) seen.clear()
    place = head.place
    if (!seen.has(head.identity)) {
      if (merged.count === question.limit) {
        merged.hasMore = true
        break
      }
      seen.add(head.identity)
      page.push(head.text)
      merged.count++
      reader.takenCount++
    }
    if (page.length === PAGE_ROWS) {
      handOn()
      await setImmediate()
    }
    if (reader.isReady) reader.step()
    else {
      handOn()
      await reader.advance()
    }
  }
  handOn()
  return merged
}

async function advanceAll(readers: readonly RowReader[]): Promise<void> {
  await Promise.all(readers.map((reader) => reader.advance()))
}

function firstOf(readers: readonly RowReader[], question: Question): RowReader | undefined {
  let first: RowReader | undefined
  for (const reader of readers) {
    if (reader.head === undefined) continue
    if (first?.head === undefined) first = reader
    else {
      const order = comparePlaces(question, first.head.place, reader.head.place)
      if (order > 0 || (order === 0 && reader.head.version > first.head.version)) first = reader
    }
  }
  return first
}
