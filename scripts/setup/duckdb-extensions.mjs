import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { ROOT, runCommand, say } from './command.mjs'

const TIMEOUT_MS = 5 * 60_000
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
  const packageName = `duckdb-extension-${name.replaceAll('_', '-')}==${version}`
  say(`getting DuckDB's extension ${name}…`)
  const python = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '--dest', folder, packageName]
  const downloaded = await runCommand('python3', python, { timeoutMs: TIMEOUT_MS })
  const wheel = readdirSync(folder).find(
    (file) => file.startsWith(`duckdb_extension_${name}-`) && file.endsWith('.whl'),
  )
  if (downloaded.code !== 0 || wheel === undefined)
    throw new Error(
      `python3 -m pip cannot download ${packageName}, which tests of the lake need: ${lastLine(downloaded.output)}`,
    )
  const unpacked = join(folder, name)
  const { code, output } = await runCommand('python3', ['-m', 'zipfile', '-e', join(folder, wheel), unpacked], {
    timeoutMs: TIMEOUT_MS,
  })
  const inside = join(unpacked, `duckdb_extension_${name}`, 'extensions', `v${version}`, `${name}.duckdb_extension`)
  if (code !== 0 || !existsSync(inside))
    throw new Error(`${wheel} does not hold ${name} ${version}: ${lastLine(output)}`)
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

/** @param {string} output */
function lastLine(output) {
  return output.trim().split('\n').at(-1) ?? ''
}
