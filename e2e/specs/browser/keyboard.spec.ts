import { expect, test } from '../../test.ts'
import { freshName, SipCall } from '../../hep/sip-call.ts'

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
