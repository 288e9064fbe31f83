import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { runChecks } from './check-steps.mjs'
import { runPlaywright } from './e2e-run.mjs'
import { ensureBrowser } from './setup/browser.mjs'
import { ensureBuilds } from './setup/builds.mjs'
import { ROOT, runTool, say } from './setup/command.mjs'
import { ensureDuckdbExtensions } from './setup/duckdb-extensions.mjs'
import { requireSupportedNode } from './setup/node-version.mjs'
import { ensurePackages } from './setup/packages.mjs'
import { ensurePeers } from './setup/peers.mjs'
import { ensureS3Server } from './setup/s3-server.mjs'
import {
  countResults,
  failure,
  failureLines,
  readPlaywrightReport,
  readVitestReport,
  requirePeers,
  summaryLine,
} from './test-reports.mjs'

const UNIT_TIMEOUT_MS = 15 * 60_000
const E2E_TIMEOUT_MS = 30 * 60_000
const REPORTS = join(ROOT, '.cache', 'test')

/** @typedef {import('./test-reports.mjs').Stage} Stage */
/** @typedef {import('./test-reports.mjs').TestResult} TestResult */

requireSupportedNode()
// Debian puts servers in sbin, which is not in every user's PATH.
process.env['PATH'] = [process.env['PATH'], '/usr/sbin'].join(delimiter)
mkdirSync(REPORTS, { recursive: true })

const stages = await runStages()
for (const line of failureLines(stages)) process.stdout.write(`${line}\n`)
const counts = stages.map(([name, results]) => ({ name, ...countResults(results) }))
for (const { name, passed, failed, skipped } of counts) {
  process.stdout.write(`${name.padEnd(8)}${passed} passed, ${failed} failed, ${skipped} skipped\n`)
}
process.stdout.write(`${summaryLine(counts)}\n`)
if (counts.some(({ failed }) => failed > 0)) process.exitCode = 1

/**
 * Each stage runs whatever became of the one before; only what cannot run without a build or a browser is left out.
 *
 * @returns {Promise<Stage[]>}
 */
async function runStages() {
  if (!(await ensurePackages())) return [['install', [failure('the packages')]]]
  const isBuilt = await ensureBuilds()
  const browser = await ensureBrowser()
  const missingPeers = await ensurePeers()
  // Tests that need them fail then, each with the same words.
  await ensureDuckdbExtensions().catch((error) => say(error.message))
  await ensureS3Server().catch((error) => say(error.message))
  const requiredPeers = process.env['CI'] === 'true' ? missingPeers : []

  /** @type {Stage[]} */
  const done = [
    ['check', await runChecks()],
    ['unit', await runUnitTests(requiredPeers)],
  ]
  if (!isBuilt) done.push(['build', [failure('what the tests run')]])
  if (browser === undefined) done.push(['browser', [failure('there is none')]])
  if (isBuilt && browser !== undefined) done.push(['e2e', await runE2eTests(browser, requiredPeers)])
  return done
}

/** @param {readonly string[]} requiredPeers */
async function runUnitTests(requiredPeers) {
  const report = freshReport('unit.json')
  const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { code } = await runTool('vitest', 'vitest', args, { show: true, timeoutMs: UNIT_TIMEOUT_MS })
  return stageResults(code, report, readVitestReport, requiredPeers)
}

/**
 * @param {string} browser
 * @param {readonly string[]} requiredPeers
 */
async function runE2eTests(browser, requiredPeers) {
  const report = freshReport('e2e.json')
  const env = { PLAYWRIGHT_JSON_OUTPUT_FILE: report }
  const code = await runPlaywright(['--reporter=line,json'], { browser, env, timeoutMs: E2E_TIMEOUT_MS })
  return stageResults(code, report, readPlaywrightReport, requiredPeers)
}

/** @param {string} name */
function freshReport(name) {
  const path = join(REPORTS, name)
  rmSync(path, { force: true })
  return path
}

/**
 * A runner that fails although no test did (an uncaught error, no test found, no report) counts as one that failed.
 *
 * @param {number} code
 * @param {string} reportPath
 * @param {(report: any) => TestResult[]} read
 * @param {readonly string[]} requiredPeers
 */
function stageResults(code, reportPath, read, requiredPeers) {
  const results = requirePeers(readReport(reportPath, read), requiredPeers)
  const isExplained = code === 0 || results.some(({ outcome }) => outcome === 'failed')
  return isExplained ? results : [...results, failure('the run as a whole', `ended with ${code}`)]
}

/**
 * @param {string} path
 * @param {(report: any) => TestResult[]} read
 */
function readReport(path, read) {
  try {
    return read(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return []
  }
}
