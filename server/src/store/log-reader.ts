import { setImmediate } from 'node:timers/promises'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import type { StoreFiles } from './files.ts'
import { parseSegmentName, type Segment, SegmentReader } from './segment.ts'

/** An event of the log; its node is whoever wrote the log. */
export interface LogPosition {
  readonly epoch: number
  readonly seq: number
}

/** Which way to read from a position. */
export type LogDirection = 'after' | 'before'

export interface LogReaderOptions {
  readonly files: StoreFiles
  /** In the order of writing. */
  readonly segments: () => readonly Segment[]
  /** A segment could not be read; it counts as empty. */
  readonly onFault: (segment: Segment, error: unknown) => void
}

/** Bytes of log that are read in one go, rounded up to whole blocks. */
const CHUNK_BYTES = 1024 * 1024
/** Headers that are looked at before appends get their turn. */
const HEADERS_PER_TURN = 1024

/** Where a chunk of a segment begins, and its first event. */
interface Mark extends LogPosition {
  readonly offset: number
}

/** What is known of a segment's chunks. */
interface Marks {
  readonly list: Mark[]
  /** Up to where the segment was looked at. */
  end: number
}

/** Reads the log from any event on, forwards and backwards, a chunk at a time. */
export class LogReader {
  readonly #options: LogReaderOptions
  readonly #marks = new WeakMap<Segment, Marks>()

  constructor(options: LogReaderOptions) {
    this.#options = options
  }

  /**
   * The blocks next to a position, in the order of writing, about 1 MiB of them; the one nearest to it may reach across.
   * Empty if there are none. Never throws: what cannot be read is left out.
   */
  async read(direction: LogDirection, from: LogPosition): Promise<EventBlock[]> {
    const isAfter = direction === 'after'
    const isWanted = (block: EventBlock): boolean =>
      isAfter
        ? compare({ epoch: block.epoch, seq: block.lastSeq }, from) > 0
        : compare({ epoch: block.epoch, seq: block.seq(0) }, from) < 0
    for (const segment of this.#segmentsFrom(isAfter, from)) {
      try {
        const found = await this.#readSegment(segment, isAfter, from, isWanted)
        if (found.length > 0) return found
      } catch (error) {
        // One that was sealed meanwhile is not there any more.
        if (this.#options.segments().includes(segment)) this.#options.onFault(segment, error)
      }
    }
    return []
  }

  /** Segments in the order of reading, without those that lie wholly on the other side. */
  #segmentsFrom(isAfter: boolean, from: LogPosition): readonly Segment[] {
    const segments = [...this.#options.segments()]
    const at = segments.findLastIndex(({ name }) => {
      const parts = parseSegmentName(name)
      return parts !== undefined && compare({ epoch: parts.epoch, seq: parts.firstSeq }, from) <= 0
    })
    return isAfter ? segments.slice(Math.max(0, at)) : segments.slice(0, at + 1).reverse()
  }

  async #readSegment(
    segment: Segment,
    isAfter: boolean,
    from: LogPosition,
    isWanted: (block: EventBlock) => boolean,
  ): Promise<EventBlock[]> {
    const reader = new SegmentReader(this.#options.files, segment)
    try {
      const marks = await this.#marksOf(reader)
      const near = marks.findLastIndex((mark) => compare(mark, from) <= 0)
      const step = isAfter ? 1 : -1
      for (let i = isAfter ? Math.max(0, near) : near; marks[i] !== undefined; i += step) {
        const found = chunkAt(reader, marks[i]?.offset ?? 0, marks[i + 1]?.offset ?? segment.bytes).filter(isWanted)
        if (found.length > 0) return found
      }
      return []
    } finally {
      reader.close()
    }
  }

  async #marksOf(reader: SegmentReader): Promise<readonly Mark[]> {
    const { segment } = reader
    const marks = this.#marks.get(segment) ?? { list: [], end: 0 }
    this.#marks.set(segment, marks)
    for (let headers = 1; marks.end < segment.bytes; headers++) {
      if (headers % HEADERS_PER_TURN === 0) await setImmediate()
      const header = reader.header(marks.end)
      if (header === undefined) {
        const record = reader.read(marks.end)
        marks.end = record.ok ? record.end : (record.skipTo ?? segment.bytes)
        continue
      }
      const last = marks.list.at(-1)
      const { epoch, firstSeq, end } = header
      if (last === undefined || marks.end - last.offset >= CHUNK_BYTES) {
        marks.list.push({ offset: marks.end, epoch, seq: firstSeq })
      }
      marks.end = end
    }
    return marks.list
  }
}

function chunkAt(reader: SegmentReader, from: number, to: number): EventBlock[] {
  const blocks: EventBlock[] = []
  for (let offset = from; offset < to;) {
    const record = reader.read(offset)
    if (record.ok) blocks.push(record.block)
    offset = record.ok ? record.end : (record.skipTo ?? to)
  }
  return blocks
}

function compare(a: LogPosition, b: LogPosition): number {
  return a.epoch - b.epoch || a.seq - b.seq
}
