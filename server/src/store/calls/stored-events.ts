import { setImmediate } from 'node:timers/promises'
import type { DuckDBConnection } from '@duckdb/node-api'
import { BlockWriter } from '@hepscope/shared/event/writer.ts'
import { encodeHep, HepEncodeError } from '@hepscope/shared/hep/encode.ts'
import { Parameters } from '../parameters.ts'
import { columnsOf, isEventTable, kindOf, protoOf, type TableName } from '../schema.ts'
import type { CallName } from './call-sight.ts'
import type { EarlierEvent } from './call-model.ts'

/** Events that are read back in one go. */
const MAX_EVENTS = 20_000

const COLUMNS = [
  ...['node', 'epoch', 'seq', 'protocol', 'node_id', 'cid', 'agent_name', 'payload', 'payload_raw'],
  ...['src_ip', 'src_port', 'dst_ip', 'dst_port', 'timestamp'],
].join(', ')

interface StoredEvent {
  readonly node: string
  readonly epoch: number
  readonly seq: number
  readonly ts_us: number
  readonly proto_type: number
  readonly protocol: number
  readonly node_id: string
  readonly cid: string
  readonly agent_name: string
  readonly payload: string
  /** Base64. */
  readonly raw: string | null
  readonly src_ip: string
  readonly src_port: number
  readonly dst_ip: string
  readonly dst_port: number
}

/** Sealed files of events. */
export interface EventSource {
  readonly files: readonly { readonly table: TableName; readonly path: string }[]
  /** Whose events are wanted, where the files have those of others too. */
  readonly nodes?: readonly string[]
}

/**
 * Read the events of some calls out of sealed files, as they were when they came.
 *
 * @param callIds their own Call-ID or correlation id is one of these
 * @returns in the order of each node, at most 20,000; the blocks are made for the purpose, so `seq` is in the names alone
 * @throws DuckDB's error
 */
export async function readEvents(
  connection: DuckDBConnection,
  sources: readonly EventSource[],
  callIds: readonly string[],
): Promise<EarlierEvent[]> {
  const parameters = new Parameters()
  const ids = parameters.texts(callIds)
  const parts: string[] = []
  for (const { files, nodes } of sources) {
    const ofNodes = nodes === undefined ? '' : ` AND node IN (${parameters.texts(nodes)})`
    for (const table of new Set(files.map((file) => file.table))) {
      if (!isEventTable(table)) continue
      const paths = parameters.list(files.filter((file) => file.table === table).map(({ path }) => path))
      const from = `read_parquet(${paths}, union_by_name = true, hive_partitioning = false)`
      const link = columnsOf(kindOf(table)).some(({ name }) => name === 'from_host') ? 'session_id' : 'cid'
      parts.push(`SELECT ${COLUMNS}, ${protoOf(table)} AS proto_type FROM ${from} WHERE ${link} IN (${ids})${ofNodes}`)
    }
  }
  if (parts.length === 0) return []
  const { sql, values, types } = parameters.statement(`
    SELECT CAST(to_json(event) AS VARCHAR) FROM (
      SELECT * EXCLUDE (timestamp, payload_raw), epoch_us(timestamp) AS ts_us, to_base64(payload_raw) AS raw
      FROM (${parts.join(' UNION ALL ')}) ORDER BY node, epoch, seq LIMIT ${MAX_EVENTS}
    ) event`)
  const result = await connection.run(sql, values, types)
  const rows: StoredEvent[] = []
  for (let i = 0; i < result.chunkCount; i++) {
    for (const [json] of result.getChunk(i).getRows()) rows.push(JSON.parse(String(json)) as StoredEvent)
    await setImmediate()
  }
  return eventsOf(rows)
}

function eventsOf(rows: readonly StoredEvent[]): EarlierEvent[] {
  const events: EarlierEvent[] = []
  let names: CallName[] = []
  let writer: BlockWriter | undefined
  let source: StoredEvent | undefined
  const seal = (): void => {
    const block = writer?.seal(0)
    if (block !== undefined) names.forEach((name, row) => events.push({ block, row, name }))
    names = []
  }
  for (const row of rows) {
    const packet = hepOf(row)
    if (packet === undefined) continue
    if (row.node !== source?.node || row.epoch !== source.epoch || writer?.isFull === true) {
      seal()
      if (row.node !== source?.node || row.epoch !== source.epoch) writer = undefined
      source = row
    }
    writer ??= new BlockWriter({ node: row.node, epoch: row.epoch })
    if (writer.append(packet, row.ts_us) !== undefined) continue
    names.push({ node: row.node, epoch: row.epoch, seq: row.seq, tsUs: row.ts_us })
  }
  seal()
  return events
}

function hepOf(row: StoredEvent): Uint8Array | undefined {
  try {
    return encodeHep({
      version: 3,
      ipProtocol: row.protocol,
      ...(row.src_ip !== '' && { srcIp: row.src_ip, dstIp: row.dst_ip }),
      srcPort: row.src_port,
      dstPort: row.dst_port,
      tsUs: row.ts_us,
      protocolType: row.proto_type,
      agentId: Number(row.node_id),
      ...(row.cid !== '' && { correlationId: row.cid }),
      ...(row.agent_name !== '' && { agentName: row.agent_name }),
      payload: row.raw === null ? Buffer.from(row.payload) : Buffer.from(row.raw, 'base64'),
    })
  } catch (error) {
    // A packet of almost 64 KiB may not fit once more, with its fields as chunks.
    if (error instanceof HepEncodeError) return undefined
    throw error
  }
}
