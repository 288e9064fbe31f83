import { createRequire } from 'node:module'
import { join } from 'node:path'
import { installDebianPackages } from './apt.mjs'
import { ROOT, findExecutable, runCommand, runTool, say } from './command.mjs'

const START_TIMEOUT_MS = 30_000
const DOWNLOAD_TIMEOUT_MS = 3 * 60_000
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/**
 * Find a browser for the end-to-end tests, and get one if there is none: the one that the environment names, an
 * installed Chromium or Chrome, Playwright's own, Debian's.
 *
 * @returns {Promise<string | undefined>} its path; undefined if there is none, and the reason is then printed
 */
export async function ensureBrowser() {
  const named = process.env['HEPSCOPE_BROWSER'] ?? process.env['PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH']
  if (named !== undefined && named !== '') {
    const path = await firstThatStarts([named])
    if (path === undefined) say(`the browser that the environment names does not start: ${named}`)
    return path
  }
  const found = (await firstThatStarts(NAMES)) ?? (await playwrightBrowser())
  if (found !== undefined) return found

  say("looking for a browser: getting Playwright's own…")
  await runTool('@playwright/test', 'playwright', ['install', 'chromium'], { timeoutMs: DOWNLOAD_TIMEOUT_MS })
  const downloaded = await playwrightBrowser()
  if (downloaded !== undefined) return downloaded

  say('looking for a browser: installing the Debian package chromium…')
  await installDebianPackages(['chromium'])
  const installed = await firstThatStarts(NAMES)
  if (installed === undefined) say('no browser: install Chromium, or set HEPSCOPE_BROWSER to the path of one')
  return installed
}

async function playwrightBrowser() {
  const { chromium } = createRequire(join(ROOT, 'e2e', 'package.json'))('@playwright/test')
  return firstThatStarts([chromium.executablePath()])
}

/**
 * An executable alone is not enough: some systems put a stub in PATH that asks for another package.
 *
 * @param {readonly string[]} candidates paths or names
 */
async function firstThatStarts(candidates) {
  for (const candidate of candidates) {
    const path = findExecutable(candidate)
    if (path === undefined) continue
    const { code } = await runCommand(path, ['--version'], { timeoutMs: START_TIMEOUT_MS })
    if (code === 0) return path
  }
  return undefined
}
