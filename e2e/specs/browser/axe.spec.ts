import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expectWhole } from '../../page/look.ts'
import { FIXTURES } from '../../server/command-line.ts'
import { freshName, SipCall } from '../../hep/sip-call.ts'
import { expect, test } from '../../test.ts'

/** See that axe finds nothing serious in what is shown, in both themes. */
async function expectAccessible(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const axe = new AxeBuilder({ page })
    // The second theme differs in its colours alone.
    if (colorScheme === 'light') axe.withRules(['color-contrast'])
    const { violations } = await axe.analyze()
    const serious = violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`))
    expect(serious, `${name}, ${colorScheme}`).toEqual([])
  }
}

test('axe finds nothing serious in the login page', async ({ page, faults, deployment }) => {
  faults.expect(/status of 401/)
  await page.goto(deployment.url)
  await expect(page.getByLabel('User name')).toBeVisible()
  await expectAccessible(page, 'login')
})

test('axe finds nothing serious in any view or dialog, both themes', async ({ page, live, hep }) => {
  test.setTimeout(300_000)
  await expectAccessible(page, 'empty')
  const mark = freshName('axe')
  const call = new SipCall({ callId: mark })
  await hep.send(call.invite(), call.ringing(), call.answer(), call.ack(), call.bye(), call.byeAnswer())
  await expect(live.call(mark)).toBeVisible()
  await expectAccessible(page, 'live')
  await live.call(mark).click()
  await expect(live.arrows).toHaveCount(6)
  await expectAccessible(page, 'ladder')
  await live.ladder.press('Home')
  await live.ladder.press('Space')
  await live.ladder.press('j')
  await live.ladder.press('Space')
  await expect(live.message.getByRole('tab', { name: 'Compare' })).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('Control+Alt+p')
  await expectAccessible(page, 'compare, masked')
  await page.keyboard.press('Control+Alt+p')
  for (const [key, name] of [
    ['Control+k', 'Commands'],
    ['?', 'Keys'],
    ['e', 'Export'],
  ] as const) {
    await page.keyboard.press(key)
    await expect(page.getByRole('dialog', { name })).toBeVisible()
    await expectAccessible(page, name)
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog')).toHaveCount(0)
  }
  await live.list.press('i')
  await expect(page.getByRole('dialog', { name: 'Statistics' })).toBeVisible()
  await expectAccessible(page, 'statistics')
  await page.keyboard.press('Escape')
  await live.list.press('t')
  await expect(page.getByRole('dialog', { name: 'Columns' })).toBeVisible()
  await expectAccessible(page, 'columns')
  await page.keyboard.press('Escape')
  const views = page.getByRole('navigation', { name: 'Views' })
  for (const name of ['Figures', 'Search', 'Replay', 'File', 'Capture']) {
    await views.getByRole('link', { name }).click()
    await page.waitForTimeout(1000)
    if (name === 'File') {
      await expectAccessible(page, 'no file')
      await page.getByLabel('Capture files').setInputFiles(join(FIXTURES, 'sip-20-calls.pcap'))
      await expect(live.list).toHaveAttribute('aria-rowcount', '21')
    }
    await expectAccessible(page, name)
  }
})

test('works at 200 % zoom, with forced colours, and for those who hear it', async ({ page, live, hep }) => {
  const mark = freshName('zoom')
  const call = new SipCall({ callId: mark })
  await hep.send(call.invite(), call.ringing(), call.answer(), call.ack())
  await page.setViewportSize({ width: 640, height: 450 })
  await expect(live.call(mark)).toBeVisible()
  await expectWhole(page, 'list at 200 %')
  await live.call(mark).click()
  await expect(live.arrows.first()).toBeVisible()
  await expectWhole(page, 'ladder at 200 %')

  // The ladder as a screen reader has it: a grid, a row for each message, in words.
  await page.setViewportSize({ width: 1400, height: 900 })
  await expect(live.ladder).toMatchAriaSnapshot(`
    - grid "Ladder":
      - rowgroup:
        - row /10.0.0.1:5060 to 10.0.0.2:5062.*INVITE/
        - row /10.0.0.2:5062 to 10.0.0.1:5060.*180 Ringing/
        - row /10.0.0.2:5062 to 10.0.0.1:5060.*200 OK/
        - row /10.0.0.1:5060 to 10.0.0.2:5062.*ACK/
  `)
  await expect(page.getByRole('status').first()).toBeAttached()

  await page.emulateMedia({ forcedColors: 'active' })
  await live.list.focus()
  await page.keyboard.press('j')
  const cursor = live.list.locator('.cursor')
  const ring = await cursor.evaluate((element) => getComputedStyle(element).outlineStyle)
  expect(ring, 'the row that keys act on is outlined with forced colours, too').toBe('solid')
  await expectAccessible(page, 'forced colours')
})
