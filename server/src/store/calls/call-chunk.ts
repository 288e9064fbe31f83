import {
  BIGINT,
  BOOLEAN,
  DuckDBDataChunk,
  DuckDBTimestampValue,
  type DuckDBType,
  DuckDBUUIDValue,
  type DuckDBValue,
  TIMESTAMP,
  UINTEGER,
  UUID,
  VARCHAR,
} from '@duckdb/node-api'
import type { CallRow } from './call-row.ts'
import { CALL_COLUMNS, hotTypeOf } from './columns.ts'

type Cell = CallRow[keyof CallRow]

const TYPES: Readonly<Record<string, DuckDBType>> = { UUID, TIMESTAMP, BIGINT, UINTEGER, VARCHAR, BOOLEAN }

const COLUMN_TYPES = CALL_COLUMNS.map(({ type }) => TYPES[hotTypeOf(type)] ?? VARCHAR)

/** Rows of a chunk, at most 2,048. Filling one holds the thread for some milliseconds. */
export const CHUNK_ROWS = 512

/**
 * A DuckDB chunk with the columns of the hot table of calls. Each time a new one, because a chunk's vectors keep the
 * length that they had first.
 *
 * @param rows at most `CHUNK_ROWS`
 */
export function callChunk(rows: readonly CallRow[]): DuckDBDataChunk {
  const chunk = DuckDBDataChunk.create(COLUMN_TYPES, rows.length)
  CALL_COLUMNS.forEach(({ name, type }, at) => {
    const convert = CONVERT[type]
    chunk.setColumnValues(
      at,
      rows.map((row) => {
        const cell = row[name]
        return cell === null || convert === undefined ? cell : convert(cell)
      }),
    )
  })
  return chunk
}

const CONVERT: Readonly<Record<string, (cell: Cell) => DuckDBValue>> = {
  UUID: (cell) => DuckDBUUIDValue.fromUint128(BigInt(`0x${String(cell).replaceAll('-', '')}`)),
  TIMESTAMP: (cell) => new DuckDBTimestampValue(BigInt(Number(cell))),
  BIGINT: (cell) => BigInt(Number(cell)),
}
