import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { openDatabase } from './database.ts'
import { nodeFiles, type StoreFiles } from './files.ts'
import { type LakeStore, openLakeStore } from './lake/lake-store.ts'
import { type Layout, layoutOf } from './layout.ts'
import { type StoreSettings, settingsOf, type StoreOptions } from './options.ts'
import { recover, type Recovered, withSegments } from './recovery.ts'
import type { StoreFault } from './stats.ts'
import { Troubles } from './troubles.ts'

/** The world outside an engine; tests put their own. */
export interface EngineWorld {
  readonly files?: StoreFiles
  /** Clock, ms since 1970. */
  readonly now?: () => number
  /** Told of what goes wrong and is handled; not of each repetition. */
  readonly onFault?: (fault: StoreFault) => void
  /** Stands between sealing to a lake and DuckDB. */
  readonly sealConnection?: (connection: DuckDBConnection) => DuckDBConnection
}

/** Connections to the database, each for one who uses it. */
export interface EngineConnections {
  readonly insert: DuckDBConnection
  readonly seal: DuckDBConnection
  readonly merge: DuckDBConnection
  readonly drop: DuckDBConnection
  /** Copies rows for SQL. */
  readonly copy: DuckDBConnection
  readonly writeCalls: DuckDBConnection
  readonly readCalls: DuckDBConnection
  /** One for each search that may run at the same time. */
  readonly searches: readonly DuckDBConnection[]
}

/** What an engine is made of before it begins. */
export interface EngineParts {
  readonly settings: StoreSettings
  readonly files: StoreFiles
  readonly now: () => number
  readonly troubles: Troubles
  readonly layout: Layout
  readonly recovered: Recovered
  readonly lakeStore: LakeStore | undefined
  readonly database: DuckDBInstance
  readonly connections: EngineConnections
}

/**
 * Open a data directory, finish or undo what a sealing had begun, and start DuckDB.
 *
 * @throws if the directory cannot be used, DuckDB does not start, or it lacks an extension for the lake
 */
export async function openParts(options: StoreOptions, world: EngineWorld): Promise<EngineParts> {
  const settings = settingsOf(options)
  const { files = nodeFiles, now = Date.now, onFault = () => undefined } = world
  const layout = layoutOf(settings.dataDir)
  const recovered = recover(files, layout)
  const database = await openDatabase({ ...settings, temporaryDirectory: layout.temporary })
  const connections = await connect(database, settings.searches)
  const troubles = new Troubles(now, onFault)
  const parts = { settings, files, now, troubles, layout, database, connections }
  if (settings.lake === undefined) return { ...parts, recovered, lakeStore: undefined }
  const { store: lakeStore, sealedSegments } = await openLakeStore(settings.lake, {
    ...settings,
    ...world,
    logDirectory: layout.log,
    files,
    now,
    connect: () => database.connect(),
    onFault: (error) => troubles.begin('lake', 'lake', error),
    onWell: () => troubles.end('lake'),
  })
  return { ...parts, recovered: withSegments(recovered, sealedSegments), lakeStore }
}

/** All connections of an engine. */
export function allConnections({ searches, ...others }: EngineConnections): readonly DuckDBConnection[] {
  return [...Object.values(others), ...searches]
}

async function connect(database: DuckDBInstance, searchCount: number): Promise<EngineConnections> {
  const searches: DuckDBConnection[] = []
  while (searches.length < searchCount) searches.push(await database.connect())
  return {
    insert: await database.connect(),
    seal: await database.connect(),
    merge: await database.connect(),
    drop: await database.connect(),
    copy: await database.connect(),
    writeCalls: await database.connect(),
    readCalls: await database.connect(),
    searches,
  }
}
