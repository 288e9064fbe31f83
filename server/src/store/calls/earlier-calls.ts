import { basename, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { DuckDBConnection } from '@duckdb/node-api'
import { hashBytes } from '@hepscope/shared/bytes/hash.ts'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { TEXT } from '@hepscope/shared/event/columns.ts'
import type { Catalog, SealedUnit } from '../catalog.ts'
import type { LakeStore } from '../lake/lake-store.ts'
import type { LakeFile } from '../lake/lake-view.ts'
import type { SealedFile } from '../manifest.ts'
import { Parameters } from '../parameters.ts'
import { CALLS_TABLE, isEventTable } from '../schema.ts'
import type { EarlierCall, EarlierEvent } from './call-model.ts'
import { type EventSource, readEvents } from './stored-events.ts'

export interface EarlierCallsOptions {
  readonly catalog: Catalog
  readonly dataDir: string
  /** Where rows are sealed to, if not to files. */
  readonly lakeStore: LakeStore | undefined
  /** Used by nothing else that runs at the same time. */
  readonly connection: DuckDBConnection
  /** Most calls that are known of. */
  readonly maxCalls: number
  readonly onFault: (error: unknown) => void
}

/** Rows of calls that are looked through at most, the newest files first. */
const MAX_ROWS_READ = 500_000
/** Calls that are read back in one go. */
const MAX_BATCH = 200
/** Files of a lake that may have events of a call that is read back; one that runs for longer stays unknown. */
const MAX_LAKE_FILES = 256
/** The row of a call may be one sealing before its last event. */
const LAKE_SLACK_US = 3_600_000_000
const LINKS = [TEXT.callId, TEXT.correlationId, TEXT.aLegId] as const

interface KnownCall extends EarlierCall {
  /** Something was still expected of it. */
  readonly isOpen: boolean
  /** Names of the sealings that have events of it. */
  readonly units: readonly string[]
  readonly lastUs: number
}

export interface TakenOut {
  readonly events: readonly EarlierEvent[]
  readonly calls: readonly EarlierCall[]
}

const NOTHING: TakenOut = { events: [], calls: [] }

/**
 * The calls that earlier runs have sealed, so that one that goes on after a restart stays one call.
 *
 * Knows their names and where their events are, and reads the events back when the first new one comes.
 */
export class EarlierCalls {
  readonly #options: EarlierCallsOptions
  readonly #byCallId = new Map<string, KnownCall>()
  /** Of the Call-IDs. */
  readonly #hashes = new Set<number>()
  /** Ours, in a lake; none: nothing is known of what is there. */
  #nodes: readonly string[] = []
  #loading: Promise<number> | undefined

  constructor(options: EarlierCallsOptions) {
    this.#options = options
  }

  /** Learn what is sealed now. @returns the largest version of a row, 0 if there is none. Never rejects */
  load(): Promise<number> {
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#options.onFault(error)
      return 0
    })
    return this.#loading
  }

  /** Take out the calls that events of the block may belong to. Never rejects: what cannot be read is not known then. */
  async takeOut(block: EventBlock): Promise<TakenOut> {
    if (this.#byCallId.size === 0) return NOTHING
    const found = new Set<KnownCall>()
    for (let row = 0; row < block.count; row++) {
      for (const column of LINKS) {
        const bytes = block.textBytes(column, row)
        if (bytes.length === 0 || !this.#hashes.has(hashBytes(bytes, 0, bytes.length))) continue
        const call = this.#byCallId.get(block.text(column, row))
        if (call !== undefined) found.add(call)
      }
    }
    return found.size === 0 ? NOTHING : this.#read([...found])
  }

  /** Take out some of the calls of which something was expected: they may have ended in silence. */
  async takeOutOpen(): Promise<TakenOut> {
    const open = new Set<KnownCall>()
    for (const call of this.#byCallId.values()) {
      if (call.isOpen) open.add(call)
      if (open.size === MAX_BATCH) break
    }
    return open.size === 0 ? NOTHING : this.#read([...open])
  }

  async #load(): Promise<number> {
    const { catalog, dataDir, connection, maxCalls } = this.#options
    const snapshot = catalog.snapshot()
    try {
      const lakeFiles = await this.#lakeAtStart()
      const sealed = newestFirst(snapshot.units).flatMap(({ readable }) => readable)
      const [inLake = [], inFiles = []] = newestCalls([[...lakeFiles].sort((a, b) => b.maxTsUs - a.maxTsUs), sealed])
      const parameters = new Parameters()
      const read = (paths: readonly string[]): string =>
        `SELECT * FROM read_parquet(${parameters.list(paths)}, union_by_name = true, hive_partitioning = false, filename = true)`
      const sources = [
        ...(inFiles.length === 0 ? [] : [read(inFiles.map((path) => join(dataDir, path)))]),
        ...(inLake.length === 0 ? [] : [`${read(inLake)} WHERE node IN (${parameters.texts(this.#nodes)})`]),
      ]
      if (sources.length === 0) return 0
      const { sql, values, types } = parameters.statement(`
        SELECT CAST(to_json(call) AS VARCHAR), version FROM (
          SELECT uuid, any_value(node) AS node, any_value(epoch) AS epoch, any_value(seq) AS seq,
            epoch_us(any_value(timestamp)) AS ts_us, max(version) AS version, arg_max(call_ids, version) AS call_ids,
            arg_max((state_class = 'wait' OR state = 'in-call') AND NOT list_contains(evidence, 'silent'), version) AS is_open,
            arg_max(joined_into IS NOT NULL, version) AS is_joined, epoch_us(max(last_time)) AS last_us, list(DISTINCT filename) AS files
          FROM (${sources.join(' UNION ALL BY NAME ')})
          GROUP BY uuid ORDER BY version DESC LIMIT ${maxCalls}
        ) call`)
      const result = await connection.run(sql, values, types)
      let newest = 0
      for (let i = 0; i < result.chunkCount; i++) {
        for (const [json, version] of result.getChunk(i).getRows()) {
          newest = Math.max(newest, Number(version))
          this.#learn(JSON.parse(String(json)) as StoredCall)
        }
        await setImmediate()
      }
      return newest
    } finally {
      snapshot.release()
    }
  }

  /** Files of the lake, if they have calls of ours; none if it cannot be reached, which is told. */
  async #lakeAtStart(): Promise<readonly LakeFile[]> {
    const { lakeStore, connection, onFault } = this.#options
    try {
      this.#nodes = (await lakeStore?.nodes(connection)) ?? []
      return this.#lakeFiles()
    } catch (error) {
      onFault(
        `calls of earlier runs that go on get a new row: ${error instanceof Error ? error.message : String(error)}`,
      )
      return []
    }
  }

  #lakeFiles(): readonly LakeFile[] {
    return this.#nodes.length === 0 ? [] : (this.#options.lakeStore?.files() ?? [])
  }

  #learn(stored: StoredCall): void {
    if (stored.is_joined) return
    const { node, epoch, seq, ts_us: tsUs, version, call_ids: callIds, is_open: isOpen, last_us: lastUs } = stored
    const units = stored.files.map((file) => basename(file, '.parquet'))
    const call = { name: { node, epoch, seq, tsUs }, version, callIds, isOpen, units, lastUs }
    for (const callId of callIds) {
      // Rows come newest first.
      if (this.#byCallId.has(callId)) continue
      this.#byCallId.set(callId, call)
      const bytes = new TextEncoder().encode(callId)
      this.#hashes.add(hashBytes(bytes, 0, bytes.length))
    }
  }

  async #read(found: readonly KnownCall[]): Promise<TakenOut> {
    const { catalog, dataDir, connection, onFault } = this.#options
    const events: EarlierEvent[] = []
    const calls: KnownCall[] = []
    const snapshot = catalog.snapshot()
    try {
      for (let at = 0; at < found.length; at += MAX_BATCH) {
        const some = found.slice(at, at + MAX_BATCH)
        for (const call of some) this.#forget(call)
        const inLake = this.#lakeFiles()
        const batch = some.filter((call) => lakeFilesOf([call], inLake).length <= MAX_LAKE_FILES)
        const files = filesOf(batch, snapshot.units).map(({ table, path }) => ({ table, path: join(dataDir, path) }))
        const sources: EventSource[] = [{ files }, { files: lakeFilesOf(batch, inLake), nodes: this.#nodes }]
        const callIds = batch.flatMap((call) => call.callIds)
        events.push(...(await readEvents(connection, sources, callIds)))
        calls.push(...batch)
      }
    } catch (error) {
      onFault(error)
    } finally {
      snapshot.release()
    }
    return { events, calls }
  }

  #forget(call: KnownCall): void {
    for (const callId of call.callIds) if (this.#byCallId.get(callId) === call) this.#byCallId.delete(callId)
  }
}

