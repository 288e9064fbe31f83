import { copyFileSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from '@playwright/test'
import { expect, test } from '../../test.ts'
import { runHepscope } from '../../server/command-line.ts'

/** The picture of the README. It is written only when asked for, so that a test run leaves the tree as it was. */
const README_PICTURE = fileURLToPath(new URL('../../../docs/live.png', import.meta.url))
const MIX = 'answered,early-media,busy,declined,not-found,server-failure,cancelled,auth,hold,forked,redirect,b2bua'
const UPDATES_README = (process.env.HEPSCOPE_UPDATE_SCREENSHOTS ?? '') !== ''

test.beforeEach(({ deployment }) => {
  test.skip(deployment.own === undefined, 'pictures are of a server of our own, with invented calls')
})

/** Take a picture, and see that nothing sticks out of the page. */
async function take(page: Page, name: string): Promise<string> {
  const path = test.info().outputPath(`${name}.png`)
  await page.screenshot({ path })
  const overflowPx = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  )
  expect(overflowPx, `${name}: the page scrolls sideways`).toBe(0)
  return path
}

test('looks as it should: empty, live, ladder, both themes, phone', async ({ page, stage, server, live }) => {
  await page.emulateMedia({ colorScheme: 'dark' })
  await expect(page.getByRole('button', { name: 'Play sample calls' })).toBeVisible()
  await take(page, 'empty-dark')
  await page.emulateMedia({ colorScheme: 'light' })
  await take(page, 'empty-light')

  await page.emulateMedia({ colorScheme: 'dark' })
  const play = (scenarios: string, ...args: readonly string[]) =>
    runHepscope(stage, ['gen', '--to', server.udpTarget, '--scenario', scenarios, ...args])
  play(MIX, '--calls', '44', '--cps', '9', '--duration-scale', '0.15', '--seed', '5')
  await expect(live.list.locator('[data-state=ended]').nth(7)).toBeVisible({ timeout: 30_000 })
  await take(page, 'live-dark')

  // Of the whole list, its head included; the newest call is on top.
  await expect(live.list).toHaveAttribute('aria-rowcount', '45', { timeout: 20_000 })
  play('b2bua', '--calls', '1', '--duration-scale', '0.4', '--seed', '11')
  await expect(live.list).toHaveAttribute('aria-rowcount', '46')
  const newest = live.list.getByRole('row').nth(1)
  await expect(newest).toHaveAttribute('data-state', 'in-call', { timeout: 20_000 })
  await newest.click()
  await live.arrows.filter({ hasText: '180 Ringing' }).last().click()
  await expect(live.message).toContainText('SIP/2.0 180 Ringing')
  const picture = await take(page, 'ladder-dark')
  if (UPDATES_README) {
    mkdirSync(dirname(README_PICTURE), { recursive: true })
    copyFileSync(picture, README_PICTURE)
  }
  await page.emulateMedia({ colorScheme: 'light' })
  await take(page, 'ladder-light')

  await page.setViewportSize({ width: 390, height: 844 })
  await expect(live.ladder).toBeVisible()
  await take(page, 'phone-ladder-light')
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.getByRole('button', { name: 'Back to the list' }).click()
  await expect(live.ladder).toHaveCount(0)
  await expect(newest).toBeVisible()
  await take(page, 'phone-live-dark')
})
