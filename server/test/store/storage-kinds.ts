import { afterAll, beforeAll } from 'vitest'
import type { StoreOptions } from '../../src/store/options.ts'
import { Lakes } from './lake/lakes.ts'

/** Where rows are sealed to. */
export const STORAGE_KINDS = ['files', 'lake'] as const
export type StorageKind = (typeof STORAGE_KINDS)[number]

let lakes: Lakes | undefined
const options = new Map<string, Partial<StoreOptions>>()

/** Let the engines of a `describe` seal to one kind of storage. */
export function useStorage(kind: StorageKind): void {
  beforeAll(async () => {
    if (kind === 'lake') lakes = await Lakes.start()
  }, 60_000)
  afterAll(async () => {
    await lakes?.close()
    lakes = undefined
    options.clear()
  }, 60_000)
}

/** Let a copy of a data directory use the same storage. */
export function shareStorage(dataDir: string, copy: string): void {
  const known = options.get(dataDir)
  if (known !== undefined) options.set(copy, known)
}

/** Options that make an engine at a data directory use the storage of the `describe`: the same whenever it is opened. */
export async function storageOptions(dataDir: string): Promise<Partial<StoreOptions>> {
  if (lakes === undefined) return {}
  const known = options.get(dataDir) ?? (await lakes.create())
  options.set(dataDir, known)
  return known
}
