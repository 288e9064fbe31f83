import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, runNpm, say } from './command.mjs'

const INSTALL_TIMEOUT_MS = 15 * 60_000
// Tools that build and test are dev packages, which NODE_ENV=production would leave out.
const FLAGS = ['--include=dev', '--no-audit', '--no-fund', '--loglevel=error']

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {boolean} [link]
 * @property {boolean} [optional]
 * @property {boolean} [devOptional]
 * @property {boolean} [peer]
 */
/** @typedef {{ readonly packages?: Readonly<Record<string, LockedPackage>> }} Lock */

/**
 * Whether what npm says it installed is what the lock file asks for. Packages for other platforms may be absent.
 *
 * @param {Lock} wanted `package-lock.json`
 * @param {Lock} installed `node_modules/.package-lock.json`, which npm writes when an installation is complete
 */
export function isInstalled(wanted, installed) {
  return Object.entries(wanted.packages ?? {}).every(([path, entry]) => {
    if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) return true
    const found = installed.packages?.[path]
    if (found === undefined) return entry.optional === true || entry.devOptional === true
    return found.version === entry.version && (found.link ?? false) === (entry.link ?? false)
  })
}

/**
 * Install packages unless they are there.
 *
 * @returns {Promise<boolean>} false if that failed; npm's own words are then printed
 */
export async function ensurePackages() {
  const wanted = readLock('package-lock.json')
  const installed = readLock(join('node_modules', '.package-lock.json'))
  if (installed !== undefined && (wanted === undefined || isInstalled(wanted, installed))) return true

  say(installed === undefined ? 'installing packages (first start)…' : 'installing packages (they have changed)…')
  const result = await runNpm([wanted === undefined ? 'install' : 'ci', ...FLAGS], { timeoutMs: INSTALL_TIMEOUT_MS })
  if (result.code === 0) return true
  process.stdout.write(result.output)
  say('could not install the packages')
  return false
}

/**
 * @param {string} path relative to the root
 * @returns {Lock | undefined} undefined if it is not there or is cut off
 */
function readLock(path) {
  const file = join(ROOT, path)
  if (!existsSync(file)) return undefined
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}
