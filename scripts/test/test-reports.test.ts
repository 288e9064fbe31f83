import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../setup/command.mjs'
import {
  countResults,
  failureLines,
  readPlaywrightReport,
  readVitestReport,
  requirePeers,
  summaryLine,
} from '../test-reports.mjs'

const FILE = 'shared/test/a.test.ts'

describe('readVitestReport', () => {
  const name = join(ROOT, FILE)

  it('reads each test of each file', () => {
    const assertionResults = [
      { status: 'passed', fullName: 'a works', failureMessages: [] },
      { status: 'failed', fullName: 'a fails', failureMessages: ['AssertionError: one', 'AssertionError: two'] },
      { status: 'pending', fullName: 'a is skipped', failureMessages: [] },
      { status: 'todo', fullName: 'a is to do' },
    ]
    expect(readVitestReport({ testResults: [{ name, status: 'failed', message: '', assertionResults }] })).toEqual([
      { outcome: 'passed', file: FILE, text: 'a works', error: '' },
      { outcome: 'failed', file: FILE, text: 'a fails', error: 'AssertionError: one' },
      { outcome: 'skipped', file: FILE, text: 'a is skipped', error: '' },
      { outcome: 'skipped', file: FILE, text: 'a is to do', error: '' },
    ])
  })

  it('counts a file that could not be loaded as one that failed', () => {
    const message = "Cannot find module './b.ts'"
    expect(readVitestReport({ testResults: [{ name, status: 'failed', message, assertionResults: [] }] })).toEqual([
      { outcome: 'failed', file: FILE, text: 'the file as a whole', error: message },
    ])
  })
})

describe('readPlaywrightReport', () => {
  const file = 'server/a.spec.ts'

  it('reads nested suites, retries and reasons', () => {
    const skip = { status: 'skipped', annotations: [{ type: 'skip', description: 'needs sipp' }], results: [] }
    const [first, second] = [{ error: { message: 'first try' } }, { error: { message: 'second try' } }]
    const suite = {
      specs: [{ title: 'top', file, tests: [{ status: 'expected', results: [{}] }] }],
      suites: [
        {
          specs: [
            { title: 'wrong', file, tests: [{ status: 'unexpected', results: [first, second] }] },
            { title: 'second try', file, tests: [{ status: 'flaky', results: [first, {}] }] },
            { title: 'left out', file, tests: [skip] },
          ],
        },
      ],
    }
    expect(readPlaywrightReport({ suites: [suite], errors: [] })).toEqual([
      { outcome: 'passed', file, text: 'top', error: '' },
      { outcome: 'failed', file, text: 'wrong', error: 'second try' },
      { outcome: 'passed', file, text: 'second try', error: '' },
      { outcome: 'skipped', file, text: 'left out needs sipp', error: '' },
    ])
  })

  it('counts an error that belongs to no test as one that failed', () => {
    const errors = [{ message: 'Timed out waiting 1200s for the test suite to run' }]
    expect(readPlaywrightReport({ suites: [], errors })).toEqual([
      { outcome: 'failed', file: '', text: 'the run as a whole', error: errors[0]?.message },
    ])
  })
})

describe('requirePeers', () => {
  it('makes a test that lacks a required peer one that failed', () => {
    const results = [
      { outcome: 'skipped', file: FILE, text: 'replays needs sipp', error: '' },
      { outcome: 'skipped', file: FILE, text: 'sipping is another word', error: '' },
      { outcome: 'passed', file: FILE, text: 'sipp is there', error: '' },
    ] as const
    expect(countResults(requirePeers(results, []))).toEqual({ passed: 1, failed: 0, skipped: 2 })
    expect(countResults(requirePeers(results, ['sipp']))).toEqual({ passed: 1, failed: 1, skipped: 1 })
    expect(failureLines([['unit', requirePeers(results, ['sipp'])]])).toEqual([
      `FAILED  unit    ${FILE}: replays needs sipp: skipped, but what it needs must be there`,
    ])
  })
})

describe('failureLines', () => {
  const failed = (text: string, error: string) => ({ outcome: 'failed', file: FILE, text, error }) as const

  it('says of each test that failed where it is and what was wrong, in one line', () => {
    const passed = { outcome: 'passed', file: FILE, text: 'works', error: '' } as const
    const ofVitest = 'AssertionError: expected 1 to be 2\n    at /a.test.ts:2:57\n    at file:///runner.js:302:11'
    const ofPlaywright =
      'Error: \u001b[2mexpect(\u001b[22mlocator).toBeVisible() failed\n\nLocator: \u001b[31mlist\u001b[39m'
    const ofStep = { outcome: 'failed', file: '', text: 'eslint', error: '' } as const
    expect(
      failureLines([
        ['check', [ofStep]],
        ['unit', [passed, failed('adds', ofVitest)]],
        ['e2e', [failed('shows a list', ofPlaywright)]],
      ]),
    ).toEqual([
      'FAILED  check   eslint',
      `FAILED  unit    ${FILE}: adds: AssertionError: expected 1 to be 2`,
      `FAILED  e2e     ${FILE}: shows a list: Error: expect(locator).toBeVisible() failed Locator: list`,
    ])
  })

  it('is bounded, in lines and in their length', () => {
    const many = Array.from({ length: 25 }, (_, i) => failed(`test ${i}`, 'x'.repeat(10_000)))
    const lines = failureLines([['unit', many]])
    expect(lines).toHaveLength(21)
    expect(lines[19]).toMatch(/test 19: x+…$/)
    expect(lines[20]).toBe('FAILED  and 5 more')
    expect(Math.max(...lines.map(({ length }) => length))).toBe(300)
  })
})

describe('summaryLine', () => {
  it('names skips only if there are any', () => {
    const counts = { passed: 3, failed: 1, skipped: 0 }
    expect(summaryLine([counts, counts])).toBe('6 passed, 2 failed')
    expect(summaryLine([counts, { ...counts, skipped: 2 }])).toBe('6 passed, 2 failed, 2 skipped')
  })
})
