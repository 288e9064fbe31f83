import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runInBrowser } from './package/browser.mjs'
import { PACKAGE, buildPackage, packageModules } from './package/build.mjs'
import { compareOutput, readSnippets } from './package/snippets.mjs'
import { hashSources } from './setup/builds.mjs'
import { ROOT, runCommand, runNpm, runTool } from './setup/command.mjs'

const TOOL_TIMEOUT_MS = 60_000
const SOURCES = ['shared', 'tsconfig.base.json', 'package-lock.json', 'scripts/package', 'scripts/check-package.mjs']
/** What was found right before need not be looked at again. */
const STAMP = join(ROOT, '.cache', 'package')

/**
 * Builds `@hepscope/shared` as it is published and uses it as a stranger does: its manifest and types as publint and
 * "are the types wrong" see them, an installation with nothing else and without a network, and the examples of its
 * README in Node and in a browser.
 */
async function main() {
  const hash = hashSources(SOURCES)
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === hash) return
  const folder = mkdtempSync(join(tmpdir(), 'hepscope-package-'))
  try {
    const faults = await checkPackage(folder)
    for (const fault of faults) process.stdout.write(`${fault.trimEnd()}\n`)
    if (faults.length > 0) process.exitCode = 1
    else keepStamp(hash)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @param {string} hash */
function keepStamp(hash) {
  mkdirSync(join(STAMP, '..'), { recursive: true })
  writeFileSync(STAMP, hash)
}

/**
 * @param {string} folder a new one, for the archive and the project that installs it
 * @returns {Promise<string[]>} what is wrong
 */
async function checkPackage(folder) {
  const fault = await buildPackage()
  if (fault !== undefined) return [fault]
  const packed = await runNpm(['pack', '--json', '--loglevel=error', '--pack-destination', folder], {
    cwd: PACKAGE,
    timeoutMs: TOOL_TIMEOUT_MS,
  })
  const file = readdirSync(folder).find((name) => name.endsWith('.tgz'))
  if (packed.code !== 0 || file === undefined) return [packed.output]
  const archive = join(folder, file)
  const results = await Promise.all([checkManifest(), checkTypes(archive), checkUse(archive, join(folder, 'project'))])
  return results.flat()
}

async function checkManifest() {
  const result = await runTool('publint', 'publint', [PACKAGE, '--strict'], { timeoutMs: TOOL_TIMEOUT_MS })
  return result.code === 0 ? [] : [result.output]
}

/**
 * Every module is named: the tool passes over patterns in `exports`.
 *
 * @param {string} archive
 */
async function checkTypes(archive) {
  const args = [archive, '--profile', 'esm-only', '--format', 'ascii', '--entrypoints', ...packageModules()]
  const result = await runTool('@arethetypeswrong/cli', 'attw', args, { timeoutMs: TOOL_TIMEOUT_MS })
  return result.code === 0 ? [] : [result.output]
}

/**
 * @param {string} archive
 * @param {string} project a folder that is not there yet
 */
async function checkUse(archive, project) {
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), '{ "private": true }')
  const args = ['install', '--offline', '--no-audit', '--no-fund', '--loglevel=error', archive]
  const installed = await runNpm(args, { cwd: project, timeoutMs: TOOL_TIMEOUT_MS })
  if (installed.code !== 0) return [installed.output]
  const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8'))
  const packages = Object.keys(lock.packages).filter((path) => path !== '')
  if (packages.length !== 1) return [`installed ${packages.join(', ')}`]

  const snippets = readSnippets(readFileSync(join(PACKAGE, 'README.md'), 'utf8'))
  if (snippets.length === 0) return ['the README has no example']
  const files = snippets.map((_, i) => `example-${i + 1}.mjs`)
  for (const [i, { code }] of snippets.entries()) writeFileSync(join(project, files[i] ?? ''), code)
  const inNode = await Promise.all(files.map((name) => runInNode(project, name)))
  const inBrowser = await runInBrowser(project, files)
  return snippets.flatMap((snippet, i) => [
    ...prefixed('in Node', compareOutput(snippet, inNode[i] ?? [])),
    ...prefixed('in the browser', compareOutput(snippet, inBrowser[i] ?? [])),
  ])
}

/**
 * @param {string} cwd
 * @param {string} file
 */
async function runInNode(cwd, file) {
  const { output } = await runCommand(process.execPath, [file], { cwd, timeoutMs: TOOL_TIMEOUT_MS })
  return output.trimEnd().split('\n')
}

/**
 * @param {string} where
 * @param {string | undefined} fault
 */
function prefixed(where, fault) {
  return fault === undefined ? [] : [`README example ${where} ${fault}`]
}

await main()
