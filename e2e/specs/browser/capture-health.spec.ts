import { createSocket } from 'node:dgram'
import { expect, test } from '../../test.ts'
import { freshName, SipCall } from '../../hep/sip-call.ts'

test.beforeEach(({ deployment }) => {
  test.skip(deployment.own === undefined, 'counts need a server that nobody else sends to')
})

test('tells whether HEP arrives, from whom, and what was turned away', async ({ page, live, hep, server }) => {
  await expect(live.list).toBeVisible()
  await page.goto('/#/ops')
  const findings = page.getByRole('list', { name: 'Findings' })
  await expect(findings).toContainText('Not a single HEP packet has arrived')
  await page.screenshot({ path: test.info().outputPath('ops-empty.png') })

  await hep.send(new SipCall({ callId: freshName('ops') }).invite())
  await expect(findings).toContainText('Packets arrive, and nothing was dropped')
  await expect(page.getByRole('table', { name: 'Agents' }).getByRole('row')).toHaveCount(2)

  const socket = createSocket('udp4')
  await new Promise((resolve) => socket.send('GET / HTTP/1.0\r\n\r\n', server.udpPort, '127.0.0.1', resolve))
  socket.close()
  await expect(findings).toContainText('1 packet rejected, unknown-format')
  await expect(page.getByRole('table', { name: 'Rejected' })).toContainText('begin like no HEP version')
})

test('checks every listener with a packet of its own', async ({ page, live }) => {
  await expect(live.list).toBeVisible()
  await page.goto('/#/ops')
  await page.getByRole('button', { name: 'Check the listeners' }).click()
  const results = page.getByRole('status', { name: 'Results of the check' })
  await expect(results.getByText(/arrived after/)).toHaveCount(2)
  await expect(results).toContainText('All of this server works')
  for (const theme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme: theme })
    await page.setViewportSize({ width: 1400, height: 900 })
    await page.screenshot({ path: test.info().outputPath(`ops-${theme}.png`) })
    await page.setViewportSize({ width: 390, height: 844 })
    await page.screenshot({ path: test.info().outputPath(`ops-phone-${theme}.png`) })
  }
})
