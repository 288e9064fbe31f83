import { describe, expect, it } from 'vitest'
import { TokenBucket } from '../../src/stream/token-bucket.ts'

describe('TokenBucket', () => {
  it('starts full and refills continuously, not once a second', () => {
    const bucket = new TokenBucket(500, 0)
    expect(bucket.take(600, 0)).toBe(500)
    expect(bucket.take(600, 100)).toBe(50)
    expect(bucket.take(600, 101)).toBe(0)
    expect(bucket.take(600, 102)).toBe(1)
  })

  it('never holds more than one second of tokens', () => {
    const bucket = new TokenBucket(10, 0)
    expect(bucket.take(100, 3_600_000)).toBe(10)
  })

  it('gives without end at rate 0', () => {
    expect(new TokenBucket(0, 0).take(1e6, 0)).toBe(1e6)
  })

  it('takes a clock that runs backwards for one that stands', () => {
    const bucket = new TokenBucket(10, 1000)
    bucket.take(10, 1000)
    expect(bucket.take(1, 0)).toBe(0)
  })
})
