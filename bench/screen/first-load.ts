import type { Response } from '@playwright/test'
import { gzipSync } from 'node:zlib'
import { MeasuredServer } from '../ingest/server.ts'
import { withPage } from './browser.ts'
import type { Figure } from './figure.ts'

/** For what is loaded behind the list to come. */
const SETTLE_MS = 1500

/** Everything that is transferred until the live list is shown, as gzip. The list needs the worker too, which is loaded beside the page. */
export async function measureFirstLoad(): Promise<readonly Figure[]> {
  const server = await MeasuredServer.start(1)
  try {
    return await withPage(server, async (page) => {
      const responses: Response[] = []
      page.on('response', (response) => responses.push(response))
      await page.addInitScript(() => {
        const look = (): void => {
          if (document.querySelector('[data-connection=live]') === null) requestAnimationFrame(look)
          else performance.mark('shown')
        }
        look()
      })
      await page.goto('/')
      await page.locator('[data-connection=live]').waitFor()
      await page.waitForFunction(() => performance.getEntriesByName('shown').length > 0)
      const shownMs = await page.evaluate(() => performance.getEntriesByName('shown')[0]?.startTime ?? NaN)
      const begun = new Map(
        await page.evaluate(() =>
          performance.getEntriesByType('resource').map(({ name, startTime }) => [name, startTime] as const),
        ),
      )
      await page.waitForTimeout(SETTLE_MS)
      const files: { readonly name: string; readonly kB: number; readonly isFirst: boolean }[] = []
      for (const response of responses) {
        const url = response.url()
        const { pathname } = new URL(url)
        const kB = gzipSync(await response.body()).length / 1000
        files.push({ name: pathname, kB, isFirst: pathname === '/' || (begun.get(url) ?? Infinity) <= shownMs })
      }
      const sum = (chosen: readonly { readonly kB: number }[]): number =>
        chosen.reduce((total, { kB }) => total + kB, 0)
      const first = files.filter(({ isFirst }) => isFirst)
      const isWorker = ({ name }: { readonly name: string }): boolean => name.includes('.worker-')
      return [
        { name: 'first load: page', value: sum(first.filter((file) => !isWorker(file))), unit: 'kB', below: 120 },
        { name: 'first load: worker', value: sum(first.filter(isWorker)), unit: 'kB', below: 40 },
        { name: 'first load: both', value: sum(first), unit: 'kB' },
        ...files
          .filter(({ kB }) => kB >= 1)
          .sort((a, b) => b.kB - a.kB)
          .map(({ name, kB, isFirst }) => ({
            name: `${isFirst ? 'first load' : 'behind it'}: ${name.replace('/assets/', '')}`,
            value: kB,
            unit: 'kB',
          })),
      ]
    })
  } finally {
    await server.stop()
  }
}
