import { expect, test } from '../../test.ts'
import { LiveView } from '../../page/live-view.ts'

test('turns a wrong password away with a plain message, then lets the right one in', async ({
  page,
  faults,
  deployment,
}) => {
  faults.expect(/status of 401/)
  await page.goto('/')
  await expect(page.getByRole('button', { name: 'Log in' })).toBeVisible()

  await page.getByLabel('User name').fill(deployment.username)
  await page.getByLabel('Password').fill('not the password')
  await page.getByRole('button', { name: 'Log in' }).click()
  await expect(page.getByRole('alert')).toContainText('Wrong user name or password')

  await page.getByLabel('Password').fill(deployment.password)
  await page.getByLabel('Password').press('Enter')
  await new LiveView(page, faults).isLive()
})

test('keeps the session over a reload and ends it at log out', async ({ page, live }) => {
  live.faults.expect(/status of 401/)
  await page.reload()
  await live.isLive()

  await page.getByText('admin', { exact: true }).click()
  await page.getByRole('button', { name: 'Log out' }).click()
  await expect(page.getByRole('button', { name: 'Log in' })).toBeVisible()
  await page.reload()
  await expect(page.getByRole('button', { name: 'Log in' })).toBeVisible()
})
