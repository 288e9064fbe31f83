import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LakeOptions } from '../../../src/store/lake/lake-options.ts'
import type { StoreOptions } from '../../../src/store/options.ts'
import { extensionDirectory } from './extensions.ts'
import { Postgres } from './postgres.ts'

export type LakeStoreOptions = Required<Pick<StoreOptions, 'lake' | 'extensionDirectory'>>

/** A PostgreSQL, and lakes that have their catalogs in it. */
export class Lakes {
  readonly postgres: Postgres
  readonly #extensionDirectory: string
  readonly #folder = mkdtempSync(join(tmpdir(), 'hepscope-lakes-'))
  #count = 0

  /** @param extensions directory of DuckDB's extensions */
  constructor(postgres: Postgres, extensions: string) {
    this.postgres = postgres
    this.#extensionDirectory = extensions
  }

  /** @throws if PostgreSQL or the extensions cannot be had */
  static async start(): Promise<Lakes> {
    const extensions = await extensionDirectory()
    return new Lakes(await Postgres.start(), extensions)
  }

  /** What a store needs to use a new, empty lake. */
  async create(): Promise<LakeStoreOptions> {
    const name = `lake${++this.#count}`
    const lake: LakeOptions = {
      catalog: await this.postgres.createCatalog(name),
      password: this.postgres.password,
      dataPath: join(this.#folder, name),
      s3: { endpoint: '', region: '', keyId: '', secret: '', urlStyle: 'path', useTls: false, caFile: '' },
    }
    return { lake, extensionDirectory: this.#extensionDirectory }
  }

  async close(): Promise<void> {
    await this.postgres.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
