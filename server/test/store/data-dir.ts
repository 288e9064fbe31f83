import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import { type EngineWorld, openEngine, type StoreEngine } from '../../src/store/engine.ts'
import type { StoreOptions } from '../../src/store/options.ts'
import { storageOptions } from './storage-kinds.ts'

const directories: string[] = []
const engines: StoreEngine[] = []

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close()
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

/** A data directory that is removed after the test. */
export function newDataDir(): string {
  const directory = mkdtempSync(join(tmpdir(), 'hepscope-store-'))
  directories.push(directory)
  return directory
}

/** An engine that is closed after the test at the latest. */
export async function engineAt(
  dataDir: string,
  options: Partial<StoreOptions> = {},
  world: EngineWorld = {},
): Promise<StoreEngine> {
  const kind = await storageOptions(dataDir)
  const engine = await openEngine({ dataDir, memoryLimit: '512MB', insertDelayMs: 1, ...kind, ...options }, world)
  engines.push(engine)
  return engine
}

/** A row of an answer. */
export type Row = Readonly<Record<string, unknown>>

/** Rows that a search finds; throws if it fails. */
export async function search(engine: StoreEngine, body: unknown): Promise<Row[]> {
  const answer = await engine.search(body)
  if (!answer.ok) throw new Error(JSON.stringify(answer))
  return itemsOf(answer.json)
}

/** Rows of some calls; throws if the request fails. */
export async function messages(engine: StoreEngine, body: unknown): Promise<Row[]> {
  const answer = await engine.messages(body)
  if (!answer.ok) throw new Error(JSON.stringify(answer))
  return itemsOf(answer.json)
}

/** `seq` of every stored SIP row, ascending; a row that is there twice is in it twice. */
export async function allSeqs(engine: StoreEngine): Promise<number[]> {
  const rows = await search(engine, { filter: { event_type: 'all' }, param: { limit: 50_000 } })
  return rows.map((row) => Number(row.seq)).sort((a, b) => a - b)
}

/** 1, 2, … `count` */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1)
}

function itemsOf(json: Buffer): Row[] {
  const body = JSON.parse(json.toString()) as { readonly data: { readonly items: Row[] } }
  return body.data.items
}
