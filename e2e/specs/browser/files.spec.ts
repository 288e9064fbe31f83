import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Page } from '@playwright/test'
import { FIXTURES } from '../../server/command-line.ts'
import { expect, test } from '../../test.ts'

const PCAP = join(FIXTURES, 'sip-20-calls.pcap')

/** Addresses below `/api/v4/transactions` that the page asks for: none may, for a file. */
function askedOfStore(page: Page): readonly string[] {
  const asked: string[] = []
  page.on('request', (request) => {
    if (request.url().includes('/api/v4/transactions/') || request.url().includes('/imports/'))
      asked.push(request.url())
  })
  return asked
}

test.beforeEach(async ({ page, deployment }) => {
  const { username, password } = deployment
  await page.request.post('/api/v4/auth/sessions', { data: { username, password } })
})

test('reads a capture in the browser: list, ladder, message, and nothing is asked of the server', async ({
  page,
  faults,
}) => {
  expect(faults.unexpected()).toEqual([])
  const asked = askedOfStore(page)
  await page.goto('/#/file')
  await page.getByLabel('Capture files').setInputFiles(PCAP)
  const list = page.getByRole('grid', { name: 'Calls' })
  await expect(list).toHaveAttribute('aria-rowcount', '21')
  await expect(page.getByText('sip-20-calls.pcap · 260 events')).toBeVisible()
  await list.getByRole('row').nth(1).click()
  await expect(page.getByRole('grid', { name: 'Ladder' }).locator('[data-seq]').first()).toBeVisible()
  await expect(page.getByRole('region', { name: 'Message', exact: true })).toContainText('INVITE sip:')

  const filter = page.getByRole('combobox', { name: 'Filter' })
  await filter.fill('user:nobody')
  await expect(page.getByText('Nothing matches the filter')).toBeVisible()
  await filter.fill('')
  await expect(list).toHaveAttribute('aria-rowcount', '21')
  expect(asked).toEqual([])
})

test('goes back in time and on again', async ({ page, faults }) => {
  expect(faults.unexpected()).toEqual([])
  await page.goto('/#/file')
  await page.getByLabel('Capture files').setInputFiles(PCAP)
  const list = page.getByRole('grid', { name: 'Calls' })
  await expect(list).toHaveAttribute('aria-rowcount', '21')
  const moment = page.getByRole('slider', { name: 'Moment' })
  await moment.focus()
  await moment.press('Home')
  // At the first event of all there is one call, and nothing has become of it yet.
  await expect(list).toHaveAttribute('aria-rowcount', '2')
  await expect(list.getByRole('row').nth(1)).toHaveAttribute('data-state', 'setup')
  await expect(page).toHaveURL(/[?&]t=\d{16}/)
  await list.getByRole('row').nth(1).click()
  const arrows = page.getByRole('grid', { name: 'Ladder' }).locator('[data-seq]')
  await expect(arrows).toHaveCount(1)
  await page.getByRole('button', { name: 'To the end' }).click()
  await expect(list).toHaveAttribute('aria-rowcount', '21')
  await expect(arrows).not.toHaveCount(1)
  await moment.focus()
  await moment.press('Home')
  await expect(arrows).toHaveCount(1)

  await page.getByRole('combobox', { name: 'Speed' }).selectOption('5')
  await page.getByRole('button', { name: 'Play', exact: true }).click()
  await expect(list).toHaveAttribute('aria-rowcount', '21', { timeout: 20_000 })
})

test('takes what is dropped on any view, gzip, HEP, and several files as one', async ({ page, faults }) => {
  expect(faults.unexpected()).toEqual([])
  await page.goto('/')
  await expect(page.locator('[data-connection=live]')).toBeVisible()
  const content = gzipSync(readFileSync(PCAP)).toString('base64')
  const drop = await page.evaluateHandle((base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
    const transfer = new DataTransfer()
    transfer.items.add(new File([bytes], 'calls.pcap.gz'))
    return transfer
  }, content)
  await page.dispatchEvent('body', 'dragover', { dataTransfer: drop })
  await expect(page.getByText('Drop to read it here')).toBeVisible()
  await page.dispatchEvent('body', 'drop', { dataTransfer: drop })
  await expect(page.getByText('calls.pcap.gz · 260 events')).toBeVisible()
  await expect(page).toHaveURL(/#\/file/)

  await page.getByLabel('Capture files').setInputFiles(join(FIXTURES, 'opensips-hep3-tcp.bin'))
  await expect(page.getByText(/^2 files · \d+ events$/)).toBeVisible()
  await expect
    .poll(async () => Number(await page.getByRole('grid', { name: 'Calls' }).getAttribute('aria-rowcount')))
    .toBeGreaterThan(21)
})

test('says what is wrong with a file, and where', async ({ page, faults }) => {
  expect(faults.unexpected()).toEqual([])
  await page.goto('/#/file')
  const files = page.getByLabel('Capture files')
  await files.setInputFiles({ name: 'notes.zip', mimeType: '', buffer: Buffer.from('PK\x03\x04 not a capture') })
  await expect(page.getByRole('alert')).toContainText(
    'notes.zip is not pcap, pcapng or HEP: at byte 0 it has 50 4b 03 04',
  )
  await files.setInputFiles({ name: 'empty.pcap', mimeType: '', buffer: Buffer.alloc(0) })
  await expect(page.getByRole('alert')).toContainText('empty.pcap is empty')

  const whole = readFileSync(PCAP)
  await files.setInputFiles({ name: 'cut.pcap', mimeType: '', buffer: whole.subarray(0, 60_001) })
  await expect(page.getByText(/cut\.pcap ends in the middle of a record, at byte [\d,]+/).first()).toBeAttached()
  await expect(page.getByRole('grid', { name: 'Calls' }).locator('[data-call-id]').first()).toBeVisible()
})
