import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Catalog } from '../../src/store/catalog.ts'
import { Compaction } from '../../src/store/compaction.ts'
import { openDatabase } from '../../src/store/database.ts'
import { nodeFiles, type StoreFiles } from '../../src/store/files.ts'
import { layoutOf } from '../../src/store/layout.ts'
import { recover } from '../../src/store/recovery.ts'
import { removeParquet } from '../../src/store/retention.ts'
import { Blocks, packetOf, sipText } from './blocks.ts'
import { allSeqs, engineAt, messages, newDataDir, upTo } from './data-dir.ts'
import { FaultFiles } from './fault-files.ts'

const DAY_MS = 86_400_000
const UNITS = 8
const ROWS = UNITS * 3

/** A data directory with eight sealed units of two tables, each sealed on a day of its own: so no engine merges them. */
async function sealedDirectory(): Promise<string> {
  const dataDir = newDataDir()
  const blocks = new Blocks()
  let nowMs = 1_800_000_000_000
  const engine = await engineAt(dataDir, {}, { now: () => nowMs })
  for (let i = 0; i < UNITS; i++) {
    const callId = `call-${i % 3}@example.com`
    const options = sipText({ callId, startLine: 'OPTIONS sip:x SIP/2.0', cseq: '1 OPTIONS' })
    const invite = sipText({ callId })
    engine.append(blocks.of(packetOf(invite), packetOf(invite), packetOf(options)))
    await engine.seal()
    nowMs += DAY_MS
  }
  await engine.close()
  return dataDir
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
}

describe('Compaction', () => {
  let database: DuckDBInstance
  let source: string

  beforeEach(async () => {
    source = await sealedDirectory()
    database = await openDatabase({ memoryLimit: '256MB', threads: 1, temporaryDirectory: newDataDir() })
  }, 60_000)
  afterEach(() => database.closeSync())

  /** A compaction over a copy of the directory, whose units it takes for those of one day. */
  async function compactionOf(dataDir: string, files: StoreFiles, isQuiet = () => true) {
    const layout = layoutOf(dataDir)
    const known = recover(nodeFiles, layout).manifests.map((unit) => ({
      ...unit,
      manifest: { ...unit.manifest, sealedMs: 1_800_000_000_000 },
    }))
    const catalog = new Catalog(known, {
      onGenerationUnused: () => undefined,
      onUnitUnused: (unit) => removeParquet(unit, files, layout),
    })
    const faults: string[] = []
    const connection = await database.connect()
    const compaction = new Compaction({
      catalog,
      layout,
      files,
      connection,
      isQuiet,
      onFault: (error) => faults.push(String(error)),
      now: () => 1_800_000_000_000,
    })
    return { compaction, catalog, faults, close: () => connection.closeSync() }
  }

  function copy(): string {
    const dataDir = newDataDir()
    cpSync(source, dataDir, { recursive: true })
    return dataDir
  }

  it('merges the files of a table and day into one, which has their rows in order', async () => {
    const dataDir = copy()
    const { compaction, catalog, faults, close } = await compactionOf(dataDir, nodeFiles)
    const before = catalog.units.flatMap(({ manifest }) => manifest.segments)
    await compaction.run()
    close()
    expect(faults).toEqual([])
    const [unit, ...others] = catalog.units
    expect(others).toEqual([])
    expect(unit?.manifest.segments).toEqual(before)
    const tables = unit?.manifest.files
      .map(({ table, rows }) => [table, rows])
      .filter(([table]) => table !== 'hepscope_calls')
    expect(tables?.sort()).toEqual([
      ['hep_proto_1_call', 2 * UNITS],
      ['hep_proto_1_default', UNITS],
    ])
    expect(filesBelow(join(dataDir, 'sealed')).sort()).toEqual([`${unit?.name}.ids`, `${unit?.name}.json`])
    expect(filesBelow(join(dataDir, 'parquet'))).toHaveLength(unit?.manifest.files.length ?? 0)
    const engine = await engineAt(dataDir)
    expect(await allSeqs(engine)).toEqual(upTo(ROWS))
    const rows = await messages(engine, { session_id: 'call-1@example.com' })
    expect(rows.map(({ seq }) => seq)).toEqual([4, 5, 13, 14, 22, 23])
  })

  it('leaves the old files to a search that reads them, and takes them away after it', async () => {
    const dataDir = copy()
    const { compaction, catalog, close } = await compactionOf(dataDir, nodeFiles)
    const snapshot = catalog.snapshot()
    const old = snapshot.units.flatMap(({ readable }) => readable.map(({ path }) => join(dataDir, path)))
    await compaction.run()
    expect(old.filter((path) => nodeFiles.size(path) === undefined)).toEqual([])
    snapshot.release()
    expect(old.filter((path) => nodeFiles.size(path) !== undefined)).toEqual([])
    close()
  })

  it('loses no row and stores none twice, whichever step of a merge was the last', async () => {
    let isFinished = false
    let steps = 0
    for (; !isFinished; steps++) {
      const dataDir = copy()
      const faults = new FaultFiles()
      const { compaction, close } = await compactionOf(dataDir, faults.files)
      faults.arm(steps)
      await compaction.run()
      isFinished = !faults.isDead
      close()
      const next = await engineAt(dataDir)
      expect(await allSeqs(next), `step ${steps}`).toEqual(upTo(ROWS))
      expect(filesBelow(dataDir).filter((name) => name.endsWith('.tmp'))).toEqual([])
      const named = next.stats().sealedFiles
      expect(filesBelow(join(dataDir, 'parquet')), `step ${steps}`).toHaveLength(named)
      const [ids, manifests] = ['.ids', '.json'].map(
        (extension) => filesBelow(join(dataDir, 'sealed')).filter((name) => name.endsWith(extension)).length,
      )
      expect(ids, `step ${steps}`).toBe(manifests)
      await next.close()
    }
    expect(steps).toBeGreaterThan(10)
  }, 180_000)

  it('begins nothing while there is more urgent work', async () => {
    const dataDir = copy()
    const { compaction, catalog, close } = await compactionOf(dataDir, nodeFiles, () => false)
    await compaction.run()
    close()
    expect(catalog.units).toHaveLength(UNITS)
  })
})
