import { describe, expect, it } from 'vitest'
import { BUCKET_COUNT, SecondBuckets } from '../../src/worker/second-buckets.ts'

describe('SecondBuckets', () => {
  it('rates the whole seconds before now', () => {
    const buckets = new SecondBuckets()
    buckets.add(1000, 5)
    buckets.add(1001, 15)
    buckets.add(1002, 999)
    expect(buckets.ratePerSec(1002, 2)).toBe(10)
    expect(buckets.ratePerSec(1002, 4)).toBe(5)
    expect(buckets.before(1002).slice(-3)).toEqual([0, 5, 15])
  })

  it('puts a late event into its own second', () => {
    const buckets = new SecondBuckets()
    buckets.add(1010)
    buckets.add(1005, 4)
    expect(buckets.before(1011).slice(-6)).toEqual([4, 0, 0, 0, 0, 1])
  })

  it('forgets what is older than it keeps', () => {
    const buckets = new SecondBuckets()
    buckets.add(1000, 7)
    buckets.add(1000 + BUCKET_COUNT, 1)
    buckets.add(1000, 7)
    expect(buckets.before(1001 + BUCKET_COUNT).reduce((a, b) => a + b, 0)).toBe(1)
    buckets.add(1_000_000)
    expect(buckets.ratePerSec(1_000_001, 1)).toBe(1)
    expect(buckets.ratePerSec(2_000_000, 5)).toBe(0)
  })
})
