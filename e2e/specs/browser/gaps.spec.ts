import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import { expect, test as base } from '../../test.ts'
import { freshName, SipCall } from '../../hep/sip-call.ts'
import { Hepscope } from '../../server/hepscope.ts'

const DROPPED = 1000

/** A server that gives each viewer one event a second and drops the rest. */
const test = base.extend({
  server: async ({ stage }, use) => {
    const env = { HEPSCOPE_INGEST_HEP_STREAM_RATE_PER_SUB_PPS: '1' }
    const server = await Hepscope.start(stage, { env })
    await use(server)
    await server.stop()
  },
})

test(`shows ${DROPPED} events as missing when the server dropped ${DROPPED}`, async ({ page, live, hep, server }) => {
  const dropped = async (): Promise<number> =>
    (await server.metrics()).sum('hepscope_stream_dropped_total', 'cause="rate"')
  const events = async (): Promise<number> => (await server.metrics()).sum('hepscope_events_total')
  const call = new SipCall({ callId: freshName('gap') })
  const noise = new SipCall({ callId: freshName('noise') })
  let sent = 0
  /** Send, and wait until the server has had them all. */
  const send = async (...packets: readonly HepPacket[]): Promise<void> => {
    await hep.send(...packets)
    sent += packets.length
    await expect.poll(events, { intervals: [20] }).toBe(sent)
  }

  await send(call.invite())
  await expect(live.call(call.callId)).toHaveAttribute('data-state', 'setup')
  await live.call(call.callId).click()
  await expect(live.arrows).toHaveCount(1)

  // One of a second may get through, so what is to be dropped is topped up until it is.
  for (let missing = DROPPED; missing > 0; missing = DROPPED - (await dropped())) {
    await send(...Array.from({ length: missing }, () => noise.ringing()))
  }
  expect(await dropped()).toBe(DROPPED)
  // The next that gets through tells the page what did not.
  await page.waitForTimeout(2100)
  await send(call.ringing())
  await expect(live.call(call.callId)).toHaveAttribute('data-state', 'ringing')

  expect(await dropped()).toBe(DROPPED)
  await expect(page.getByRole('region', { name: 'Counters' })).toContainText(`Not captured 1,000 of ${format(sent)}`)
  const rows = await live.list
    .locator('[data-missing]')
    .evaluateAll((lines) => lines.map((line) => Number(line.getAttribute('data-missing'))))
  expect(rows.reduce((sum, count) => sum + count, 0)).toBe(DROPPED)
  await expect(live.list.getByText(/event(s)? not received · node/).first()).toBeVisible()
  // The call went on meanwhile, so its ladder has the gap too, and the call says so.
  await expect(live.ladder.getByText(/not received/).first()).toBeVisible()
  await expect(live.call(call.callId).getByRole('gridcell').first()).toHaveAttribute('title', /events are missing/)
})

function format(count: number): string {
  return count.toLocaleString('en-GB')
}
