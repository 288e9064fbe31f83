import type { HotBlock } from './hot-blocks.ts'
import type { TableName } from './schema.ts'
import type { Segment } from './segment.ts'

/** What a generation has in one of its tables. */
export interface HotTable {
  readonly table: TableName
  /** Name in DuckDB; different in each generation. */
  readonly sqlName: string
  rows: number
  minTsUs: number
  maxTsUs: number
}

/** A run of events of one node, both ends included. */
export interface EventRange {
  readonly node: string
  readonly epoch: number
  readonly firstSeq: number
  lastSeq: number
}

/**
 * The rows of a whole number of log segments, in hot tables of their own: the unit of sealing.
 *
 * Only the newest takes rows. So sealing reads tables that do not change, and deletes segments that no other
 * generation needs.
 */
export class Generation {
  readonly id: number
  readonly tables = new Map<TableName, HotTable>()
  readonly segments: Segment[] = []
  readonly ranges: EventRange[] = []
  /** What its rows are read from. */
  readonly blocks: HotBlock[] = []
  rows = 0
  /** Clock at the first row, ms; undefined while it is empty. */
  startedMs: number | undefined
  /** Searches that read its tables now. */
  readers = 0
  /** Set when its rows are in sealed files. */
  isSealed = false

  constructor(id: number) {
    this.id = id
  }

  get segmentBytes(): number {
    return this.segments.reduce((bytes, segment) => bytes + segment.bytes, 0)
  }

  /** Name in DuckDB of the hot table behind `table`. */
  sqlNameOf(table: TableName): string {
    return `hot_${this.id}_${table}`
  }

  addRange({ node, epoch, firstSeq, lastSeq }: EventRange): void {
    const last = this.ranges.at(-1)
    if (last?.node === node && last.epoch === epoch) last.lastSeq = lastSeq
    else this.ranges.push({ node, epoch, firstSeq, lastSeq })
  }
}
