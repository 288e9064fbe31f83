import { defineConfig } from '@playwright/test'
import { REMOTE_URL } from './deployment.ts'
import { findProgram } from './process/programs.ts'

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** The one that the environment names, then an installed one, then Playwright's own. */
const named = process.env['HEPSCOPE_BROWSER'] ?? process.env['PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH'] ?? ''
const browser = named !== '' ? named : BROWSERS.map(findProgram).find((path) => path !== undefined)
const isRoot = process.getuid?.() === 0
const jsonFile = process.env['PLAYWRIGHT_JSON_OUTPUT_FILE'] ?? ''

export default defineConfig({
  testDir: 'specs',
  outputDir: 'test-results',
  // Those of server/ start, stop and break a server of their own.
  ...(REMOTE_URL !== '' && { testMatch: 'browser/*.spec.ts' }),
  // Several tests measure, so they must have the machine to themselves.
  workers: 1,
  fullyParallel: false,
  forbidOnly: (process.env['CI'] ?? '') !== '',
  retries: 0,
  timeout: 60_000,
  globalTimeout: 20 * 60_000,
  expect: { timeout: 10_000 },
  reporter: jsonFile === '' ? [['line']] : [['line'], ['json', { outputFile: jsonFile }]],
  use: {
    viewport: { width: 1440, height: 860 },
    locale: 'en-GB',
    timezoneId: 'UTC',
    actionTimeout: 10_000,
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: {
      ...(browser !== undefined && { executablePath: browser }),
      args: [
        ...(isRoot ? ['--no-sandbox'] : []),
        // A packaged browser would ask its maker for updates, lists and experiments.
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-domain-reliability',
        '--disable-sync',
        '--no-default-browser-check',
        '--no-first-run',
        '--no-pings',
      ],
    },
  },
})
