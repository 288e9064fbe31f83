import type { Page } from '@playwright/test'
import { expect, test } from '../../test.ts'
import { freshName, SipCall } from '../../hep/sip-call.ts'
import { runHepscope } from '../../server/command-line.ts'

test.beforeEach(({ deployment }) => {
  test.skip(deployment.own === undefined, 'counts need a server that nobody else sends to')
})

/** Value of a figure as it is shown, and of how many calls. */
async function figure(page: Page, name: string): Promise<{ readonly value: string; readonly of: string }> {
  const tile = page.locator(`dl > div[title^="${name},"]`)
  return {
    value: await tile.locator('strong').innerText(),
    of: await tile.locator('small').first().innerText(),
  }
}

test('counts calls as RFC 6076 does, and says what was left out', async ({ page, live, hep }) => {
  const answered = Array.from({ length: 3 }, () => new SipCall({ callId: freshName('answered') }))
  for (const call of answered) {
    for (const packet of [call.invite(), call.ringing(), call.answer(), call.ack(), call.bye(), call.byeAnswer()]) {
      await hep.send(packet)
    }
  }
  await hep.send(new SipCall({ callId: freshName('rings') }).invite())
  const unseen = new SipCall({ callId: freshName('unseen') })
  await hep.send(unseen.bye())
  await expect(live.calls).toHaveCount(5)

  await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Figures' }).click()
  await expect(page.getByText('3 calls whose fate is known')).toBeVisible()
  await expect(page.getByText('1 not decided yet')).toBeVisible()
  await expect(page.getByText('1 left out, for messages of them are missing')).toBeVisible()
  expect(await figure(page, 'SER')).toEqual({ value: '100.0 %', of: '3 of 3' })
  expect(await figure(page, 'ISA')).toEqual({ value: '0.0 %', of: '0 of 3' })
  expect(await figure(page, 'SCR')).toEqual({ value: '100.0 %', of: '3 of 3' })
  await page.getByRole('button', { name: 'Formulas' }).click()
  await expect(page.getByText('(408 + 500 + 503 + 504) ÷ all · RFC 6076, 4.8')).toBeVisible()
  await expect(page.locator('figure canvas')).toHaveCount(2)
})

test('shows each peer against its own hour', async ({ page, stage, server, live }) => {
  await runHepscope(stage, [
    ...['gen', '--to', server.udpTarget, '--calls', '24', '--cps', '60', '--speed', '20', '--duration-scale', '0.05'],
    ...['--scenario', 'answered,busy', '--seed', '7'],
  ]).succeeds(60_000)
  await expect(live.calls.first()).toBeVisible()
  await page.goto('/#/figures')
  const row = page.getByRole('region', { name: 'Peers' }).getByRole('row').nth(1)
  await expect(row).toContainText(/\d+\.\d+\.\d+\.\d+/)
})

test('looks as it should, both themes and on a phone', async ({ page, stage, server, live }) => {
  await expect(live.list).toBeVisible()
  await page.goto('/#/figures')
  await expect(page.getByText('No call began in the last 15 minutes')).toBeVisible()
  await page.screenshot({ path: test.info().outputPath('figures-empty.png') })
  await runHepscope(stage, [
    ...['gen', '--to', server.udpTarget, '--calls', '60', '--cps', '30', '--speed', '10', '--duration-scale', '0.05'],
    ...['--scenario', 'answered,busy,declined,not-found,server-failure,cancelled,redirect', '--seed', '3'],
  ]).succeeds(60_000)
  await expect(page.getByText(/^[1-9]\d* calls whose fate is known/)).toBeVisible()
  for (const theme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme: theme })
    await page.setViewportSize({ width: 1400, height: 900 })
    await page.screenshot({ path: test.info().outputPath(`figures-${theme}.png`) })
    await page.setViewportSize({ width: 390, height: 844 })
    await page.screenshot({ path: test.info().outputPath(`figures-phone-${theme}.png`) })
    const overflowPx = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    )
    expect(overflowPx).toBe(0)
  }
})
