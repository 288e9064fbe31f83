import { setTimeout as sleep } from 'node:timers/promises'
import { MeasuredServer } from '../ingest/server.ts'
import { openLive, withPage } from './browser.ts'
import type { Figure, Plan } from './figure.ts'
import { frameFigures, watchFrames } from './frames.ts'
import { watchKeys } from './keys.ts'
import { Load } from './load.ts'
import { watchPackets } from './pixel.ts'

const WARM_UP_MS = 5000
const FILTER = 'is:failed'

/** The list under load: followed, with packets of our own among the others; filtered; and with keys. */
export async function measureList({ rate, seconds }: Plan): Promise<readonly Figure[]> {
  const server = await MeasuredServer.start(1)
  const load = new Load(server, rate)
  try {
    return await withPage(server, async (page) => {
      await openLive(page)
      await sleep(WARM_UP_MS)
      const received = await eventsSeen(page.locator('.strip').innerText())
      const startMs = performance.now()
      const following = await watchFrames(page, seconds)
      const eventRate =
        ((await eventsSeen(page.locator('.strip').innerText())) - received) / (performance.now() - startMs)
      const pixels = await watchPackets(page, server, seconds)
      const keys = await watchKeys(page, seconds)
      await page.getByRole('combobox', { name: 'Filter' }).fill(FILTER)
      await page.getByRole('grid', { name: 'Calls' }).focus()
      await sleep(1000)
      const filtered = await watchFrames(page, seconds)
      return [
        ...frameFigures('list, following', following),
        { name: 'list, following: events that came', value: eventRate * 1000, unit: '/s' },
        ...frameFigures(`list, ${FILTER}`, filtered),
        ...pixels,
        ...keys,
      ]
    })
  } finally {
    await load.stop()
    await server.stop()
  }
}

/** Events that the page counts, as its strip of figures says. */
async function eventsSeen(strip: Promise<string>): Promise<number> {
  const [, events] = /\bof ([\d,]+)/.exec(await strip) ?? []
  return Number(events?.replaceAll(',', ''))
}
