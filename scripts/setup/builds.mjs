import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, runNpm, say } from './command.mjs'

const BUILD_TIMEOUT_MS = 5 * 60_000
const STAMPS = join(ROOT, '.cache', 'build')
const NOT_SOURCE = new Set(['dist', 'node_modules', 'test'])
const SHARED_SOURCES = ['shared/src', 'shared/package.json', 'package-lock.json', 'tsconfig.base.json']

/**
 * @typedef {object} Build
 * @property {string} workspace
 * @property {string} output the file without which it is not built
 */

/** @type {readonly Build[]} */
const BUILDS = [
  { workspace: 'client', output: 'client/dist/index.html' },
  { workspace: 'server', output: 'server/dist/hepscope.js' },
]

/**
 * Build each workspace whose sources are not those of its last build.
 *
 * @param {{ force?: boolean }} [options] `force` builds all
 * @returns {Promise<boolean>} false if a build failed; its output is then printed
 */
export async function ensureBuilds({ force = false } = {}) {
  const builds = BUILDS.map((build) => ({ ...build, hash: hashSources([build.workspace, ...SHARED_SOURCES]) }))
  const stale = builds.filter((build) => force || !isBuilt(build))
  if (stale.length === 0) return true

  say('building…')
  const results = await Promise.all(stale.map(runBuild))
  return results.every(Boolean)
}

/** @param {Build & { hash: string }} build */
async function runBuild({ workspace, output, hash }) {
  const result = await runNpm(['run', 'build', '--silent', `--workspace=${workspace}`], { timeoutMs: BUILD_TIMEOUT_MS })
  if (result.code === 0 && existsSync(join(ROOT, output))) {
    mkdirSync(STAMPS, { recursive: true })
    writeFileSync(join(STAMPS, workspace), hash)
    return true
  }
  process.stdout.write(result.output)
  say(`could not build ${workspace}`)
  return false
}

/** @param {Build & { hash: string }} build */
function isBuilt({ workspace, output, hash }) {
  const stamp = join(STAMPS, workspace)
  return existsSync(join(ROOT, output)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash
}

/**
 * One hash over names and contents: unlike times, it survives a checkout and sees a deleted file.
 *
 * @param {readonly string[]} paths files and folders, relative to `root`
 * @param {string} [root]
 */
export function hashSources(paths, root = ROOT) {
  const hash = createHash('sha256')
  for (const path of paths) {
    for (const file of filesUnder(root, path))
      hash
        .update(`${file}\0`)
        .update(readFileSync(join(root, file)))
        .update('\0')
  }
  return hash.digest('hex')
}

/**
 * @param {string} root
 * @param {string} path
 * @returns {string[]} in a fixed order
 */
function filesUnder(root, path) {
  const entry = statSync(join(root, path), { throwIfNoEntry: false })
  if (entry === undefined) return []
  if (!entry.isDirectory()) return [path]
  return readdirSync(join(root, path))
    .filter((name) => !NOT_SOURCE.has(name))
    .sort()
    .flatMap((name) => filesUnder(root, `${path}/${name}`))
}
