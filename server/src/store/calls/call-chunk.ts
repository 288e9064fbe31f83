import duckdb from '@duckdb/node-bindings'
import { BIGINT, BOOLEAN, DuckDBDataChunk, type DuckDBType, TIMESTAMP, UINTEGER, UUID, VARCHAR } from '@duckdb/node-api'
import type { StoredType } from '../column.ts'
import { hashNode, writeEventUuid } from '../event-uuid.ts'
import { TextVector } from '../text-vector.ts'
import type { CallCell, CallRow } from './call-row.ts'
import type { CallName } from './call-sight.ts'
import { CellText } from './cell-text.ts'
import { CALL_COLUMNS, type CallColumn, hotTypeOf } from './columns.ts'

const TYPES: Readonly<Record<string, DuckDBType>> = { UUID, TIMESTAMP, BIGINT, UINTEGER, VARCHAR, BOOLEAN }

const COLUMN_TYPES = CALL_COLUMNS.map(({ type }) => TYPES[hotTypeOf(type)] ?? VARCHAR)

/** Rows of a chunk, at most 2,048. Filling one holds the thread for some milliseconds. */
export const CHUNK_ROWS = 512

const TWO_POW_32 = 0x100000000
/** DuckDB keeps UUIDs as signed numbers that sort as their texts do. */
const UUID_SIGN = 0x80000000

/**
 * Fills chunks with the columns of the hot table of calls, a column at a time: handing DuckDB one value after the other
 * takes four times as long.
 */
export class CallChunks {
  readonly #texts = new TextVector()
  readonly #cell = new CellText()
  /** One column of numbers, of up to four words each; and a bit for each row that has one. */
  readonly #words = new Uint32Array(CHUNK_ROWS * 4)
  readonly #bytes = new Uint8Array(this.#words.buffer)
  readonly #valid = new Uint8Array(CHUNK_ROWS / 8)
  readonly #uuid = new Uint32Array(4)
  #node = ''
  #nodeHash = hashNode('')

  /**
   * A chunk with some rows. Each time a new one, because a chunk's vectors keep the length that they had first.
   *
   * @param rows at most `CHUNK_ROWS`
   */
  fill(rows: readonly CallRow[]): DuckDBDataChunk {
    const chunk = DuckDBDataChunk.create(COLUMN_TYPES, rows.length)
    CALL_COLUMNS.forEach(({ name, type }, at) => {
      this.#fillColumn(duckdb.data_chunk_get_vector(chunk.chunk, at), rows, name, type)
    })
    return chunk
  }

  #fillColumn(vector: duckdb.Vector, rows: readonly CallRow[], name: CallColumn, type: StoredType): void {
    const valid = this.#valid.fill(0xff)
    let hasGaps = false
    for (let i = 0; i < rows.length; i++) {
      const cell = rows[i]?.[name]
      if (cell === undefined) {
        hasGaps = true
        valid[i >> 3] = (valid[i >> 3] ?? 0) & ~(1 << (i & 7))
      }
      this.#setCell(i, type, cell)
    }
    const bytesPerRow = BYTES[type]
    if (bytesPerRow === undefined) this.#texts.moveTo(vector, rows.length)
    else duckdb.copy_data_to_vector(vector, 0, this.#words.buffer, 0, rows.length * bytesPerRow)
    if (!hasGaps) return
    duckdb.vector_ensure_validity_writable(vector)
    duckdb.copy_data_to_vector_validity(vector, 0, valid.buffer, 0, valid.length)
  }

  #setCell(i: number, type: StoredType, cell: CallCell): void {
    switch (type) {
      case 'UUID':
        if (typeof cell === 'object' && 'seq' in cell) this.#setUuid(i, cell)
        break
      case 'TIMESTAMP':
      case 'BIGINT': {
        const value = typeof cell === 'number' ? cell : 0
        const high = Math.floor(value / TWO_POW_32)
        this.#words[2 * i] = value - high * TWO_POW_32
        this.#words[2 * i + 1] = high
        break
      }
      case 'UINTEGER':
        this.#words[i] = Number(cell)
        break
      case 'BOOLEAN':
        this.#bytes[i] = cell === true ? 1 : 0
        break
      default:
        if (typeof cell === 'object' && Array.isArray(cell)) this.#cell.setList(cell as readonly (string | number)[])
        else this.#cell.setText(typeof cell === 'string' ? cell : '')
        this.#texts.set(i, this.#cell.source, 0, this.#cell.length)
    }
  }

  #setUuid(i: number, { node, epoch, seq }: CallName): void {
    if (node !== this.#node) {
      this.#node = node
      this.#nodeHash = hashNode(node)
    }
    writeEventUuid(this.#uuid, 0, this.#nodeHash, epoch, seq)
    const [first = 0, second = 0, third = 0, fourth = 0] = this.#uuid
    this.#words[4 * i] = fourth
    this.#words[4 * i + 1] = third
    this.#words[4 * i + 2] = second
    this.#words[4 * i + 3] = first ^ UUID_SIGN
  }
}

/** Bytes of a value; undefined for texts. */
const BYTES: Readonly<Partial<Record<StoredType, number>>> = {
  UUID: 16,
  TIMESTAMP: 8,
  BIGINT: 8,
  UINTEGER: 4,
  BOOLEAN: 1,
}
