import { describe, expect, it } from 'vitest'
import { gapText } from '../../../src/app/calls/gap-text.ts'

const FROM_US = Date.UTC(2026, 0, 31, 14, 2, 51) * 1000

describe('gapText', () => {
  it('tells how many, where and when', () => {
    const gap = { key: 'k', node: 'fra-2', fromUs: FROM_US, toUs: FROM_US + 1, count: 37, isRestart: false }
    expect(gapText(gap, 'utc')).toBe('37 events not received · node fra-2 · 14:02:51 UTC')
  })

  it('tells that a node was away, even if it lost nothing that it knows of', () => {
    const gap = { key: 'k', node: 'fra-2', fromUs: FROM_US, toUs: FROM_US + 9_000_000, count: 0, isRestart: true }
    expect(gapText(gap, 'utc')).toBe('node fra-2 restarted: nothing captured meanwhile · 14:02:51 to 14:03:00 UTC')
    expect(gapText({ ...gap, count: 1 }, 'utc')).toContain('then 1 event not received')
  })
})
