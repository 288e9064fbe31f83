import { describe, expect, it } from 'vitest'
import { PeerRates } from '../../src/ingest/peer-rates.ts'

function takeMany(rates: PeerRates, address: string, second: number, limit: number, times: number): number {
  const key = rates.keyOf(address)
  let taken = 0
  for (let i = 0; i < times; i++) if (rates.take(key, second, limit)) taken++
  return taken
}

describe('PeerRates', () => {
  it('takes no more than the limit in a second, from each peer', () => {
    const rates = new PeerRates()
    expect(takeMany(rates, '10.0.0.1', 1000, 5, 8)).toBe(5)
    expect(takeMany(rates, '10.0.0.2', 1000, 5, 3)).toBe(3)
    expect(takeMany(rates, '10.0.0.1', 1001, 5, 8)).toBe(5)
  })

  it('keeps the largest limit that it promises', () => {
    expect(takeMany(new PeerRates(), '10.0.0.1', 2_000_000_000, 1_000_000, 1_000_100)).toBe(1_000_000)
  })

  it('counts what all threads that have the table take', () => {
    const mine = new PeerRates()
    const other = new PeerRates(mine.buffer)
    expect(takeMany(mine, '10.0.0.1', 1000, 5, 3) + takeMany(other, '10.0.0.1', 1000, 5, 8)).toBe(5)
  })

  it('tells ten thousand peers apart', () => {
    const rates = new PeerRates()
    const keys = Array.from({ length: 10_000 }, (_, i) => rates.keyOf(`10.0.${i >> 8}.${i & 255}`))
    let taken = 0
    for (let round = 0; round < 5; round++) for (const key of keys) if (rates.take(key, 1000, 3)) taken++
    expect(taken).toBeGreaterThanOrEqual(30_000)
    // Where the hashes fall is chance: now and then one finds no place of its own.
    expect(taken).toBeLessThan(30_030)
  })

  it('never judges a peer that sends little by what others sent, however many there are', () => {
    const rates = new PeerRates()
    for (let i = 0; i < 100_000; i++) expect(takeMany(rates, `peer ${i}`, 1000, 1, 1)).toBe(1)
  })

  it('gives the places of peers that are silent to others', () => {
    const rates = new PeerRates()
    for (let i = 0; i < 50_000; i++) takeMany(rates, `old ${i}`, 1000, 1, 1)
    expect(takeMany(rates, '10.0.0.1', 1001, 5, 8)).toBe(5)
  })
})
