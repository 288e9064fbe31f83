import { describe, expect, it } from 'vitest'
import { Delays } from '../../src/figures/delays.ts'
import { FigureSums } from '../../src/figures/figures.ts'
import { type CountedFacts, outcomeOf } from '../../src/figures/outcome.ts'
import { STATE_CLASS, type CallState } from '../../src/call/state.ts'

const START_US = 1_795_308_000_000_000

function call(state: CallState, facts: Partial<CountedFacts> = {}): CountedFacts {
  return {
    kind: 'call',
    state,
    stateClass: STATE_CLASS[state],
    statusCode: 0,
    firstUs: START_US,
    answerAtUs: undefined,
    endAtUs: undefined,
    postDialDelayUs: undefined,
    talkUs: undefined,
    disconnectUs: undefined,
    responseTimeUs: undefined,
    evidence: [],
    ...facts,
  }
}

const answered = (facts: Partial<CountedFacts> = {}): CountedFacts =>
  call('ended', {
    statusCode: 200,
    answerAtUs: START_US + 4_000_000,
    endAtUs: START_US + 64_000_000,
    postDialDelayUs: 1_000_000,
    talkUs: 60_000_000,
    disconnectUs: 30_000,
    ...facts,
  })
const refused = (state: CallState, statusCode: number): CountedFacts =>
  call(state, { statusCode, endAtUs: START_US + 2_000_000 })

function figuresOf(...calls: readonly CountedFacts[]) {
  const sums = new FigureSums()
  for (const one of calls) sums.add(one)
  return sums.figures()
}

describe('outcomeOf', () => {
  it.each([
    [answered(), 'answered'],
    [refused('diverted', 302), 'redirected'],
    [refused('auth-failed', 407), 'challenged'],
    [refused('unavailable', 480), 'by-user'],
    [refused('busy', 486), 'by-user'],
    [refused('busy', 600), 'by-user'],
    [refused('declined', 603), 'by-user'],
    [refused('timeout', 408), 'ineffective'],
    [refused('failed', 500), 'ineffective'],
    [refused('failed', 503), 'ineffective'],
    [refused('failed', 504), 'ineffective'],
    [refused('not-found', 404), 'refused'],
    [refused('cancelled', 487), 'refused'],
    [call('ringing'), 'pending'],
    [call('auth', { statusCode: 407 }), 'pending'],
    [call('ringing', { evidence: ['silent'] }), 'unclear'],
    [call('ended', { evidence: ['started-before-capture'] }), 'unclear'],
    [answered({ evidence: ['gap-inside'] }), 'unclear'],
    [call('unknown'), 'unclear'],
  ])('%#: %o', (facts, outcome) => {
    expect(outcomeOf(facts)).toBe(outcome)
  })
})

describe('FigureSums', () => {
  it('has no percentage without a call', () => {
    const { ser, scr, srd } = figuresOf()
    expect([ser.percent, scr.percent, srd.meanUs]).toEqual([undefined, undefined, undefined])
  })

  it('takes redirected calls and unanswered challenges out of SER and SEER, not out of ISA and ASR', () => {
    const figures = figuresOf(
      answered(),
      answered(),
      refused('busy', 486),
      refused('failed', 503),
      refused('diverted', 302),
      refused('auth-failed', 401),
    )
    expect(figures.ser).toEqual({ part: 2, whole: 4, percent: 50 })
    expect(figures.seer).toEqual({ part: 3, whole: 4, percent: 75 })
    expect(figures.isa).toEqual({ part: 1, whole: 6, percent: (100 * 1) / 6 })
    expect(figures.asr).toMatchObject({ part: 2, whole: 6 })
    expect(figures.ner).toMatchObject({ part: 3, whole: 6 })
  })

  it('counts calls that nothing has decided, or that were not seen whole, beside the figures', () => {
    const figures = figuresOf(answered(), call('ringing'), answered({ evidence: ['answer-not-seen'] }))
    expect(figures).toMatchObject({ decided: 1, pending: 1, unclear: 1, ser: { part: 1, whole: 1 } })
  })

  it('leaves calls that run, or whose BYE was not seen, out of SCR', () => {
    const running = call('in-call', { statusCode: 200, answerAtUs: START_US + 1 })
    const figures = figuresOf(answered(), running, answered({ evidence: ['bye-not-seen'] }), refused('failed', 500))
    expect(figures.scr).toEqual({ part: 1, whole: 2, percent: 50 })
    expect(figures.sdt.count).toBe(1)
  })

  it('measures SRD of answered and of failed calls apart, PDD of both', () => {
    const ringing = call('busy', { statusCode: 486, endAtUs: START_US + 3_000_000, postDialDelayUs: 500_000 })
    const { srd, srdFailed, pdd, sdd, sdt } = figuresOf(answered(), ringing, refused('diverted', 302))
    expect([srd.meanUs, srd.count]).toEqual([1_000_000, 1])
    expect([srdFailed.meanUs, srdFailed.count]).toEqual([3_000_000, 1])
    expect([pdd.meanUs, pdd.count]).toEqual([750_000, 2])
    expect([sdd.meanUs, sdt.meanUs]).toEqual([30_000, 60_000_000])
  })

  it('counts registrations apart, and a challenge as no failure', () => {
    const registration = (state: CallState, facts: Partial<CountedFacts>): CountedFacts =>
      call(state, { kind: 'registration', ...facts })
    const { ira, rrd, decided } = figuresOf(
      registration('registered', { statusCode: 200, responseTimeUs: 40_000 }),
      registration('rejected', { statusCode: 403 }),
      registration('auth-failed', { statusCode: 401 }),
      registration('pending', { evidence: ['silent'] }),
      registration('pending', {}),
    )
    expect(ira).toMatchObject({ part: 2, whole: 3 })
    expect([rrd.count, rrd.meanUs, decided]).toEqual([1, 40_000, 0])
  })

  it('comes to the same for one sum and for the sum of two', () => {
    const one = new FigureSums()
    const two = new FigureSums()
    one.add(answered())
    two.add(refused('busy', 486))
    two.add(call('ringing'))
    one.addAll(two)
    expect(one.figures()).toEqual(figuresOf(answered(), refused('busy', 486), call('ringing')))
  })
})

describe('Delays', () => {
  it('tells the 95th percentile within a fifth', () => {
    const delays = new Delays()
    for (let ms = 1; ms <= 1000; ms++) delays.add(ms * 1000)
    const { p95Us = 0, meanUs } = delays.figure()
    expect(meanUs).toBe(500_500)
    expect(p95Us).toBeGreaterThanOrEqual(950_000)
    expect(p95Us).toBeLessThan(950_000 * 1.2)
  })

  it('takes no delay and a very long one', () => {
    const delays = new Delays()
    delays.add(0)
    delays.add(1e15)
    expect(delays.figure()).toMatchObject({ count: 2, meanUs: 5e14 })
  })
})
