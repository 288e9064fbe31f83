import { freshName, SipCall } from '../../hep/sip-call.ts'
import { expect, test } from '../../test.ts'

test('finds every command by a part of its name, and knows what can be done now', async ({ page, live, hep }) => {
  const mark = freshName('palette')
  const call = new SipCall({ callId: mark })
  await hep.send(call.invite(), call.busy(), call.ack())
  await live.filter.fill(`callid:${mark}`)
  await expect(live.calls).toHaveCount(1)
  await live.list.focus()
  const palette = page.getByRole('dialog', { name: 'Commands' })
  const field = page.getByRole('combobox', { name: 'Command' })
  const options = palette.getByRole('option')
  const chosen = palette.getByRole('option', { selected: true })

  await page.keyboard.press(':')
  await expect(field).toBeFocused()
  await page.keyboard.type('stati')
  await expect(chosen).toContainText('Statistics')
  await expect(field).toHaveAttribute('aria-activedescendant', (await chosen.getAttribute('id')) ?? '')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog', { name: 'Statistics' })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(live.list).toBeFocused()

  // Without a ladder there is nothing to be done with one.
  await page.keyboard.press('Control+k')
  await page.keyboard.type('lanes by')
  await expect(options).toHaveCount(0)
  await expect(palette).toContainText('Nothing that can be done now')
  await page.keyboard.press('Escape')
  await expect(palette).toHaveCount(0)
  await live.list.press('j')
  await live.list.press('Enter')
  await expect(live.ladder).toBeFocused()
  await page.keyboard.press('Control+k')
  await page.keyboard.type('lanes by')
  await page.keyboard.press('Enter')
  await expect(live.ladder).toBeFocused()
  await expect(page).toHaveURL(/ladder=lanes/)

  await page.keyboard.press(':')
  await page.keyboard.type('problem failed')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Enter')
  await expect(live.filter).toHaveValue(`callid:${mark} is:failed`)

  await page.keyboard.press('Control+k')
  await page.keyboard.type('capture: does')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/#\/ops/)
  await expect(page.getByRole('button', { name: 'Check the listeners' })).toBeVisible()
  await page.keyboard.press('Control+k')
  await page.keyboard.type('check the listeners')
  await page.keyboard.press('Enter')
  await expect(page.getByLabel('Results of the check')).toContainText('arrived after')
  await page.keyboard.press(':')
  await page.keyboard.type('figures: service')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: '15 min' })).toBeVisible()
  await page.keyboard.press(':')
  await page.keyboard.type('figures last 60')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: '60 min' })).toHaveAttribute('aria-pressed', 'true')
  await page.keyboard.press(':')
  await page.keyboard.type('search: stored')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'Messages' })).toBeVisible()
  await page.keyboard.press(':')
  await page.keyboard.type('search messages')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/#\/search\?.*list=messages/)
})

test('takes the name of a view as a path', async ({ page, live }) => {
  await live.isLive()
  await page.goto('/ops')
  await expect(page.getByRole('list', { name: 'Findings' })).toBeVisible()
  await expect(page).toHaveURL(/\/#\/ops$/)
})

test('shows the keys of what is on the screen', async ({ page, live }) => {
  await live.list.press('?')
  const sheet = page.getByRole('dialog', { name: 'Keys' })
  await expect(sheet.getByRole('heading', { level: 3 })).toContainText([
    'This view',
    'List',
    'Ladder',
    'Message',
    'Page',
  ])
  await page.keyboard.press('Escape')
  await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Capture' }).click()
  await expect(page.getByRole('list', { name: 'Findings' })).toBeVisible()
  await page.keyboard.press('F1')
  await expect(sheet.getByRole('heading', { level: 3 })).toHaveText(['Page'])
})
