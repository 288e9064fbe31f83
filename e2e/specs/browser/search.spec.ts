import { freshName, SipCall } from '../../hep/sip-call.ts'
import { expect, test } from '../../test.ts'

test('finds stored calls and messages by the same expression, and opens them', async ({ page, live, hep }) => {
  const mark = freshName('search')
  const busy = new SipCall({ callId: `${mark}-1`, fromUser: `${mark}-anna` })
  const ended = new SipCall({ callId: `${mark}-2`, fromUser: `${mark}-otto` })
  await hep.send(busy.invite(), busy.busy(), busy.ack())
  await hep.send(ended.invite(), ended.ringing(), ended.answer(), ended.ack(), ended.bye(), ended.byeAnswer())
  await live.filter.fill(`callid:${mark}*`)
  await expect(live.calls).toHaveCount(2)

  await page.getByRole('link', { name: 'Search' }).click()
  await expect(page).toHaveURL(/#\/search/)
  await live.filter.fill(`callid:${mark}*`)
  const again = page.getByRole('button', { name: 'Search again' })
  // What was captured a moment ago may not be stored yet.
  await expect(async () => {
    await again.click()
    await expect(live.calls).toHaveCount(2, { timeout: 2000 })
  }).toPass()
  await expect(live.call(busy.callId)).toHaveAttribute('data-state', 'busy')
  await expect(live.call(ended.callId)).toHaveAttribute('data-state', 'ended')

  await live.filter.fill(`callid:${mark}* code:486`)
  await expect(live.calls).toHaveCount(1)
  await live.call(busy.callId).click()
  await expect(live.arrows).toHaveCount(3)
  await expect(live.message).toContainText('INVITE sip:')

  await page.getByRole('button', { name: 'Messages' }).click()
  const messages = page.getByRole('grid', { name: 'Messages' })
  await expect(messages.locator('[data-message]')).toHaveCount(1)
  await live.filter.fill(`callid:${mark}* code:180`)
  await expect(messages.locator('[data-message]')).toContainText('180 Ringing')
  await messages.locator('[data-message]').click()
  await expect(live.message).toContainText('SIP/2.0 180 Ringing')
  await expect(live.arrows).toHaveCount(6)
})

test('says in words that nothing is found, and when it searched', async ({ page, live }) => {
  await page.goto('/#/search')
  // Until it is there, the filter is that of the live calls.
  await expect(page.getByRole('region', { name: 'Search' })).toBeVisible()
  await live.filter.fill('callid:nobody-has-this')
  await expect(page.getByText('Nothing found')).toBeVisible()
  await expect(page.getByText(/No call between .* UTC and .* UTC that the filter lets pass/)).toBeVisible()
  await page.getByRole('combobox', { name: 'Time range' }).selectOption({ label: 'Custom…' })
  await page.getByLabel('From, UTC').fill('2001-02-03T04:05:06')
  await page.getByLabel('To, UTC').fill('2001-02-03T04:06:00')
  await expect(page.getByText('No call between 2001-02-03 04:05:06 UTC and 2001-02-03 04:06:00 UTC')).toBeVisible()
  await expect(page).toHaveURL(/from=981173106000/)
})

test('shows calls of the store below those in memory, each once', async ({ page, live, hep }) => {
  const mark = freshName('seam')
  const before = new SipCall({ callId: `${mark}-before` })
  const after = new SipCall({ callId: `${mark}-after` })
  await hep.send(before.invite(), before.answer(), before.ack())
  // A page begins with the last 5,000 events: the first call is in the store alone then.
  await hep.send(after.invite())
  for (let n = 0; n < 5200; n++) await hep.send(after.ringing())
  const address = `/#q=callid:${mark}*`
  await expect(async () => {
    await page.goto('about:blank')
    await live.open(address)
    await expect(live.calls).toHaveCount(2, { timeout: 3000 })
  }).toPass()
  const top = live.list.getByRole('row').nth(1)
  await expect(top).toHaveAttribute('data-call-id', after.callId)
  await expect(live.call(before.callId)).toHaveAttribute('data-state', 'in-call')
  await live.call(before.callId).click()
  await expect(live.arrows).toHaveCount(3)

  // It goes on, so it is followed live now, and still there once.
  await hep.send(before.bye(), before.byeAnswer())
  await expect(live.arrows).toHaveCount(5)
  await expect(top).toHaveAttribute('data-call-id', before.callId)
  await expect(live.calls).toHaveCount(2)
})

test('says that the list stands at calls of the store, and how many wait', async ({ page, live, hep }) => {
  const mark = freshName('history')
  const before = new SipCall({ callId: `${mark}-before` })
  await hep.send(before.invite(), before.answer(), before.ack())
  const after = new SipCall({ callId: `${mark}-after` })
  await hep.send(after.invite())
  for (let n = 0; n < 5200; n++) await hep.send(after.ringing())
  await expect(async () => {
    await page.goto('about:blank')
    await live.open(`/#q=callid:${mark}*`)
    await expect(live.calls).toHaveCount(2, { timeout: 3000 })
  }).toPass()
  await expect(live.connection).toHaveAttribute('data-list-state', 'live')
  await live.list.press('End')
  await expect(live.connection).toContainText('History')
  await hep.send(new SipCall({ callId: `${mark}-new` }).invite(), new SipCall({ callId: `${mark}-newer` }).invite())
  await expect(live.connection).toContainText('2 waiting')
  await expect(live.calls).toHaveCount(2)
  await live.connection.click()
  await expect(live.connection).toContainText('Live')
  await expect(live.calls).toHaveCount(4)
})

test('replays stored calls as they were at a moment', async ({ page, live, hep }) => {
  const call = new SipCall({ callId: freshName('replay') })
  const packets = [call.invite(), call.ringing(), call.answer(), call.ack(), call.bye(), call.byeAnswer()]
  const startUs = (Math.floor(Date.now() / 1000) - 60) * 1_000_000
  await hep.send(...packets.map((packet, i) => ({ ...packet, tsUs: startUs + i * 1_000_000 })))
  await live.filter.fill(`callid:${call.callId}`)
  await expect(live.call(call.callId)).toHaveAttribute('data-state', 'ended')

  const fromMs = startUs / 1000 - 1000
  const address = `/#/replay?q=callid:${call.callId}&from=${fromMs}&to=${fromMs + 30_000}&t=${startUs + 1_500_000}`
  await expect(async () => {
    await page.goto('about:blank')
    await page.goto(address)
    await expect(live.call(call.callId)).toHaveAttribute('data-state', 'ringing', { timeout: 3000 })
  }).toPass()
  await live.call(call.callId).click()
  await expect(live.arrows).toHaveCount(2)
  await live.list.press('.')
  await expect(live.call(call.callId)).toHaveAttribute('data-state', 'in-call')
  await expect(live.arrows).toHaveCount(3)
  await live.list.press(',')
  await expect(live.call(call.callId)).toHaveAttribute('data-state', 'ringing')
  await expect(live.arrows).toHaveCount(2)
  await page.getByRole('button', { name: 'To the end' }).click()
  await expect(live.call(call.callId)).toHaveAttribute('data-state', 'ended')
  await expect(live.arrows).toHaveCount(6)
})
