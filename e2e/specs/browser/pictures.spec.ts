import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from '@playwright/test'
import { LiveView } from '../../page/live-view.ts'
import { expectWhole } from '../../page/look.ts'
import { FIXTURES, runHepscope } from '../../server/command-line.ts'
import { expect, test } from '../../test.ts'

const DOCS = fileURLToPath(new URL('../../../docs/', import.meta.url))
const MIX = 'answered,early-media,busy,declined,not-found,server-failure,cancelled,auth,hold,forked,redirect,b2bua'
/** They are written only when asked for, so that a test run leaves the tree as it was. */
const UPDATES_DOCS = (process.env.HEPSCOPE_UPDATE_SCREENSHOTS ?? '') !== ''
/** Those of the tour and of the README, by name of the picture. */
const IN_DOCS: ReadonlyMap<string, string> = new Map([
  ['ladder-dark', 'live.png'],
  ['phone-compare-light', 'pictures/compare.png'],
  ['figures-dark', 'pictures/figures.png'],
  ['phone-search-light', 'pictures/search.png'],
  ['file-dark', 'pictures/file.png'],
  ['capture-light', 'pictures/capture.png'],
  ['phone-palette-dark', 'pictures/palette.png'],
  ['privacy-light', 'pictures/privacy.png'],
  ['phone-ladder-dark', 'pictures/phone.png'],
])
const DESKTOP = { width: 1400, height: 900 }
const PHONE = { width: 390, height: 844 }

test.beforeEach(({ deployment }) => {
  test.skip(deployment.own === undefined, 'pictures are of a server of our own, with invented calls')
})

/** Take pictures of what is shown: both themes, a desktop and a phone. */
async function take(page: Page, name: string): Promise<void> {
  // Nothing is below the pointer, which would colour it.
  await page.mouse.move(0, 0)
  for (const [size, prefix] of [[DESKTOP, ''] as const, [PHONE, 'phone-'] as const]) {
    await page.setViewportSize(size)
    for (const theme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
      // Two frames: sizes are measured, then drawn.
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
      const picture = `${prefix}${name}-${theme}`
      const path = test.info().outputPath(`${picture}.png`)
      await page.screenshot({ path })
      await expectWhole(page, picture)
      const kept = UPDATES_DOCS ? IN_DOCS.get(picture) : undefined
      if (kept === undefined) continue
      mkdirSync(join(DOCS, 'pictures'), { recursive: true })
      copyFileSync(path, join(DOCS, kept))
    }
  }
  await page.setViewportSize(DESKTOP)
}

test('looks as it should before anybody is logged in', async ({ page, faults, deployment }) => {
  faults.expect(/status of 401/)
  await page.goto(deployment.url)
  await expect(page.getByLabel('User name')).toBeVisible()
  await take(page, 'login')
})

test('looks as it should in every view, both themes, desktop and phone', async ({ page, stage, server, live }) => {
  test.setTimeout(240_000)
  const takeDialog = async (title: string, name: string): Promise<void> => {
    const dialog = page.getByRole('dialog', { name: title })
    // Some are loaded only when they are wanted.
    await expect(dialog).toBeVisible()
    await take(page, name)
    await expect(dialog).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(dialog).toHaveCount(0)
  }
  await expect(page.getByRole('button', { name: 'Play sample calls' })).toBeVisible()
  await take(page, 'empty')
  const play = (scenarios: string, ...args: readonly string[]) =>
    runHepscope(stage, ['gen', '--to', server.udpTarget, '--scenario', scenarios, ...args])
  play(MIX, '--calls', '44', '--cps', '9', '--duration-scale', '0.15', '--seed', '5')
  // Of the whole list, its head included; the newest call is on top.
  await expect(live.list).toHaveAttribute('aria-rowcount', '45', { timeout: 20_000 })
  play('b2bua', '--calls', '1', '--duration-scale', '0.4', '--seed', '11')
  await expect(live.list).toHaveAttribute('aria-rowcount', '46')
  const newest = live.list.getByRole('row').nth(1)
  await expect(newest).toHaveAttribute('data-state', 'in-call', { timeout: 20_000 })
  await take(page, 'live')

  await newest.click()
  await live.arrows.filter({ hasText: '180 Ringing' }).last().click()
  await expect(live.message).toContainText('SIP/2.0 180 Ringing')
  await take(page, 'ladder')
  await page.keyboard.press('Control+Alt+p')
  await expect(page.getByRole('button', { name: 'Masked' })).toBeVisible()
  await expect(live.message).toContainText('SIP/2.0 180 Ringing')
  await take(page, 'privacy')
  await page.keyboard.press('Control+Alt+p')
  await live.ladder.press('Home')
  await live.ladder.press(' ')
  await live.arrows.filter({ hasText: 'INVITE' }).last().click()
  await live.ladder.press(' ')
  await expect(live.message.getByRole('tab', { name: 'Compare' })).toHaveAttribute('aria-selected', 'true')
  await take(page, 'compare')
  await live.ladder.press('K')
  await take(page, 'hints')

  await page.keyboard.press('Control+k')
  await expect(page.getByRole('combobox', { name: 'Command' })).toBeFocused()
  await page.keyboard.type('save')
  await takeDialog('Commands', 'palette')
  await page.keyboard.press('?')
  await takeDialog('Keys', 'keys')
  await live.ladder.press('Escape')
  await live.list.press('i')
  await expect(page.getByRole('dialog', { name: 'Statistics' })).toContainText('INVITE')
  await takeDialog('Statistics', 'statistics')
  await live.list.press('t')
  await takeDialog('Columns', 'columns')
  await live.list.press('e')
  await takeDialog('Export', 'export')
  await live.filter.fill('from:nobody-at-all')
  await expect(live.calls).toHaveCount(0)
  await take(page, 'no-match')
  await live.filter.fill('state=(')
  await take(page, 'filter-fault')
  await live.filter.fill('')

  const views = page.getByRole('navigation', { name: 'Views' })
  await views.getByRole('link', { name: 'Figures' }).click()
  await expect(page.getByText('SEER').first()).toBeVisible()
  await take(page, 'figures')
  await views.getByRole('link', { name: 'Search' }).click()
  await expect(live.calls.first()).toBeVisible()
  await take(page, 'search')
  await page.getByRole('button', { name: 'Messages', exact: true }).click()
  await expect(page.locator('[data-message]').first()).toBeVisible()
  await take(page, 'search-messages')
  await views.getByRole('link', { name: 'Replay' }).click()
  await expect(live.calls.first()).toBeVisible()
  await take(page, 'replay')
  await views.getByRole('link', { name: 'File' }).click()
  await take(page, 'file-empty')
  await page.getByLabel('Capture files').setInputFiles(join(FIXTURES, 'sip-20-calls.pcap'))
  await expect(live.list).toHaveAttribute('aria-rowcount', '21')
  await live.calls.first().click()
  await expect(live.arrows.first()).toBeVisible()
  await take(page, 'file')
  await views.getByRole('link', { name: 'Capture' }).click()
  await expect(page.getByRole('list', { name: 'Findings' })).toBeVisible()
  await take(page, 'capture')
})

test('says in words that there is nothing, in every view', async ({ page, faults, deployment }) => {
  const view = new LiveView(page, faults)
  await view.logIn(deployment)
  for (const name of ['figures', 'search', 'replay', 'file', 'ops']) {
    await page.goto(`/#/${name}`)
    await expect(page.getByRole('navigation', { name: 'Views' })).toBeVisible()
    await page.waitForTimeout(1200)
    await take(page, `nothing-${name}`)
  }
})
