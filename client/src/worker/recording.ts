import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { selectRows } from '@hepscope/shared/event/select.ts'

export interface RecordingLimits {
  readonly events: number
  readonly bytes: number
}

/** About what a browser tab can hold beside everything else. */
export const RECORDING_LIMITS: RecordingLimits = { events: 500_000, bytes: 400 * 1024 * 1024 }

/** Events of a file or of the store, in blocks whose order is that of their first events, within bounds. */
export class Recording {
  /** Events that did not fit. */
  leftOutCount = 0
  events = 0
  bytes = 0
  /** Times of the first and the last event, microseconds since 1970; 0 while there is none. */
  fromUs = 0
  toUs = 0
  readonly #limits: RecordingLimits
  readonly #blocks: EventBlock[] = []

  constructor(limits: RecordingLimits = RECORDING_LIMITS) {
    this.#limits = limits
  }

  /** True when nothing more fits. */
  get isFull(): boolean {
    return this.events >= this.#limits.events || this.bytes >= this.#limits.bytes
  }

  get blocks(): readonly EventBlock[] {
    return this.#blocks
  }

  /** Take in a block, unless there is no room any more. */
  add(block: EventBlock): void {
    if (this.isFull) {
      this.leftOutCount += block.count
      return
    }
    this.#blocks.push(block)
    this.events += block.count
    this.bytes += block.bytes.byteLength
    this.fromUs = this.fromUs === 0 ? block.minTsUs : Math.min(this.fromUs, block.minTsUs)
    this.toUs = Math.max(this.toUs, block.maxTsUs)
  }
}

/** The rows of a block that are after one moment and not after another; undefined if there are none. */
export function rowsBetween(block: EventBlock, afterUs: number, toUs: number): EventBlock | undefined {
  if (block.minTsUs > afterUs && block.maxTsUs <= toUs) return block
  const rows: number[] = []
  for (let row = 0; row < block.count; row++) {
    const tsUs = block.tsUs[row] ?? 0
    if (tsUs > afterUs && tsUs <= toUs) rows.push(row)
  }
  return rows.length === 0 ? undefined : selectRows(block, rows, true)
}
