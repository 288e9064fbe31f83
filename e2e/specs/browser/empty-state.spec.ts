import { expect, test } from '../../test.ts'

test.beforeEach(({ deployment }) => {
  test.skip(deployment.own === undefined, 'needs a server that has heard nothing yet')
})

test('says that nothing has arrived, and where to send it', async ({ page, live, deployment }) => {
  await expect(page.getByRole('heading', { name: 'Nothing has arrived yet' })).toBeVisible()
  await expect(page.getByText('has not received a single packet')).toBeVisible()
  await expect(page.getByText(`:${deployment.hep.port}`).first()).toBeVisible()
  await expect(live.calls).toHaveCount(0)
})

test('plays sample calls', async ({ page, live }) => {
  await page.getByRole('button', { name: 'Play sample calls' }).click()
  await expect(live.calls.first()).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Nothing has arrived yet' })).toHaveCount(0)
  await expect(live.list.locator('[data-state=in-call], [data-state=ringing]').first()).toBeVisible({ timeout: 20_000 })
})

test('says what it turned away', async ({ page, live, hep }) => {
  await hep.sendBytes(new TextEncoder().encode('OPTIONS sip:me@example.com SIP/2.0\r\n\r\n'))
  await expect(page.getByText('Packets that are not HEP were turned away: 1 × unknown-format')).toBeVisible()
  await expect(live.calls).toHaveCount(0)
})
