import type { Page } from '@playwright/test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Figure, quantile } from './figure.ts'

const EVERY_MS = 120
const SPREAD_MS = 60
/** Down a few rows, and back to following, again and again. */
const KEYS = ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'p'] as const

/** Press keys in the list for some time, and note how long after each the next frame is painted. */
export async function watchKeys(page: Page, seconds: number): Promise<readonly Figure[]> {
  await page.getByRole('grid', { name: 'Calls' }).focus()
  const seen = await page.evaluateHandle(() => {
    const durations: number[] = []
    // The browser's own measure: from the key to the paint after it, in steps of 8 ms; shorter ones are not told.
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (entry.name === 'keydown') durations.push(entry.duration)
    })
    observer.observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit)
    return durations
  })
  let pressed = 0
  const endMs = performance.now() + seconds * 1000
  while (performance.now() < endMs) {
    for (const key of KEYS) {
      await page.keyboard.press(key)
      pressed++
      await sleep(EVERY_MS + Math.random() * SPREAD_MS)
    }
  }
  await sleep(500)
  const told = await seen.evaluate((durations) => durations)
  const durations = [...told, ...Array<number>(Math.max(0, pressed - told.length)).fill(16)]
  return [
    { name: 'key to paint: p75', value: quantile(durations, 0.75), unit: 'ms', below: 100 },
    { name: 'key to paint: p99', value: quantile(durations, 0.99), unit: 'ms', below: 200 },
    { name: 'key to paint: pressed', value: pressed, unit: 'keys' },
  ]
}
