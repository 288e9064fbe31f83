import { describe, expect, it, vi } from 'vitest'
import fc from 'fast-check'
import { CallTracker } from '../../src/call/tracker.ts'
import { blockOf, callOf, packetsOf, play, START_US } from './sip-script.ts'

describe('CallTracker', () => {
  it('raises the version of a call with each change', () => {
    const tracker = new CallTracker()
    const call = callOf('0 a>b INVITE 1 b1', tracker)
    const { version } = call
    expect(tracker.version).toBe(version)
    play(tracker, '0 a>b INVITE 1 b1 call=other')
    expect(call.version).toBe(version)
    play(tracker, '5 b>a 180 INVITE 1 b1')
    expect(call.version).toBeGreaterThan(version)
  })

  it('keeps endpoints and agents in order of appearance', () => {
    const call = callOf(`
      0 a>p INVITE 1 b1 agent=7
      1 p>b:5070 INVITE 1 b2 agent=7
      2 b:5070>p 180 INVITE 1 b2 agent=3`)
    expect(call).toMatchObject({ route: ['10.0.0.1:5060', '10.0.0.16:5060', '10.0.0.2:5070'], agentIds: [7, 3] })
  })

  it('reads a Call-ID that is not ASCII', () => {
    const tracker = new CallTracker()
    play(tracker, '0 a>b INVITE 1 b1 call=größe\n1 b>a 180 INVITE 1 b1 call=größe')
    expect(tracker.size).toBe(1)
    expect(tracker.find('größe')?.state).toBe('ringing')
  })

  it('forgets everything but totals on clear', () => {
    const tracker = new CallTracker()
    callOf('0 a>b INVITE 1 b1', tracker)
    tracker.clear()
    expect([...tracker.calls()]).toEqual([])
    expect(tracker.find('call-1')).toBeUndefined()
    expect(tracker.totals).toMatchObject({ calls: 1, running: 0 })
  })

  it('never throws, and counts each message once, for any order of any messages', () => {
    const endpoints = ['a', 'b', 'p', 'p:5070']
    const line = fc
      .record({
        ms: fc.integer({ min: 0, max: 4000 }),
        source: fc.constantFrom(...endpoints),
        destination: fc.constantFrom(...endpoints),
        code: fc.constantFrom('', '100', '180', '183', '200', '302', '401', '407', '481', '486', '487', '503'),
        method: fc.constantFrom(
          'INVITE',
          'ACK',
          'BYE',
          'CANCEL',
          'PRACK',
          'UPDATE',
          'REGISTER',
          'NOTIFY',
          'OPTIONS',
          'INFO',
        ),
        cseq: fc.integer({ min: 1, max: 3 }),
        branch: fc.constantFrom('b1', 'b2', 'b3'),
        from: fc.constantFrom('x', 'y'),
        to: fc.constantFrom('-', 'x', 'y', 'z'),
        call: fc.constantFrom('leg-a', 'leg-b', 'leg-a_b2b-1'),
        corr: fc.constantFrom('', ' corr=leg-a', ' corr=shared'),
      })
      .map(
        (m) =>
          `${m.ms} ${m.source}>${m.destination} ${m.code} ${m.method} ${m.cseq} ${m.branch} from=${m.from} to=${m.to} call=${m.call}${m.corr}`,
      )
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 30 }), (lines) => {
        const tracker = new CallTracker()
        play(tracker, lines.join('\n'))
        tracker.tick(START_US + 1e10)
        const calls = [...tracker.calls()]
        const events = calls.reduce((sum, c) => sum + c.messageCount + c.retransmissionCount + c.duplicateCount, 0)
        expect(events).toBe(lines.length)
        expect(tracker.totals.calls).toBe(calls.filter((c) => c.kind === 'call').length)
        expect(tracker.totals.running).toBe(calls.filter((c) => c.isRunning).length)
        expect(tracker.totals.failed).toBe(calls.filter((c) => c.kind === 'call' && c.stateClass === 'bad').length)
        for (const call of calls) expect(call.talkUs ?? 0).toBeGreaterThanOrEqual(0)
      }),
      { numRuns: 150 },
    )
  })

  it('keeps no more calls than it may, however they name each other', () => {
    const name = fc.nat({ max: 39 }).map((n) => `name-${n}`)
    const line = fc
      .record({ call: name, xcid: name, code: fc.constantFrom('', '200', '486'), corr: name, isLinked: fc.boolean() })
      .map(
        ({ call, xcid, code, corr, isLinked }) =>
          `0 a>b ${code} INVITE 1 b1 call=${call}${isLinked ? ` xcid=${xcid} corr=${corr}` : ''}`,
      )
    fc.assert(
      fc.property(fc.array(line, { minLength: 60, maxLength: 200 }), (lines) => {
        const tracker = new CallTracker({ maxCalls: 3 })
        play(tracker, lines.join('\n'))
        const calls = new Set(tracker.calls())
        expect(tracker.size).toBeLessThanOrEqual(3)
        for (let n = 0; n < 40; n++) {
          const call = tracker.find(`name-${n}`)
          expect(call === undefined || calls.has(call)).toBe(true)
        }
      }),
      { numRuns: 100 },
    )
  })

  it('comes to the same state for any order of arrival', () => {
    const script = `
      0   a>p INVITE 1 b1
      1   p>a 407 INVITE 1 b1
      2   a>p ACK 1 b1 to=y
      10  a>p INVITE 2 b2
      11  p>a 100 INVITE 2 b2
      12  p>b INVITE 2 b3
      20  b>p 180 INVITE 2 b3
      21  p>a 180 INVITE 2 b2
      30  b>p 200 INVITE 2 b3
      31  p>a 200 INVITE 2 b2
      32  a>p ACK 2 b4 to=y
      33  p>b ACK 2 b5 to=y
      90  b>p BYE 1 b6 from=y to=x
      91  p>a BYE 1 b7 from=y to=x
      92  a>p 200 BYE 1 b7 from=y to=x`
    const block = blockOf(packetsOf(script))
    const rows = [...block.tsUs.keys()].slice(0, block.count)
    const expected = callOf(script)
    const pick = (call: typeof expected): object => ({
      state: call.state,
      statusCode: call.statusCode,
      answerAtUs: call.answerAtUs,
      ringAtUs: call.ringAtUs,
      endAtUs: call.endAtUs,
      hangupSide: call.hangupSide,
      messageCount: call.messageCount,
      postDialDelayUs: call.postDialDelayUs,
      evidence: call.evidence,
    })
    expect(pick(expected)).toEqual({
      state: 'ended',
      statusCode: 200,
      answerAtUs: START_US + 30_000,
      ringAtUs: START_US + 20_000,
      endAtUs: START_US + 90_000,
      hangupSide: 'callee',
      messageCount: 15,
      postDialDelayUs: 20_000,
      evidence: [],
    })
    fc.assert(
      fc.property(fc.shuffledSubarray(rows, { minLength: rows.length }), (shuffled) => {
        const tracker = new CallTracker()
        for (const row of shuffled) tracker.apply(block, row)
        const [call] = [...tracker.calls()]
        expect(call === undefined ? undefined : pick(call)).toEqual(pick(expected))
      }),
      { numRuns: 200 },
    )
  })
})

