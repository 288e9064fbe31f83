import { expect, test } from '../../test.ts'
import { freshName, SipCall } from '../../hep/sip-call.ts'

test('chooses, moves and sizes columns with the keyboard, keeps them, and sorts by them', async ({
  page,
  live,
  hep,
}) => {
  const mark = freshName('columns')
  const [busy, ended] = [new SipCall({ callId: `${mark}-1` }), new SipCall({ callId: `${mark}-2` })]
  await hep.send(busy.invite(), busy.busy(), busy.ack())
  await hep.send(ended.invite(), ended.answer(), ended.ack(), ended.bye(), ended.byeAnswer())
  await live.filter.fill(`callid:${mark}*`)
  await expect(live.calls).toHaveCount(2)
  await live.filter.press('Enter')

  const heads = live.list.getByRole('columnheader')
  await page.keyboard.press('t')
  await page.getByRole('checkbox', { name: 'Answer', exact: true }).press('Space')
  await page.getByRole('checkbox', { name: 'Route', exact: true }).press('Space')
  const answer = page.getByRole('checkbox', { name: 'Answer', exact: true })
  for (let i = 0; i < 6; i++) await answer.press('Alt+ArrowUp')
  await page.getByRole('spinbutton', { name: 'Width of Answer' }).fill('200')
  await page.getByRole('spinbutton', { name: 'Width of Answer' }).press('Tab')
  await page.keyboard.press('Escape')
  await expect(heads.nth(1)).toContainText('Answer')
  await expect(heads.filter({ hasText: 'Route' })).toHaveCount(0)
  expect(Math.round((await heads.nth(1).boundingBox())?.width ?? 0)).toBe(200)
  await expect(live.call(busy.callId).getByRole('gridcell').nth(1)).toHaveText('486 Busy Here')

  await page.goto('/')
  await expect(heads.nth(1)).toContainText('Answer')
  await live.filter.fill(`callid:${mark}*`)
  await heads.nth(1).getByRole('button').click()
  await expect(heads.nth(1)).toHaveAttribute('aria-sort', 'descending')
  await expect(live.calls.first()).toHaveAttribute('data-call-id', busy.callId)
})

test('narrows to a problem by the menu and by completion, and counts it', async ({ page, live, hep }) => {
  const mark = freshName('problem')
  const [one, other] = [new SipCall({ callId: `${mark}-1` }), new SipCall({ callId: `${mark}-2` })]
  await hep.send(one.invite(), one.answer(), one.ack(), one.bye(), one.byeAnswer())
  await hep.send(other.invite(), other.ringing())
  await live.filter.fill(`callid:${mark}*`)
  await expect(live.calls).toHaveCount(2)

  await page.locator('summary', { hasText: 'Problems' }).click()
  const short = page.getByRole('button', { name: /^short call/ })
  await expect(short).toContainText(/[1-9]/)
  await short.click()
  await expect(live.filter).toHaveValue(`callid:${mark}* is:short-call`)
  await expect(live.calls).toHaveCount(1)
  await expect(live.call(one.callId)).toBeVisible()
  await short.click()
  await expect(live.filter).toHaveValue(`callid:${mark}*`)

  await live.filter.fill(`callid:${mark}* state:ring`)
  await live.filter.press('ArrowDown')
  await live.filter.press('Enter')
  await expect(live.filter).toHaveValue(`callid:${mark}* state:ringing `)
  await expect(live.calls).toHaveCount(1)
  await expect(live.call(other.callId)).toBeVisible()
  await live.filter.press('Enter')
  await live.list.press('i')
  await expect(page.getByRole('dialog', { name: 'Statistics' })).toContainText('INVITE')
})
