import { type DuckDBConnection, LIST, listValue, VARCHAR } from '@duckdb/node-api'
import { z } from 'zod'
import type { EventRange, Generation } from '../generation.ts'
import { LAKE } from './lake-connection.ts'
import { LEDGER } from './lake-tables.ts'

/** A sealing of this store that is in the lake. */
export interface LedgerEntry {
  /** Names of the log segments whose rows it brought. */
  readonly segments: readonly string[]
  readonly ranges: readonly EventRange[]
}

const segmentsJson = z.array(z.string())
const rangesJson = z.array(
  z.object({ node: z.string(), epoch: z.number(), first_seq: z.number(), last_seq: z.number() }),
)

/**
 * Find the sealings that brought some of these segments: theirs are in the lake, whatever became of the process that
 * sealed them.
 *
 * @throws DuckDB's error if the catalog cannot be reached
 */
export async function ledgerEntries(
  connection: DuckDBConnection,
  store: string,
  segments: readonly string[],
): Promise<LedgerEntry[]> {
  if (segments.length === 0 || !(await hasLedger(connection))) return []
  const reader = await connection.runAndReadAll(
    `SELECT CAST(to_json(segments) AS VARCHAR), CAST(to_json(ranges) AS VARCHAR) FROM ${LAKE}.${LEDGER}
     WHERE store = $1 AND list_has_any(segments, $2)`,
    [store, listValue([...segments])],
    [VARCHAR, LIST(VARCHAR)],
  )
  return reader.getRows().map(([names, ranges]) => ({
    segments: segmentsJson.parse(JSON.parse(String(names))),
    ranges: rangesJson
      .parse(JSON.parse(String(ranges)))
      .map(({ node, epoch, first_seq, last_seq }) => ({ node, epoch, firstSeq: first_seq, lastSeq: last_seq })),
  }))
}

/** Names of the nodes whose events a store has brought. @throws DuckDB's error */
export async function nodesOf(connection: DuckDBConnection, store: string): Promise<string[]> {
  const reader = await connection.runAndReadAll(
    `SELECT DISTINCT range.node FROM (SELECT unnest(ranges) AS range FROM ${LAKE}.${LEDGER} WHERE store = $1)`,
    [store],
  )
  return reader.getRows().map(([node]) => String(node))
}

/** Write down, in the transaction that brings its rows, that a generation is in the lake. @throws DuckDB's error */
export async function enterLedger(
  connection: DuckDBConnection,
  store: string,
  generation: Generation,
  nowMs: number,
): Promise<void> {
  const ranges = generation.ranges.map(({ node, epoch, firstSeq, lastSeq }) => ({
    node,
    epoch,
    first_seq: firstSeq,
    last_seq: lastSeq,
  }))
  await connection.run(
    `INSERT INTO ${LAKE}.${LEDGER} (store, segments, ranges, rows, sealed) SELECT $1, $2,
     from_json(CAST($3 AS JSON), '[{"node":"VARCHAR","epoch":"BIGINT","first_seq":"BIGINT","last_seq":"BIGINT"}]'),
     ${generation.rows}, make_timestamp(${Math.round(nowMs) * 1000})`,
    [store, listValue(generation.segments.map(({ name }) => name)), JSON.stringify(ranges)],
    [VARCHAR, LIST(VARCHAR), VARCHAR],
  )
}

async function hasLedger(connection: DuckDBConnection): Promise<boolean> {
  const reader = await connection.runAndReadAll(
    `SELECT count(*) FROM duckdb_tables() WHERE database_name = '${LAKE}' AND schema_name = 'main' AND table_name = $1`,
    [LEDGER],
  )
  return Number(reader.getRows()[0]?.[0]) > 0
}