describe('eviction', () => {
  const invite = (i: number): string => `${i} a>b INVITE 1 b1 call=call-${i}`
  const busy = (i: number): string => `${i}.5 b>a 486 INVITE 1 b1 call=call-${i}`

  it('takes the call that finished first, then the oldest', () => {
    const onRemove = vi.fn()
    const tracker = new CallTracker({ maxCalls: 3, onRemove })
    play(tracker, [invite(1), invite(2), invite(3), busy(3), busy(2), invite(4)].join('\n'))
    expect([...tracker.calls()].map((call) => call.id)).toEqual(['call-1', 'call-2', 'call-4'])
    play(tracker, invite(5))
    expect([...tracker.calls()].map((call) => call.id)).toEqual(['call-1', 'call-4', 'call-5'])
    play(tracker, invite(6))
    expect([...tracker.calls()].map((call) => call.id)).toEqual(['call-4', 'call-5', 'call-6'])
    expect(tracker.evictedCount).toBe(3)
    expect(tracker.find('call-1')).toBeUndefined()
    expect(onRemove).toHaveBeenCalledTimes(3)
    expect(tracker.totals).toMatchObject({ calls: 6, running: 3, peakRunning: 3 })
  })

  it('begins an evicted call anew', () => {
    const tracker = new CallTracker({ maxCalls: 1 })
    play(tracker, [invite(1), invite(2), '9 b>a 180 INVITE 1 b1 call=call-1'].join('\n'))
    expect([...tracker.calls()]).toMatchObject([{ id: 'call-1', evidence: ['started-before-capture'] }])
  })

  it('forgets all names of a call', () => {
    const tracker = new CallTracker({ maxCalls: 1 })
    play(tracker, '0 a>b INVITE 1 b1 call=leg-a corr=session-77\n1 b>c INVITE 1 b2 call=leg-b corr=session-77')
    play(tracker, invite(1))
    for (const id of ['leg-a', 'leg-b', 'session-77']) expect(tracker.find(id)).toBeUndefined()
    expect(tracker.size).toBe(1)
  })

  it('does not let registrations and OPTIONS push out the calls', () => {
    const tracker = new CallTracker({ maxCalls: 8 })
    play(tracker, [1, 2, 3, 4].flatMap((i) => [invite(i), busy(i)]).join('\n'))
    const options = Array.from(
      { length: 50 },
      (_, i) => `${100 + i} a>b OPTIONS 1 b1 call=ping-${i}\n${100 + i}.2 b>a 200 OPTIONS 1 b1 call=ping-${i}`,
    )
    play(tracker, options.join('\n'))
    expect([...tracker.calls()].filter((call) => call.kind === 'call')).toHaveLength(4)
    expect(tracker.size).toBe(8)
  })

  it('keeps what is alive: a registration that is refreshed is not old', () => {
    const tracker = new CallTracker({ maxCalls: 2 })
    const register = (cseq: number, call: string): string =>
      `${cseq} a>b REGISTER ${cseq} b${cseq} call=${call}\n${cseq}.5 b>a 200 REGISTER ${cseq} b${cseq} call=${call}`
    play(tracker, [register(1, 'one'), register(2, 'two'), register(3, 'one'), register(4, 'three')].join('\n'))
    expect([...tracker.calls()].map((call) => call.id)).toEqual(['one', 'three'])
  })

  it('counts what became a call among the calls', () => {
    const tracker = new CallTracker({ maxCalls: 2 })
    play(tracker, '0 a>b proto=100 corr=call-1 text\n1 a>b BYE 2 b1 to=y\n2 a>b OPTIONS 1 b1 call=ping')
    play(tracker, '3 b>a 200 OPTIONS 1 b1 call=ping\n4 a>b OPTIONS 1 b1 call=pong')
    expect([...tracker.calls()].map((call) => call.id)).toEqual(['call-1', 'pong'])
  })
})
