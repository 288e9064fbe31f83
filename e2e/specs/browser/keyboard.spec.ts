import { readFileSync } from 'node:fs'
import { CaptureMessages, readMessages } from '@hepscope/shared/pcap/messages.ts'
import { PcapTransport } from '@hepscope/shared/pcap/transport.ts'
import { freshName, SipCall } from '../../hep/sip-call.ts'
import { expect, test } from '../../test.ts'

test('is usable from login to message text without a pointer', async ({ page, faults, deployment, hep }) => {
  faults.expect(/status of 401/)
  const mark = freshName('keys')
  const [first, second] = [new SipCall({ callId: `${mark}-1` }), new SipCall({ callId: `${mark}-2` })]
  await hep.send(first.invite(), first.ringing(), second.invite())
  const { keyboard } = page

  await page.goto('/')
  await expect(page.getByLabel('User name')).toBeFocused()
  await keyboard.type(deployment.username)
  await keyboard.press('Tab')
  await keyboard.type(deployment.password)
  await keyboard.press('Enter')
  await expect(page.locator('[data-connection=live]')).toBeVisible()

  await keyboard.press('/')
  await expect(page.getByRole('combobox', { name: 'Filter' })).toBeFocused()
  await keyboard.type(`callid:${mark}*`)
  const rows = page.locator('[data-call-id]')
  await expect(rows).toHaveCount(2)
  await keyboard.press('Enter')
  await expect(page.getByRole('grid', { name: 'Calls' })).toBeFocused()

  // Newest on top: the second row is the call that came first.
  await keyboard.press('ArrowDown')
  await keyboard.press('ArrowDown')
  await keyboard.press('Enter')
  const ladder = page.getByRole('grid', { name: 'Ladder' })
  await expect(ladder).toBeFocused()
  const arrows = ladder.locator('[data-seq]')
  await expect(arrows).toHaveCount(2)
  const message = page.getByRole('region', { name: 'Message', exact: true })
  await keyboard.press('End')
  await expect(arrows.nth(1)).toHaveAttribute('aria-selected', 'true')
  await expect(message).toContainText('SIP/2.0 180 Ringing')
  await keyboard.press('ArrowUp')
  await expect(message).toContainText('INVITE sip:')

  await keyboard.press('Escape')
  await expect(ladder).toHaveCount(0)
  await expect(page.getByRole('grid', { name: 'Calls' })).toBeFocused()
  await keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible()
  await keyboard.press('Escape')
  await expect(page.getByRole('dialog', { name: 'Keys' })).toHaveCount(0)
})

test('a person who knows sngrep finds a failed call, compares two messages and saves a PCAP, by keys alone', async ({
  page,
  live,
  hep,
}) => {
  const mark = freshName('sngrep')
  const good = new SipCall({ callId: `${mark}-good` })
  const failed = new SipCall({ callId: `${mark}-failed`, toUser: 'nobody' })
  const packets = [failed.invite(), failed.trying(), failed.failure(), failed.ack()]
  await hep.send(good.invite(), good.answer(), good.ack(), ...packets)
  const { keyboard } = page

  // Filter as in sngrep: F7, and the word of the preset.
  await keyboard.press('F7')
  await expect(live.filter).toBeFocused()
  await keyboard.type(`callid:${mark}* is:failed`)
  await expect(live.calls).toHaveCount(1)
  await keyboard.press('Enter')
  await expect(live.list).toBeFocused()
  await keyboard.press('j')
  await keyboard.press('Enter')
  await expect(live.ladder).toBeFocused()
  await expect(live.arrows).toHaveCount(4)

  await keyboard.press('Home')
  await keyboard.press('Space')
  await keyboard.press('End')
  await keyboard.press('Space')
  const tab = live.message.getByRole('tab', { name: 'Compare' })
  await expect(tab).toHaveAttribute('aria-selected', 'true')
  await expect(live.message).toContainText('INVITE sip:nobody')
  await expect(live.message).toContainText('ACK sip:nobody')
  // The focus is to be seen wherever it goes.
  await keyboard.press('Tab')
  const outline = await page.evaluate(() => {
    const style = getComputedStyle(document.activeElement ?? document.body)
    return document.activeElement === document.body ? '' : style.outlineStyle
  })
  expect(outline).toBe('solid')

  const downloading = page.waitForEvent('download')
  await keyboard.press('Control+k')
  await expect(page.getByRole('combobox', { name: 'Command' })).toBeFocused()
  await keyboard.type('pcap')
  await keyboard.press('Enter')
  const download = await downloading
  expect(download.suggestedFilename()).toBe(`hepscope_${mark}-failed.pcap`)
  const bytes = readFileSync(await download.path())
  const messages = [...readMessages(bytes, new PcapTransport(), new CaptureMessages())]
  expect(messages.map((message) => ({ tsUs: message.tsUs, text: Buffer.from(message.bytes).toString() }))).toEqual(
    packets.map(({ tsUs, payload }) => ({ tsUs, text: Buffer.from(payload ?? []).toString() })),
  )
  const dialog = page.getByRole('dialog', { name: 'Export' })
  await expect(dialog).toContainText('4 messages')
  await keyboard.press('Escape')
  await expect(dialog).toHaveCount(0)
  await live.ladder.focus()
  await keyboard.press('q')
  await expect(live.list).toBeFocused()
})

test('a dialog stays open that takes the place of one just closed', async ({ page, live }) => {
  await live.list.press('i')
  await expect(page.getByRole('dialog', { name: 'Statistics' })).toBeVisible()
  // Both within a frame, at whose end the first one tells that it was closed.
  await live.list.evaluate((list) => {
    document.querySelector('dialog')?.close()
    list.dispatchEvent(new KeyboardEvent('keydown', { key: 't', bubbles: true, cancelable: true }))
  })
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
  await expect(page.getByRole('dialog', { name: 'Columns' })).toBeVisible()
})
