import { join } from 'node:path'
import { ROOT, runTool } from './setup/command.mjs'

/**
 * Run Playwright.
 *
 * @param {readonly string[]} args
 * @param {{ browser: string, timeoutMs: number, env?: Readonly<Record<string, string>> }} options
 * @returns {Promise<number>} its exit code
 */
export async function runPlaywright(args, { browser, timeoutMs, env = {} }) {
  const { code } = await runTool('@playwright/test', 'playwright', ['test', ...args], {
    cwd: join(ROOT, 'e2e'),
    env: { ...env, HEPSCOPE_BROWSER: browser },
    show: true,
    timeoutMs,
  })
  return code
}
