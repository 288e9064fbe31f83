import { readFileSync } from 'node:fs'
import { CaptureMessages, readMessages } from '@hepscope/shared/pcap/messages.ts'
import { PcapTransport } from '@hepscope/shared/pcap/transport.ts'
import { freshName, SipCall } from '../../hep/sip-call.ts'
import { expect, test } from '../../test.ts'

/** What must not be told; the mark of the test is in the Call-ID. */
const SECRETS = /\+49301234567|secretary|example\.com|10\.0\.0\.[12]/

test('masks who talks to whom everywhere, the same way, and in files', async ({ page, live, hep }) => {
  const mark = freshName('privacy')
  const call = new SipCall({ callId: `${mark}@10.0.0.1`, fromUser: '+49301234567', toUser: 'secretary' })
  const again = new SipCall({ callId: `${mark}-2@10.0.0.1`, fromUser: '+49301234567', toUser: 'somebody' })
  await hep.send(call.invite(), call.ringing(), call.answer(), call.ack(), call.bye(), call.byeAnswer(), again.invite())
  await live.filter.fill(`callid:${mark}*`)
  await expect(live.calls).toHaveCount(2)
  await live.filter.fill('')
  await live.list.press('t')
  for (const name of ['Source', 'Destination', 'Call-ID', 'User agent']) {
    await page.getByRole('dialog').getByLabel(name, { exact: true }).check()
  }
  await page.keyboard.press('Escape')
  await live.call(`${mark}@10.0.0.1`).click()
  await expect(live.arrows).toHaveCount(6)
  const shown = () =>
    page.evaluate(() => {
      const titles = [...document.querySelectorAll('[title], [data-call-id], [aria-label]')].flatMap((element) =>
        ['title', 'data-call-id', 'aria-label'].map((name) => element.getAttribute(name) ?? ''),
      )
      return [document.title, document.body.textContent, ...titles].join('\n')
    })
  expect(await shown()).toMatch(SECRETS)
  await live.ladder.locator('[data-lane="10.0.0.2:5062"]').getByRole('button').first().click()
  await page.getByRole('button', { name: 'Pin at the left' }).click()
  await live.filter.fill('from:+49301234567')
  await expect(page).toHaveURL(/q=from.*pin%3D10\.0\.0\.2/)

  await live.ladder.focus()
  await page.keyboard.press('Control+Alt+p')
  await expect(page.getByRole('button', { name: 'Masked' })).toBeVisible()
  await expect(live.arrows).toHaveCount(6)
  await expect(live.ladder).toBeFocused()
  await expect(live.message).toContainText('INVITE sip:u-')
  expect(await shown()).not.toMatch(SECRETS)
  const addresses = () =>
    page.evaluate(() => [location.href, ...[...document.links].map((link) => link.href)].join('\n'))
  expect(await addresses()).not.toMatch(SECRETS)
  await expect(live.filter).toHaveValue('from:+49301234567')
  await expect(page.locator('search')).toContainText('from:••••••••••••')
  await expect(live.ladder.getByRole('columnheader').filter({ hasText: '⇤' })).toHaveCount(1)
  const [caller = ''] = /n-[a-z]{7}/.exec(await live.message.innerText()) ?? []
  expect(caller).not.toBe('')
  // The same number in two calls is the same pseudonym.
  await expect(live.calls.filter({ hasText: caller })).toHaveCount(2)

  const downloading = page.waitForEvent('download')
  await page.keyboard.press('Control+k')
  await page.keyboard.type('messages pcap')
  await page.keyboard.press('Enter')
  const download = await downloading
  expect(download.suggestedFilename()).not.toMatch(SECRETS)
  const bytes = readFileSync(await download.path())
  const messages = [...readMessages(bytes, new PcapTransport(), new CaptureMessages())]
  const texts = messages.map((message) => `${message.srcIp} ${message.dstIp} ${Buffer.from(message.bytes).toString()}`)
  expect(texts).toHaveLength(6)
  expect(texts.join('\n')).not.toMatch(SECRETS)
  expect(texts.every((text) => text.includes(`<sip:${caller}@`))).toBe(true)
  await page.keyboard.press('Escape')

  // It outlives a reload, for the screen is still shared then.
  await page.reload()
  await live.isLive()
  await expect(live.arrows).toHaveCount(6)
  await expect(live.ladder.getByRole('columnheader').filter({ hasText: '⇤' })).toHaveCount(1)
  expect(await addresses()).not.toMatch(SECRETS)
  expect(await shown()).not.toMatch(SECRETS)
  await expect(live.calls.filter({ hasText: caller })).toHaveCount(2)
  for (const name of ['Figures', 'Search', 'Capture']) {
    await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name }).click()
    await page.waitForTimeout(1500)
    expect(await shown(), name).not.toMatch(SECRETS)
    expect(await addresses(), name).not.toMatch(SECRETS)
  }
  await page.getByRole('button', { name: 'Masked' }).click()
  await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Live' }).click()
  await expect(live.message).toContainText('INVITE sip:secretary')
  await expect(page).toHaveURL(/q=from.*pin%3D10\.0\.0\.2/)
})