/** Sealed files that have events of some calls. */
function filesOf(calls: readonly KnownCall[], all: readonly SealedUnit[]): readonly SealedFile[] {
  const wanted = new Set(calls.flatMap((call) => call.units))
  const known = new Set(all.flatMap(({ name, manifest }) => [name, ...(manifest.replaces ?? [])]))
  const isMerged = [...wanted].some((name) => !known.has(name))
  const fromUs = Math.min(...calls.map(({ name }) => name.tsUs))
  const toUs = Math.max(...calls.map(({ lastUs }) => lastUs))
  const has = ({ name, manifest }: SealedUnit): boolean =>
    wanted.has(name) || (manifest.replaces ?? []).some((replaced) => wanted.has(replaced))
  return newestFirst(all)
    .filter((unit, i, units) => {
      const before = units[i + 1]
      // The row of a call may be one sealing before its last event.
      return isMerged || has(unit) || (before !== undefined && has(before))
    })
    .flatMap(({ readable }) => readable)
    .filter(({ minTsUs, maxTsUs }) => !isMerged || (minTsUs <= toUs && maxTsUs >= fromUs))
}

/** Files of a lake that may have events of some calls. */
function lakeFilesOf(calls: readonly KnownCall[], files: readonly LakeFile[]): LakeFile[] {
  return files.filter(
    ({ table, minTsUs, maxTsUs }) =>
      isEventTable(table) &&
      calls.some(({ name, lastUs }) => minTsUs <= lastUs + LAKE_SLACK_US && maxTsUs >= name.tsUs),
  )
}

/** Paths of the files of calls among some lists, the newest first, as far as their rows are looked through. */
function newestCalls(lists: readonly (readonly Pick<LakeFile, 'table' | 'path' | 'rows'>[])[]): string[][] {
  let rows = 0
  return lists.map((files) =>
    files.flatMap((file) => {
      if (file.table !== CALLS_TABLE || rows >= MAX_ROWS_READ) return []
      rows += file.rows
      return [file.path]
    }),
  )
}

function newestFirst(units: readonly SealedUnit[]): SealedUnit[] {
  return [...units].sort((a, b) => b.manifest.sealedMs - a.manifest.sealedMs)
}

interface StoredCall {
  readonly node: string
  readonly epoch: number
  readonly seq: number
  readonly ts_us: number
  readonly version: number
  readonly call_ids: readonly string[]
  readonly is_open: boolean
  readonly is_joined: boolean
  readonly last_us: number
  readonly files: readonly string[]
}
