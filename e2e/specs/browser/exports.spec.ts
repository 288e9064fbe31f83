import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { decodeHep } from '@hepscope/shared/hep/decode.ts'
import { HepDeframer } from '@hepscope/shared/hep/deframe.ts'
import { CaptureMessages, readMessages } from '@hepscope/shared/pcap/messages.ts'
import { PcapTransport } from '@hepscope/shared/pcap/transport.ts'
import { freshName, SipCall } from '../../hep/sip-call.ts'
import { FIXTURES } from '../../server/command-line.ts'
import { expect, test } from '../../test.ts'

interface Saved {
  readonly name: string
  readonly bytes: Buffer
}

/** Press a button of the export dialog and take the file that comes of it. */
async function save(page: Page, button: string): Promise<Saved> {
  const downloading = page.waitForEvent('download')
  await page.getByRole('dialog', { name: 'Export' }).getByRole('button', { name: button, exact: true }).click()
  const download = await downloading
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) }
}

test('saves a call from the store: PCAP, text, NDJSON, HEP, SIPp, and the list as CSV', async ({ page, live, hep }) => {
  const mark = freshName('export')
  // What a spreadsheet would take for a formula.
  const call = new SipCall({ callId: mark, fromUser: '-cmd+1', toUser: '+4930123' })
  const packets = [call.invite(), call.ringing(), call.answer(), call.ack(), call.bye(), call.byeAnswer()]
  await hep.send(...packets)
  await live.filter.fill(`callid:${mark}`)
  await live.call(mark).click()
  await expect(live.arrows).toHaveCount(6)
  await live.list.press('e')
  const dialog = page.getByRole('dialog', { name: 'Export' })
  await expect(dialog).toContainText('Messages of the open call')

  const csv = await save(page, 'CSV')
  expect(csv.name).toMatch(/^hepscope_calls_\d{8}_\d{6}\.csv$/)
  const [names, line] = csv.bytes.toString().split('\r\n')
  expect(names?.split(',').slice(0, 6)).toEqual(['kind', 'state', 'code', 'reason', 'from', 'to'])
  expect(line?.split(',').slice(0, 6)).toEqual(['call', 'ended', '200', 'OK', "'-cmd+1", '+4930123'])

  const pcap = await save(page, 'PCAP')
  expect(pcap.name).toBe(`hepscope_${mark}.pcap`)
  const messages = [...readMessages(pcap.bytes, new PcapTransport(), new CaptureMessages())]
  expect(messages.map(({ tsUs, bytes }) => ({ tsUs, text: Buffer.from(bytes).toString() }))).toEqual(
    packets.map(({ tsUs, payload }) => ({ tsUs, text: Buffer.from(payload ?? []).toString() })),
  )

  const recording = await save(page, 'HEP file')
  const found: string[] = []
  const fault = new HepDeframer().push(recording.bytes, (packet) => {
    const decoded = decodeHep(packet.slice())
    if (decoded.ok) found.push(Buffer.from(decoded.packet.payload ?? []).toString())
  })
  expect(fault).toBeUndefined()
  expect(found).toEqual(packets.map(({ payload }) => Buffer.from(payload ?? []).toString()))

  expect((await save(page, 'Text')).bytes.toString()).toContain('10.0.0.1:5060 -> 10.0.0.2:5062')
  expect((await save(page, 'NDJSON')).bytes.toString().trim().split('\n')).toHaveLength(6)
  expect((await save(page, 'SIPp scenario')).bytes.toString()).toContain('<scenario name=')
  await expect(dialog).toContainText(`Saved hepscope_${mark}.xml: 6 messages`)
})

test('saves what is in a file without asking the server', async ({ page, faults, deployment }) => {
  expect(faults.unexpected()).toEqual([])
  const { username, password } = deployment
  await page.request.post('/api/v4/auth/sessions', { data: { username, password } })
  const asked: string[] = []
  page.on('request', (request) => {
    if (request.url().includes('/transactions/')) asked.push(request.url())
  })
  await page.goto('/#/file')
  await page.getByLabel('Capture files').setInputFiles(join(FIXTURES, 'sip-20-calls.pcap'))
  const list = page.getByRole('grid', { name: 'Calls' })
  await expect(list).toHaveAttribute('aria-rowcount', '21')
  for (const n of [1, 2])
    await list
      .getByRole('row')
      .nth(n)
      .click({ modifiers: ['Control'] })
  await list.press('e')
  await expect(page.getByRole('dialog', { name: 'Export' })).toContainText('Messages of 2 selected calls')
  const pcap = await save(page, 'PCAP')
  expect(pcap.name).toBe('hepscope_2_calls.pcap')
  const messages = [...readMessages(pcap.bytes, new PcapTransport(), new CaptureMessages())]
  expect(messages).toHaveLength(26)
  const original = [
    ...readMessages(readFileSync(join(FIXTURES, 'sip-20-calls.pcap')), new PcapTransport(), new CaptureMessages()),
  ]
  const keys = new Set(original.map(({ tsUs, bytes }) => `${tsUs} ${Buffer.from(bytes).toString()}`))
  expect(messages.filter(({ tsUs, bytes }) => !keys.has(`${tsUs} ${Buffer.from(bytes).toString()}`))).toEqual([])

  const csv = await save(page, 'CSV')
  expect(csv.bytes.toString().trim().split('\r\n')).toHaveLength(21)
  expect(asked).toEqual([])
})
