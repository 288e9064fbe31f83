import { freshName, SipCall } from '../../hep/sip-call.ts'
import { LiveView } from '../../page/live-view.ts'
import { PageFaults } from '../../page/page-faults.ts'
import { expect, test } from '../../test.ts'

test('opens the same in another browser: filter, order, call, message, lanes, zone', async ({
  page,
  live,
  hep,
  browser,
  baseURL,
  deployment,
}) => {
  const mark = freshName('link')
  const [one, other] = [new SipCall({ callId: `${mark}-1` }), new SipCall({ callId: `${mark}-2` })]
  await hep.send(one.invite(), one.ringing(), other.invite())
  await live.filter.fill(`callid:${mark}*`)
  await expect(live.calls).toHaveCount(2)
  await live.list.getByRole('button', { name: /^From/ }).click()
  await live.call(one.callId).click()
  await live.arrows.filter({ hasText: '180 Ringing' }).click()
  await live.ladder.press('w')
  await expect(live.ladder).toContainText('Δ start')
  await page.getByRole('button', { name: /Time zone/ }).click()
  await expect(page).toHaveURL(/zone=local/)

  const context = await browser.newContext({ baseURL: baseURL ?? '' })
  const second = await context.newPage()
  const faults = new PageFaults(second)
  const elsewhere = new LiveView(second, faults)
  await elsewhere.logIn(deployment)
  await elsewhere.open(page.url())
  await expect(elsewhere.filter).toHaveValue(`callid:${mark}*`)
  await expect(elsewhere.list.getByRole('columnheader', { name: /^From/ })).toHaveAttribute('aria-sort', 'ascending')
  await expect(elsewhere.calls).toHaveCount(2)
  await expect(elsewhere.arrows).toHaveCount(2)
  await expect(elsewhere.message).toContainText('SIP/2.0 180 Ringing')
  await expect(elsewhere.ladder).toContainText('Δ start')
  expect(new URL(second.url()).hash).toBe(new URL(page.url()).hash)
  expect(faults.unexpected()).toEqual([])
  await context.close()
})

test('copies a link that names the zone', async ({ page, live, context, hep }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const call = new SipCall({ callId: freshName('copy') })
  await hep.send(call.invite())
  await live.filter.fill(`callid:${call.callId}`)
  await live.call(call.callId).click()
  await expect(live.arrows).toHaveCount(1)
  await page.getByRole('button', { name: 'Link', exact: true }).click()
  await expect(page.getByRole('button', { name: '✓ Copied' })).toBeVisible()
  const link = new URL(await page.evaluate(() => navigator.clipboard.readText()))
  const query = new URLSearchParams(link.hash.slice(1))
  expect(query.get('call')).toBe(call.callId)
  expect(query.get('zone')).toBe('utc')
})

test('leaves out of an address what makes no sense, and says so', async ({ page, live, hep }) => {
  const call = new SipCall({ callId: freshName('bad') })
  await hep.send(call.invite())
  await page.goto('about:blank')
  await live.open(`/#q=callid:${call.callId}&sort=-nonsense&at=yesterday&t=x`)
  await expect(live.calls).toHaveCount(1)
  await expect(
    page.getByText('Left out of the address, for it made no sense: sort=-nonsense, at=yesterday, t=x'),
  ).toBeVisible()
  await page.getByRole('button', { name: 'Dismiss' }).click()
  await expect(page.getByText('Left out of the address')).toHaveCount(0)
})

test('finds each view as it was left, and goes back by the browser', async ({ page, live }) => {
  await live.filter.fill('user:alice')
  await expect(page).toHaveURL(/#q=user/)
  await page.getByRole('link', { name: 'Search' }).click()
  await expect(live.filter).toHaveValue('')
  await live.filter.fill('code:486')
  await expect(page).toHaveURL(/#\/search\?q=code/)
  await page.getByRole('link', { name: 'Live' }).click()
  await expect(live.filter).toHaveValue('user:alice')
  await page.goBack()
  await expect(live.filter).toHaveValue('code:486')
  await page.goForward()
  await expect(live.filter).toHaveValue('user:alice')
})
