import duckdb from '@duckdb/node-bindings'
import { BIGINT, DuckDBDataChunk, TIMESTAMP, UINTEGER } from '@duckdb/node-api'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { MAX_ROWS, type TextColumn } from '@hepscope/shared/event/columns.ts'
import type { HotBlock } from './hot-blocks.ts'
import { HASHED_COLUMNS } from './hot-columns.ts'
import { hashWords } from './text-hash.ts'

const TWO_POW_32 = 0x100000000

/** One DuckDB chunk with the columns that a hot table keeps (`KEPT_COLUMNS`), filled from rows of a block. Reused. */
export class HotChunk {
  readonly chunk = DuckDBDataChunk.create([BIGINT, TIMESTAMP, BIGINT, BIGINT, ...HASHED_COLUMNS.map(() => UINTEGER)])
  /** One column at a time is made here and then copied into its vector. */
  readonly #words = new Uint32Array(MAX_ROWS * 2)

  /**
   * Replace what the chunk holds.
   *
   * @param hot of `block`
   * @param rows numbers of the block's rows; the first `count` are taken
   */
  fill(block: EventBlock, hot: HotBlock, rows: Uint16Array, count: number): void {
    this.chunk.reset()
    this.chunk.rowCount = count
    this.#fillColumn(0, count, (i) => hot.firstRid + (rows[i] ?? 0))
    this.#fillColumn(1, count, (i) => block.tsUs[rows[i] ?? 0] ?? 0)
    this.#fillColumn(2, count, () => block.epoch)
    this.#fillColumn(3, count, (i) => block.seq(rows[i] ?? 0))
    for (const [i, { column }] of HASHED_COLUMNS.entries()) this.#fillHashes(4 + i, hot, column, rows, count)
  }

  #fillHashes(at: number, hot: HotBlock, column: TextColumn, rows: Uint16Array, count: number): void {
    const words = this.#words
    for (let i = 0; i < count; i++) {
      const { bytes, words: from } = hot.texts
      words[i] = hashWords(from, bytes, hot.textAt(column, rows[i] ?? 0), hot.textLength(column, rows[i] ?? 0))
    }
    const vector = duckdb.data_chunk_get_vector(this.chunk.chunk, at)
    duckdb.copy_data_to_vector(vector, 0, words.buffer, 0, count * 4)
  }

  /** @param valueOf whole numbers from 0 to 2^53 */
  #fillColumn(column: number, count: number, valueOf: (i: number) => number): void {
    const words = this.#words
    for (let i = 0; i < count; i++) {
      const value = valueOf(i)
      const high = Math.floor(value / TWO_POW_32)
      words[2 * i] = value - high * TWO_POW_32
      words[2 * i + 1] = high
    }
    const vector = duckdb.data_chunk_get_vector(this.chunk.chunk, column)
    duckdb.copy_data_to_vector(vector, 0, words.buffer, 0, count * 8)
  }
}
