import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { ROOT, say } from './command.mjs'
import { unpackWheel } from './wheel.mjs'

const NAMES = ['ducklake', 'postgres_scanner', 'httpfs']
const DIRECTORY = join(ROOT, '.cache', 'duckdb-extensions')

/**
 * Get the extensions of DuckDB that a lake needs, in the version of the DuckDB that is installed, from the Python
 * package index, and lay them out as DuckDB's `extension_directory` wants it.
 *
 * @returns {Promise<string>} the directory
 * @throws if they cannot be had: the message names them
 */
export async function ensureDuckdbExtensions() {
  const { version, platform } = await duckdbVersion()
  const target = join(DIRECTORY, version, platform)
  const missing = NAMES.filter((name) => !existsSync(join(target, `${name}.duckdb_extension`)))
  if (missing.length === 0) return DIRECTORY

  mkdirSync(target, { recursive: true })
  const folder = mkdtempSync(join(DIRECTORY, 'download-'))
  try {
    for (const name of missing) await fetchExtension(name, version.replace(/^v/, ''), folder, target)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return DIRECTORY
}

/**
 * @param {string} name
 * @param {string} version
 * @param {string} folder
 * @param {string} target
 */
async function fetchExtension(name, version, folder, target) {
  say(`getting DuckDB's extension ${name}…`)
  const wheel = `duckdb-extension-${name.replaceAll('_', '-')}`
  const unpacked = await unpackWheel({ name: wheel, version }, folder)
  const inside = join(unpacked, `duckdb_extension_${name}`, 'extensions', `v${version}`, `${name}.duckdb_extension`)
  if (!existsSync(inside)) throw new Error(`the wheel ${wheel} ${version} does not hold ${name}`)
  // In one step, for several may do this at the same time.
  renameSync(inside, join(target, `${name}.duckdb_extension`))
}

/** @returns {Promise<{ version: string, platform: string }>} as they stand in the paths of extensions */
async function duckdbVersion() {
  const { DuckDBInstance } = createRequire(join(ROOT, 'server', 'package.json'))('@duckdb/node-api')
  const database = await DuckDBInstance.create(':memory:')
  const connection = await database.connect()
  const reader = await connection.runAndReadAll(
    'SELECT library_version, platform FROM pragma_version(), pragma_platform()',
  )
  const [version, platform] = reader.getRows()[0]
  connection.closeSync()
  database.closeSync()
  return { version, platform }
}
