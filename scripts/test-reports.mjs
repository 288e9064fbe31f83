/**
 * @typedef {object} Counts
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 */
/** @typedef {'passed' | 'failed' | 'skipped'} Outcome */
/** @typedef {{ readonly outcome: Outcome, readonly text: string }} TestResult `text` is its title and why it was skipped */

/**
 * Results of vitest's JSON report. A file that could not be loaded has no tests and counts as one that failed.
 *
 * @param {any} report
 * @returns {TestResult[]}
 */
export function readVitestReport(report) {
  return report.testResults.flatMap((/** @type {any} */ file) => {
    const results = file.assertionResults.map((/** @type {any} */ test) => ({
      outcome: test.status === 'passed' || test.status === 'failed' ? test.status : 'skipped',
      text: test.fullName,
    }))
    const isExplained = results.some((/** @type {TestResult} */ { outcome }) => outcome === 'failed')
    return file.status === 'failed' && !isExplained ? [...results, { outcome: 'failed', text: file.name }] : results
  })
}

/**
 * Results of Playwright's JSON report. A test that passed at a second try has passed.
 *
 * @param {any} report
 * @returns {TestResult[]}
 */
export function readPlaywrightReport(report) {
  return report.suites.flatMap(readSuite)
}

/** @param {any} suite @returns {TestResult[]} */
function readSuite(suite) {
  const own = (suite.specs ?? []).flatMap((/** @type {any} */ spec) =>
    spec.tests.map((/** @type {any} */ test) => ({
      outcome: test.status === 'skipped' ? 'skipped' : test.status === 'unexpected' ? 'failed' : 'passed',
      text: [spec.title, ...(test.annotations ?? []).map((/** @type {any} */ note) => note.description ?? '')].join(
        ' ',
      ),
    })),
  )
  return [...own, ...(suite.suites ?? []).flatMap(readSuite)]
}

/**
 * Count results.
 *
 * @param {readonly TestResult[]} results
 * @param {readonly string[]} requiredPeers programs that must be there: a test skipped for the want of one, which its
 *   title or reason names, has failed
 * @returns {Counts}
 */
export function countResults(results, requiredPeers = []) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const wants = requiredPeers.map((peer) => new RegExp(`\\b${peer}\\b`, 'i'))
  for (const { outcome, text } of results) {
    const isWanted = outcome === 'skipped' && wants.some((want) => want.test(text))
    counts[isWanted ? 'failed' : outcome]++
  }
  return counts
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
