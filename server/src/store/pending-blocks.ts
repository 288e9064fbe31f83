import type { EventBlock } from '@hepscope/shared/event/block.ts'
import type { BlockLog } from './block-log.ts'
import type { StoreFiles } from './files.ts'
import { type Segment, SegmentReader } from './segment.ts'

export interface PendingOptions {
  readonly log: BlockLog
  readonly files: StoreFiles
  /** Most bytes of blocks that are kept in memory beside the log. */
  readonly memoryBytes: number
  /** Told about a torn tail that was cut, or bytes that were skipped. */
  readonly onDamage: (segment: Segment, kind: 'torn' | 'damaged', bytes: number) => void
}

/** Blocks of one segment, in order. */
export interface Batch {
  readonly blocks: readonly EventBlock[]
  /** True if the blocks were written by an earlier run. */
  readonly isReplay: boolean
  /** True if the segment has no more: the cursor is between two segments now. */
  readonly isEnd: boolean
}

interface Recent {
  readonly segment: Segment
  readonly offset: number
  readonly end: number
  readonly block: EventBlock
}

const NOTHING: Batch = { blocks: [], isReplay: false, isEnd: false }

/**
 * What is in the log and not yet in the hot tables: a cursor into the log, and a mark at what was accepted.
 *
 * Blocks just written are also kept in memory, up to a bound; past it they are read back from disk, so that a slow
 * database costs disk and not memory.
 */
export class PendingBlocks {
  readonly #options: PendingOptions
  /** From the one that the mark is in. */
  readonly #segments: Segment[]
  #markOffset = 0
  #cursorSegment = 0
  #cursorOffset = 0
  #totalBytes: number
  #recent: Recent[] = []
  #recentBytes = 0
  #reader: SegmentReader | undefined

  /** Begins with all segments that the log has now. */
  constructor(options: PendingOptions) {
    this.#options = options
    this.#segments = [...options.log.segments]
    this.#totalBytes = this.bytes
  }

  /** Bytes of all that was ever added. */
  get totalBytes(): number {
    return this.#totalBytes
  }

  /** Bytes of the log behind the mark. */
  get bytes(): number {
    return this.#segments.reduce((bytes, segment) => bytes + segment.bytes, 0) - this.#markOffset
  }

  /** Those of them that an earlier run has written. */
  get replayBytes(): number {
    const replay = this.#segments.filter(({ isReplay }) => isReplay)
    return replay.length === 0 ? 0 : replay.reduce((bytes, segment) => bytes + segment.bytes, 0) - this.#markOffset
  }

  /** Bytes between the mark and the cursor. */
  get takenBytes(): number {
    let bytes = this.#cursorOffset - this.#markOffset
    for (let i = 0; i < this.#cursorSegment; i++) bytes += this.#segments[i]?.bytes ?? 0
    return bytes
  }

  /** True if everything was taken. */
  get isTaken(): boolean {
    const segment = this.#segments[this.#cursorSegment]
    if (segment === undefined) return true
    return this.#cursorOffset >= segment.bytes && !segment.isClosed
  }

  /** True if the cursor is not inside a segment. */
  get isBetweenSegments(): boolean {
    return this.#cursorOffset === 0
  }

  /** A block was written to the log, at `offset` of a segment. */
  add(block: EventBlock, segment: Segment, offset: number, end: number): void {
    if (this.#segments.at(-1) !== segment) this.#segments.push(segment)
    this.#totalBytes += end - offset
    if (this.#recentBytes + block.bytes.length > this.#options.memoryBytes) return
    this.#recent.push({ segment, offset, end, block })
    this.#recentBytes += block.bytes.length
  }

  /**
   * Take the next blocks, all of one segment, and move the cursor behind them.
   *
   * @param maxRows no further block is added once there are so many rows
   * @throws if the file system fails; the cursor is then where it was before the block that failed
   */
  take(maxRows: number): Batch {
    const segment = this.#segments[this.#cursorSegment]
    if (segment === undefined) return NOTHING
    const blocks: EventBlock[] = []
    let rows = 0
    while (rows < maxRows && this.#cursorOffset < segment.bytes) {
      const block = this.#next(segment)
      if (block === undefined) continue
      blocks.push(block)
      rows += block.count
    }
    const isEnd = segment.isClosed && this.#cursorOffset >= segment.bytes
    if (isEnd) {
      this.#cursorSegment++
      this.#cursorOffset = 0
      this.#closeReader()
    }
    return { blocks, isReplay: segment.isReplay, isEnd }
  }

  /** What was taken is in the tables: move the mark to the cursor. Returns the segments that were left behind. */
  accept(): Segment[] {
    const left = this.#segments.splice(0, this.#cursorSegment)
    this.#cursorSegment = 0
    this.#markOffset = this.#cursorOffset
    return left
  }

  /** What was taken is not in the tables: move the cursor back to the mark. */
  rewind(): void {
    this.#cursorSegment = 0
    this.#cursorOffset = this.#markOffset
    this.#closeReader()
  }

  /** Move the cursor behind a segment whose next bytes the disk does not give. The file is kept when its rows are sealed. */
  skipSegment(): void {
    const { log, onDamage } = this.#options
    const segment = this.#segments[this.#cursorSegment]
    if (segment === undefined) return
    if (!segment.isClosed) log.roll()
    const bytes = segment.bytes - this.#cursorOffset
    segment.damagedBytes += bytes
    onDamage(segment, 'damaged', bytes)
    this.#cursorSegment++
    this.#cursorOffset = 0
    this.#closeReader()
  }

  close(): void {
    this.#closeReader()
  }

  #next(segment: Segment): EventBlock | undefined {
    const recent = this.#nextRecent(segment)
    if (recent?.segment === segment && recent.offset === this.#cursorOffset) {
      this.#cursorOffset = recent.end
      return recent.block
    }
    this.#reader ??= new SegmentReader(this.#options.files, segment)
    const record = this.#reader.read(this.#cursorOffset)
    if (record.ok) {
      this.#cursorOffset = record.end
      return record.block
    }
    this.#skip(segment, record.skipTo)
    return undefined
  }

  /** The oldest block in memory that is not before the cursor. */
  #nextRecent(segment: Segment): Recent | undefined {
    for (;;) {
      const recent = this.#recent[0]
      if (recent === undefined) return undefined
      const at = recent.segment === segment ? this.#cursorSegment : this.#segments.indexOf(recent.segment)
      if (at > this.#cursorSegment || (at === this.#cursorSegment && recent.offset >= this.#cursorOffset)) return recent
      this.#recent.shift()
      this.#recentBytes -= recent.block.bytes.length
    }
  }

  #skip(segment: Segment, to: number | undefined): void {
    const { log, onDamage } = this.#options
    if (to === undefined && segment.isReplay) {
      onDamage(segment, 'torn', log.cut(segment, this.#cursorOffset))
      return
    }
    const end = to ?? segment.bytes
    segment.damagedBytes += end - this.#cursorOffset
    onDamage(segment, 'damaged', end - this.#cursorOffset)
    this.#cursorOffset = end
  }

  #closeReader(): void {
    this.#reader?.close()
    this.#reader = undefined
  }
}
