import { describe, expect, it } from 'vitest'
import { countResults, readPlaywrightReport, readVitestReport, summaryLine } from '../test-reports.mjs'

describe('readVitestReport', () => {
  it('reads each test of each file', () => {
    const assertionResults = [
      { status: 'passed', fullName: 'a works' },
      { status: 'failed', fullName: 'a fails' },
      { status: 'pending', fullName: 'a is skipped' },
      { status: 'todo', fullName: 'a is to do' },
    ]
    expect(readVitestReport({ testResults: [{ name: 'a.test.ts', status: 'failed', assertionResults }] })).toEqual([
      { outcome: 'passed', text: 'a works' },
      { outcome: 'failed', text: 'a fails' },
      { outcome: 'skipped', text: 'a is skipped' },
      { outcome: 'skipped', text: 'a is to do' },
    ])
  })

  it('counts a file that could not be loaded as one that failed', () => {
    expect(readVitestReport({ testResults: [{ name: 'a.test.ts', status: 'failed', assertionResults: [] }] })).toEqual([
      { outcome: 'failed', text: 'a.test.ts' },
    ])
  })
})

describe('readPlaywrightReport', () => {
  it('reads nested suites, retries and reasons', () => {
    const skip = { status: 'skipped', annotations: [{ type: 'skip', description: 'needs sipp' }] }
    const suite = {
      specs: [{ title: 'top', tests: [{ status: 'expected' }] }],
      suites: [
        {
          specs: [
            { title: 'wrong', tests: [{ status: 'unexpected' }] },
            { title: 'second try', tests: [{ status: 'flaky' }] },
            { title: 'left out', tests: [skip] },
          ],
        },
      ],
    }
    expect(readPlaywrightReport({ suites: [suite] })).toEqual([
      { outcome: 'passed', text: 'top' },
      { outcome: 'failed', text: 'wrong' },
      { outcome: 'passed', text: 'second try' },
      { outcome: 'skipped', text: 'left out needs sipp' },
    ])
  })
})

describe('countResults', () => {
  it('counts a test that lacks a required peer as failed', () => {
    const results = [
      { outcome: 'skipped', text: 'replays needs sipp' },
      { outcome: 'skipped', text: 'sipping is another word' },
      { outcome: 'passed', text: 'sipp is there' },
    ] as const
    expect(countResults(results)).toEqual({ passed: 1, failed: 0, skipped: 2 })
    expect(countResults(results, ['sipp'])).toEqual({ passed: 1, failed: 1, skipped: 1 })
  })
})

describe('summaryLine', () => {
  it('names skips only if there are any', () => {
    const counts = { passed: 3, failed: 1, skipped: 0 }
    expect(summaryLine([counts, counts])).toBe('6 passed, 2 failed')
    expect(summaryLine([counts, { ...counts, skipped: 2 }])).toBe('6 passed, 2 failed, 2 skipped')
  })
})
