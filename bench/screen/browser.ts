import { chromium, type Browser, type Page } from '@playwright/test'
import type { MeasuredServer } from '../ingest/server.ts'

const isRoot = process.getuid?.() === 0
const ARGS = [
  ...(isRoot ? ['--no-sandbox'] : []),
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--disable-sync',
  '--no-default-browser-check',
  '--no-first-run',
  '--no-pings',
]

/**
 * Run something with a headless browser whose page is logged in and still empty.
 *
 * @throws Error if the environment names no browser
 */
export async function withPage<T>(
  server: MeasuredServer,
  action: (page: Page, browser: Browser) => Promise<T>,
): Promise<T> {
  const executablePath = process.env.HEPSCOPE_BROWSER ?? ''
  if (executablePath === '') throw new Error('no browser to measure with')
  const browser = await chromium.launch({ executablePath, args: ARGS })
  try {
    const page = await browser.newPage({ baseURL: server.url, viewport: { width: 1440, height: 860 } })
    const { username, password } = server.admin
    const answer = await page.request.post('/api/v4/auth/sessions', { data: { username, password } })
    if (answer.status() !== 201) throw new Error(`the login answered ${answer.status()}`)
    return await action(page, browser)
  } finally {
    await browser.close()
  }
}

/** The page shows the live list and is connected. */
export async function openLive(page: Page): Promise<void> {
  await page.goto('/')
  await page.locator('[data-connection=live]').waitFor()
}
