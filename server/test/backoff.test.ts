import { describe, expect, it } from 'vitest'
import { Backoff } from '../src/backoff.ts'

describe('Backoff', () => {
  it('doubles from half a second to 30 seconds', () => {
    const backoff = new Backoff(500, 30_000, () => 0)
    expect(Array.from({ length: 8 }, () => backoff.nextMs())).toEqual([
      500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000,
    ])
  })

  it('takes away up to a half at random', () => {
    expect(new Backoff(500, 30_000, () => 0.5).nextMs()).toBe(375)
    expect(new Backoff(500, 30_000, () => 0.999_999).nextMs()).toBe(250)
  })

  it('begins anew', () => {
    const backoff = new Backoff(500, 30_000, () => 0)
    backoff.nextMs()
    backoff.nextMs()
    backoff.reset()
    expect(backoff.nextMs()).toBe(500)
  })
})
