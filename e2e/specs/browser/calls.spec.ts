import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '../../test.ts'
import { freshName, SipCall } from '../../hep/sip-call.ts'
import { runHepscope } from '../../server/command-line.ts'

test('shows calls as they arrive, and how they end', async ({ stage, live, deployment }) => {
  const ledger = join(stage.directory(), 'ledger.jsonl')
  const { host, port } = deployment.hep
  const gen = runHepscope(stage, [
    'gen',
    ...['--to', `udp://${host.includes(':') ? `[${host}]` : host}:${port}`],
    ...['--calls', '20', '--cps', '40', '--speed', '8', '--duration-scale', '0.2'],
    ...['--scenario', 'answered,busy,cancelled'],
    ...['--seed', String(Date.now()), '--ledger', ledger],
  ])
  await gen.saying(/sent 20 of 20 calls/, 45_000)
  await gen.succeeds(5000)

  const records = readFileSync(ledger, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { callId: string; expectedState: string })
  expect(records).toHaveLength(20)
  for (const { callId, expectedState } of records) {
    await live.filter.fill(`callid:"${callId}"`)
    await expect(live.call(callId)).toHaveAttribute('data-state', expectedState)
  }
})

test('changes the state of a call with each message', async ({ live, hep }) => {
  const call = new SipCall({ callId: freshName('states') })
  await live.filter.fill(`callid:${call.callId}`)
  const row = live.call(call.callId)
  const steps = [
    [call.invite(), 'setup'],
    [call.ringing(), 'ringing'],
    [call.answer(), 'in-call'],
    [call.ack(), 'in-call'],
    [call.bye(), 'ended'],
    [call.byeAnswer(), 'ended'],
  ] as const
  for (const [index, [packet, state]] of steps.entries()) {
    await hep.send(packet)
    await expect(row).toHaveAttribute('data-state', state)
    await expect(row.getByRole('gridcell').last()).toHaveText(String(index + 1))
  }
  await expect(row).toContainText('alice')
  await expect(row).toContainText('bob')
})

test('narrows the list by method, by user and by message, and says where a filter is wrong', async ({
  page,
  live,
  hep,
}) => {
  const mark = freshName('f')
  const busy = new SipCall({ callId: `${mark}-1`, fromUser: `${mark}-anna` })
  const ended = new SipCall({ callId: `${mark}-2`, fromUser: `${mark}-otto` })
  await hep.send(busy.invite(), busy.busy(), busy.ack())
  await hep.send(ended.invite(), ended.answer(), ended.ack(), ended.bye(), ended.byeAnswer())

  await live.filter.fill(`callid:${mark}*`)
  await expect(live.calls).toHaveCount(2)
  await live.filter.fill(`callid:${mark}* method:BYE`)
  await expect(live.calls).toHaveCount(1)
  await expect(live.call(ended.callId)).toBeVisible()
  await live.filter.fill(`callid:${mark}* code:4xx`)
  await expect(live.call(busy.callId)).toBeVisible()
  await expect(live.calls).toHaveCount(1)
  await live.filter.fill(`from:${mark}-anna`)
  await expect(live.call(busy.callId)).toBeVisible()
  await expect(live.calls).toHaveCount(1)

  await live.filter.fill('method:INVITE and (')
  await expect(live.filter).toHaveAttribute('aria-invalid', 'true')
  await expect(page.locator('#filter-fault')).toContainText(/at character \d+/)
  await live.filter.press('Escape')
  await expect(live.filter).toHaveValue('')
  await expect(live.filter).toHaveAttribute('aria-invalid', 'false')

  await live.filter.fill(`callid:${mark}-none`)
  await expect(page.getByText('Nothing matches the filter')).toBeVisible()
  await page.getByRole('button', { name: 'Clear the filter' }).last().click()
  await expect(live.call(busy.callId)).toBeVisible()
})

test('keeps the filter in the address', async ({ page, live, hep }) => {
  const mark = freshName('address')
  const [one, other] = [new SipCall({ callId: `${mark}-1` }), new SipCall({ callId: `${mark}-2` })]
  await hep.send(one.invite(), other.invite())
  await live.filter.fill(`callid:${one.callId}`)
  await expect(live.calls).toHaveCount(1)
  await expect(page).toHaveURL(/#q=/)
  await page.reload()
  await expect(live.filter).toHaveValue(`callid:${one.callId}`)
  await expect(live.call(one.callId)).toBeVisible()
  await expect(live.calls).toHaveCount(1)
})

test('stands still while paused, counts what waits, and goes on', async ({ page, live, hep }) => {
  const mark = freshName('pause')
  await live.filter.fill(`callid:${mark}*`)
  const first = new SipCall({ callId: `${mark}-0` })
  await hep.send(first.invite())
  await expect(live.call(first.callId)).toBeVisible()

  await live.list.press('p')
  await expect(live.connection).toContainText('Paused')
  const later = [1, 2, 3].map((n) => new SipCall({ callId: `${mark}-${n}` }))
  for (const call of later) await hep.send(call.invite())
  await expect(page.getByRole('button', { name: /3 waiting/ }).last()).toBeVisible()
  await expect(live.calls).toHaveCount(1)

  await page
    .getByRole('button', { name: /3 waiting/ })
    .last()
    .click()
  await expect(live.connection).toContainText('Live')
  await expect(live.calls).toHaveCount(4)
  // The newest on top.
  await expect(live.list.getByRole('row').nth(1)).toHaveAttribute('data-call-id', `${mark}-3`)
})
