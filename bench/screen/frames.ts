import type { CDPSession, Page } from '@playwright/test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Figure, quantile } from './figure.ts'
import { type ThreadTimes, threadTimes } from './threads.ts'

/** Frames as the page gets them. */
export interface Frames {
  readonly gapsMs: readonly number[]
  /** Processor time of the page's main thread per frame. */
  readonly mainMs: number
  /** Seconds of processor that parts of the browser took, of each second. */
  readonly shares: ThreadTimes
}

/** Watch the frames of a page for some time, while something else may be done with it. */
export async function watchFrames(page: Page, seconds: number, meanwhile?: () => Promise<void>): Promise<Frames> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' })
  const gaps = await page.evaluateHandle(() => {
    const found: number[] = []
    let lastMs = 0
    // The times of frames, which are those of the screen: a callback that runs later in its frame misses nothing.
    const note = (frameMs: number): void => {
      found.push(frameMs - lastMs)
      lastMs = frameMs
      if (isWatched) requestAnimationFrame(note)
    }
    let isWatched = true
    requestAnimationFrame(note)
    return { found, stop: () => (isWatched = false) }
  })
  const before = { main: await mainSeconds(cdp), threads: threadTimes(), atMs: performance.now() }
  await Promise.all([sleep(seconds * 1000), meanwhile?.()])
  const after = { main: await mainSeconds(cdp), threads: threadTimes(), atMs: performance.now() }
  const gapsMs = await gaps.evaluate(({ found, stop }) => {
    stop()
    // The first one has none before it.
    return found.slice(1)
  })
  await cdp.detach()
  const elapsed = (after.atMs - before.atMs) / 1000
  const shares = new Map<string, number>()
  for (const [part, used] of after.threads) shares.set(part, (used - (before.threads.get(part) ?? 0)) / elapsed)
  return { gapsMs, mainMs: ((after.main - before.main) * 1000) / gapsMs.length, shares }
}

/** The figures of frames, with the budgets of those that have some. */
export function frameFigures(name: string, { gapsMs, mainMs, shares }: Frames): readonly Figure[] {
  return [
    { name: `${name}: p95 between frames`, value: quantile(gapsMs, 0.95), unit: 'ms', below: 17 },
    { name: `${name}: longest between frames`, value: quantile(gapsMs, 1), unit: 'ms', below: 100 },
    { name: `${name}: median between frames`, value: quantile(gapsMs, 0.5), unit: 'ms' },
    {
      name: `${name}: frames over 17 ms`,
      value: (gapsMs.filter((gap) => gap >= 17).length * 100) / gapsMs.length,
      unit: '%',
    },
    { name: `${name}: main thread per frame`, value: mainMs, unit: 'ms' },
    ...[...shares].map(([part, share]) => ({ name: `${name}: processor of ${part}`, value: share * 100, unit: '%' })),
  ]
}

async function mainSeconds(cdp: CDPSession): Promise<number> {
  const { metrics } = await cdp.send('Performance.getMetrics')
  return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN
}
