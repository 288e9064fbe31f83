import { describe, expect, it } from 'vitest'
import { LONGEST_DELAY_MS, reconnectDelayMs, SHORTEST_DELAY_MS } from '../../src/sdk/reconnect-delay.ts'

describe('reconnectDelayMs', () => {
  it('doubles up to its limit', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 100].map((failures) => reconnectDelayMs(failures, 0))).toEqual([
      500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000,
    ])
  })

  it('stays between its bounds for any chance', () => {
    for (let failures = 1; failures < 50; failures++) {
      for (const random of [0, 0.3, 0.999_999]) {
        const delayMs = reconnectDelayMs(failures, random)
        expect(delayMs).toBeGreaterThanOrEqual(SHORTEST_DELAY_MS)
        expect(delayMs).toBeLessThanOrEqual(LONGEST_DELAY_MS)
      }
    }
  })
})
