import { relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { ROOT } from './setup/command.mjs'

const MAX_FAILURES = 20
const MAX_LINE_CHARS = 300

/**
 * @typedef {object} Counts
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 */
/** @typedef {'passed' | 'failed' | 'skipped'} Outcome */
/**
 * @typedef {object} TestResult
 * @property {Outcome} outcome
 * @property {string} file empty if it has none
 * @property {string} text its title and why it was skipped
 * @property {string} error what its runner said; empty unless it failed
 */
/** @typedef {readonly [name: string, results: readonly TestResult[]]} Stage */

/**
 * Results of vitest's JSON report. A file that could not be loaded has no tests and counts as one that failed.
 *
 * @param {any} report
 * @returns {TestResult[]}
 */
export function readVitestReport(report) {
  return report.testResults.flatMap((/** @type {any} */ { name, status, message, assertionResults }) => {
    const file = relative(ROOT, name)
    const results = assertionResults.map((/** @type {any} */ test) => ({
      outcome: test.status === 'passed' || test.status === 'failed' ? test.status : 'skipped',
      file,
      text: test.fullName,
      error: test.failureMessages?.[0] ?? '',
    }))
    const isExplained = results.some((/** @type {TestResult} */ { outcome }) => outcome === 'failed')
    return status === 'failed' && !isExplained ? [...results, failure('the file as a whole', message, file)] : results
  })
}

/**
 * Results of Playwright's JSON report. A test that passed at a second try has passed; an error that belongs to no test
 * is one that failed.
 *
 * @param {any} report
 * @returns {TestResult[]}
 */
export function readPlaywrightReport(report) {
  const errors = report.errors.map((/** @type {any} */ { message }) => failure('the run as a whole', message))
  return [...report.suites.flatMap(readSuite), ...errors]
}

/** @param {any} suite @returns {TestResult[]} */
function readSuite(suite) {
  const own = (suite.specs ?? []).flatMap((/** @type {any} */ spec) =>
    spec.tests.map((/** @type {any} */ test) => ({
      outcome: test.status === 'skipped' ? 'skipped' : test.status === 'unexpected' ? 'failed' : 'passed',
      file: spec.file,
      text: [spec.title, ...(test.annotations ?? []).map((/** @type {any} */ note) => note.description ?? '')].join(
        ' ',
      ),
      error: test.status === 'unexpected' ? (test.results.at(-1)?.error?.message ?? '') : '',
    })),
  )
  return [...own, ...(suite.suites ?? []).flatMap(readSuite)]
}

/**
 * Something that failed and is no test.
 *
 * @param {string} text
 * @returns {TestResult}
 */
export function failure(text, error = '', file = '') {
  return { outcome: 'failed', file, text, error }
}

/**
 * Results where some programs must be there: a test skipped for the want of one, which its title or reason names, has
 * failed.
 *
 * @param {readonly TestResult[]} results
 * @param {readonly string[]} peers
 * @returns {TestResult[]}
 */
export function requirePeers(results, peers) {
  const wants = peers.map((peer) => new RegExp(`\\b${peer}\\b`, 'i'))
  return results.map((result) =>
    result.outcome === 'skipped' && wants.some((want) => want.test(result.text))
      ? { ...result, outcome: 'failed', error: 'skipped, but what it needs must be there' }
      : result,
  )
}

/**
 * Count results.
 *
 * @param {readonly TestResult[]} results
 * @returns {Counts}
 */
export function countResults(results) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const { outcome } of results) counts[outcome]++
  return counts
}

/**
 * A line for each test that failed, with the beginning of its error; of the first ones, if there are many.
 *
 * @param {readonly Stage[]} stages
 */
export function failureLines(stages) {
  const lines = stages.flatMap(([name, results]) =>
    results
      .filter(({ outcome }) => outcome === 'failed')
      .map(({ file, text, error }) => {
        const [message = ''] = stripVTControlCharacters(error).split(/\n\s+at /)
        const parts = [file, text, message]
          .map((part) => part.replace(/\s+/g, ' ').trim())
          .filter((part) => part !== '')
        const line = `FAILED  ${name.padEnd(8)}${parts.join(': ')}`
        return line.length > MAX_LINE_CHARS ? `${line.slice(0, MAX_LINE_CHARS - 1)}…` : line
      }),
  )
  const left = lines.length - MAX_FAILURES
  return left > 0 ? [...lines.slice(0, MAX_FAILURES), `FAILED  and ${left} more`] : lines
}

/**
 * The last line of a test run.
 *
 * @param {readonly Counts[]} stages
 */
export function summaryLine(stages) {
  const sum = (/** @type {keyof Counts} */ key) => stages.reduce((total, stage) => total + stage[key], 0)
  const skipped = sum('skipped')
  return `${sum('passed')} passed, ${sum('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
