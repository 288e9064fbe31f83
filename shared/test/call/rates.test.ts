import { describe, expect, it } from 'vitest'
import { CallRates } from '../../src/call/rates.ts'
import { CallTracker } from '../../src/call/tracker.ts'
import { play } from './sip-script.ts'

describe('totals', () => {
  it('count each call once for each thing that it is', () => {
    const tracker = new CallTracker()
    play(
      tracker,
      `
      0 a>b INVITE 1 b1 call=one
      0 a>b INVITE 1 b1 call=two
      0 a>b OPTIONS 1 b1 call=three
      5 b>a 200 INVITE 1 b1 call=one
      6 b>a 503 INVITE 1 b1 call=two
      600 a>b INVITE 1 b1 call=one`,
    )
    expect(tracker.totals).toMatchObject({
      events: 6,
      retransmissions: 1,
      calls: 2,
      answered: 1,
      failed: 1,
      running: 1,
      peakRunning: 2,
    })
    play(tracker, '900 a>b BYE 2 b2 call=one to=y\n950 a>b INVITE 2 b3 call=two')
    expect(tracker.totals).toMatchObject({ calls: 2, answered: 1, failed: 0, running: 1 })
  })
})

describe('CallRates', () => {
  const totals = {
    events: 0,
    retransmissions: 0,
    calls: 0,
    answered: 0,
    failed: 0,
    running: 0,
    peakRunning: 0,
    missing: 0,
  }

  it('gives the figures of each second', () => {
    const rates = new CallRates()
    expect(rates.update(1_000_000, totals)).toBe(false)
    expect(rates.update(1_900_000, { ...totals, events: 5 })).toBe(false)
    expect(rates.update(2_000_000, { ...totals, events: 7, calls: 2, running: 2 })).toBe(true)
    expect(rates.last).toEqual({ events: 7, calls: 2, answered: 0, failed: 0, running: 2 })
    rates.update(3_100_000, { ...totals, events: 10, calls: 3, answered: 1, failed: 1, running: 1 })
    expect(rates.seconds).toEqual([
      { events: 7, calls: 2, answered: 0, failed: 0, running: 2 },
      { events: 3, calls: 1, answered: 1, failed: 1, running: 1 },
    ])
  })

  it('reads live totals without keeping them', () => {
    const live = { ...totals }
    const rates = new CallRates()
    rates.update(0, live)
    live.events = 4
    rates.update(1_000_000, live)
    expect(rates.last.events).toBe(4)
  })

  it('spreads a pause over its seconds', () => {
    const rates = new CallRates()
    rates.update(1_000_000, totals)
    rates.update(5_000_000, { ...totals, events: 40 })
    expect(rates.seconds.map((second) => second.events)).toEqual([10, 10, 10, 10])
  })

  it('keeps a bounded number of seconds', () => {
    const rates = new CallRates(3)
    for (let second = 1; second < 9; second++) rates.update(second * 1_000_000, { ...totals, events: second * second })
    expect(rates.seconds.map((second) => second.events)).toEqual([11, 13, 15])
  })

  it('begins anew after a long pause or a step of the clock', () => {
    const rates = new CallRates(3)
    rates.update(1_000_000, totals)
    rates.update(900_000_000, { ...totals, events: 40 })
    expect(rates.seconds).toEqual([])
    rates.update(901_000_000, { ...totals, events: 41 })
    expect(rates.last.events).toBe(1)
    rates.update(5_000_000, { ...totals, events: 50 })
    rates.update(6_000_000, { ...totals, events: 53 })
    expect(rates.last.events).toBe(3)
  })

  it('shows no negative figure when a failed call went on', () => {
    const rates = new CallRates()
    rates.update(1_000_000, { ...totals, failed: 3 })
    rates.update(2_000_000, { ...totals, failed: 2 })
    expect(rates.last.failed).toBe(0)
  })
})
