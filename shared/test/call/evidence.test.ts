import { describe, expect, it } from 'vitest'
import { CallTracker } from '../../src/call/tracker.ts'
import { callOf, play, START_US } from './sip-script.ts'

const ANSWERED = `
  0  a>b INVITE 1 b1
  50 b>a 180 INVITE 1 b1
  99 b>a 200 INVITE 1 b1`

describe('evidence of a call', () => {
  it('is empty for a whole call', () => {
    expect(callOf(`${ANSWERED}\n100 a>b ACK 1 b2 to=y\n200 a>b BYE 2 b3 to=y\n201 b>a 200 BYE 2 b3`).evidence).toEqual(
      [],
    )
  })

  describe('lost ACK', () => {
    it('is in-call, without a word while the ACK may still come', () => {
      expect(callOf(ANSWERED)).toMatchObject({ state: 'in-call', evidence: [] })
    })

    it('says ack-not-seen when the answer is repeated', () => {
      const call = callOf(`${ANSWERED}\n600 b>a 200 INVITE 1 b1`)
      expect(call).toMatchObject({ state: 'in-call', evidence: ['ack-not-seen'], retransmissionCount: 1 })
    })

    it('says ack-not-seen when the call goes on', () => {
      expect(callOf(`${ANSWERED}\n600 b>a INFO 2 b3 from=y to=x`).evidence).toEqual(['ack-not-seen'])
      expect(callOf(`${ANSWERED}\n600 a>b BYE 2 b3 to=y`)).toMatchObject({ state: 'ended', evidence: ['ack-not-seen'] })
    })

    it('says ack-not-seen after four seconds, and takes it back', () => {
      const tracker = new CallTracker()
      const call = callOf(ANSWERED, tracker)
      tracker.tick(START_US + 5_000_000)
      expect(call.evidence).toEqual(['ack-not-seen'])
      play(tracker, '5100 a>b ACK 1 b2 to=y')
      expect(call.evidence).toEqual([])
    })

    it('takes an ACK with the branch of the INVITE', () => {
      expect(callOf(`${ANSWERED}\n100 a>b ACK 1 b1 to=y\n200 a>b BYE 2 b3 to=y`).evidence).toEqual([])
    })
  })

  describe('lost answer', () => {
    it('is in-call since the ACK', () => {
      const call = callOf('0 a>b INVITE 1 b1\n99 a>b ACK 1 b2 to=y')
      expect(call).toMatchObject({ state: 'in-call', answerAtUs: START_US + 99_000, evidence: ['answer-not-seen'] })
    })

    it('is ended at BYE', () => {
      const call = callOf('0 a>b INVITE 1 b1\n99 a>b BYE 2 b2 to=y')
      expect(call).toMatchObject({ state: 'ended', evidence: ['answer-not-seen'], talkUs: undefined })
    })

    it('is proven by a re-INVITE', () => {
      expect(callOf('0 a>b INVITE 1 b1\n99 a>b INVITE 2 b2 to=y\n100 b>a 200 INVITE 2 b2')).toMatchObject({
        state: 'in-call',
        answerAtUs: undefined,
        evidence: ['answer-not-seen'],
      })
    })

    it('does not make an answered call of a refused one', () => {
      const call = callOf('0 a>p INVITE 1 b1\n2 p>b INVITE 1 b2\n9 p>b ACK 1 b2 to=y\n10 p>a 486 INVITE 1 b1')
      expect(call).toMatchObject({ state: 'busy', evidence: [] })
    })
  })

  describe('lost BYE', () => {
    it('is ended by the answer to BYE, and says bye-not-seen', () => {
      const call = callOf(`${ANSWERED}\n100 a>b ACK 1 b2 to=y\n900 b>a 200 BYE 2 b3`)
      expect(call).toMatchObject({
        state: 'ended',
        evidence: ['bye-not-seen'],
        hangupSide: 'caller',
        endAtUs: START_US + 900_000,
      })
    })

    it('takes it back when BYE arrives late', () => {
      const call = callOf(`${ANSWERED}\n100 a>b ACK 1 b2 to=y\n900 b>a 200 BYE 2 b3\n890 a>b BYE 2 b3 to=y`)
      expect(call).toMatchObject({ evidence: [], endAtUs: START_US + 890_000 })
    })

    it('is not ended by a challenge to BYE alone', () => {
      expect(callOf(`${ANSWERED}\n900 b>a 401 BYE 2 b3`).state).toBe('in-call')
    })

    it('says bye-not-seen when the far side has forgotten the dialog', () => {
      const call = callOf(`${ANSWERED}\n100 a>b ACK 1 b2 to=y\n900 a>b UPDATE 2 b3 to=y\n901 b>a 481 UPDATE 2 b3`)
      expect(call).toMatchObject({ state: 'in-call', evidence: ['bye-not-seen'] })
    })

    it('says nothing without evidence, however long it takes', () => {
      const tracker = new CallTracker()
      const call = callOf(`${ANSWERED}\n100 a>b ACK 1 b2 to=y`, tracker)
      tracker.tick(START_US + 3 * 3_600_000_000)
      expect(call).toMatchObject({ state: 'in-call', evidence: [], isRunning: true })
    })

    it('is ended when the answer to BYE is lost', () => {
      expect(callOf(`${ANSWERED}\n100 a>b ACK 1 b2 to=y\n900 a>b BYE 2 b3 to=y`)).toMatchObject({
        state: 'ended',
        evidence: [],
      })
    })

    it('says bye-not-seen for the leg that did not end with the other', () => {
      const tracker = new CallTracker()
      const call = callOf(
        `${ANSWERED}
        100 a>b ACK 1 b2 to=y
        20 b>c INVITE 1 c1 call=leg-b corr=call-1 from=f
        80 c>b 200 INVITE 1 c1 call=leg-b corr=call-1 from=f to=g
        81 b>c ACK 1 c2 call=leg-b corr=call-1 from=f to=g
        900 a>b BYE 2 b3 to=y
        901 b>a 200 BYE 2 b3`,
        tracker,
      )
      expect(call.evidence).toEqual([])
      tracker.tick(START_US + 40_000_000)
      expect(call).toMatchObject({ state: 'ended', evidence: ['bye-not-seen'] })
      expect(call.legs.map((leg) => [leg.callId, leg.state, leg.evidence])).toEqual([
        ['call-1', 'ended', []],
        ['leg-b', 'in-call', ['bye-not-seen']],
      ])
      play(tracker, '41000 b>c BYE 2 c3 call=leg-b from=f to=g')
      expect(call.evidence).toEqual([])
    })
  })

  it('is told of a leg that joins a call which is over', () => {
    const tracker = new CallTracker()
    const call = callOf(`${ANSWERED}\n100 a>b ACK 1 b2 to=y\n200 a>b BYE 2 b3 to=y`, tracker)
    tracker.tick(START_US + 1_000_000)
    play(tracker, '300 b>c INVITE 1 c1 call=leg-b corr=call-1 from=f\n310 c>b 200 INVITE 1 c1 call=leg-b from=f to=g')
    tracker.tick(START_US + 50_000_000)
    expect(call.legs[1]).toMatchObject({ state: 'in-call', evidence: ['ack-not-seen', 'bye-not-seen'] })
  })

  describe('started before capture', () => {
    it.each([
      { name: 'BYE', script: '0 a>b BYE 7 b1 to=y', state: 'ended' },
      {
        name: 're-INVITE',
        script: '0 a>b INVITE 7 b1 to=y\n1 b>a 200 INVITE 7 b1\n2 a>b ACK 7 b2 to=y',
        state: 'in-call',
      },
      { name: 'a re-INVITE that fails', script: '0 a>b INVITE 7 b1 to=y\n1 b>a 491 INVITE 7 b1', state: 'in-call' },
      { name: 'INFO', script: '0 a>b INFO 7 b1 to=y', state: 'in-call' },
      { name: 'OPTIONS in the dialog', script: '0 a>b OPTIONS 7 b1 to=y\n1 b>a 200 OPTIONS 7 b1', state: 'in-call' },
      { name: 'PRACK', script: '0 a>b PRACK 7 b1 to=y', state: 'early' },
      { name: 'UPDATE', script: '0 a>b UPDATE 7 b1 to=y', state: 'early' },
      { name: 'ACK', script: '0 a>b ACK 7 b1 to=y', state: 'unknown' },
      { name: '180', script: '0 b>a 180 INVITE 7 b1', state: 'ringing' },
      { name: '200', script: '0 b>a 200 INVITE 7 b1\n1 a>b ACK 7 b2 to=y', state: 'in-call' },
      { name: 'CANCEL', script: '0 a>b CANCEL 7 b1', state: 'cancelled' },
    ])('says so when $name comes first', ({ script, state }) => {
      expect(callOf(script)).toMatchObject({ kind: 'call', state, evidence: ['started-before-capture'] })
    })

    it('says bye-not-seen as well when the answer to BYE comes first', () => {
      expect(callOf('0 b>a 200 BYE 7 b1')).toMatchObject({
        state: 'ended',
        evidence: ['started-before-capture', 'bye-not-seen'],
      })
    })

    it('takes it back when the INVITE arrives late', () => {
      expect(callOf('9 b>a 180 INVITE 1 b1\n0 a>b INVITE 1 b1')).toMatchObject({
        state: 'ringing',
        evidence: [],
        postDialDelayUs: 9000,
      })
    })

    it('tells who hung up if it saw whose dialog it is', () => {
      expect(callOf('0 a>b BYE 7 b1 to=y').hangupSide).toBeUndefined()
      expect(callOf('0 b>a 200 INVITE 1 b1\n9 a>b BYE 7 b2 to=y').hangupSide).toBe('caller')
    })
  })

  describe('silence', () => {
    it('is told after three minutes without a final answer; the state stays', () => {
      const tracker = new CallTracker()
      const call = callOf('0 a>b INVITE 1 b1\n9 b>a 180 INVITE 1 b1', tracker)
      tracker.tick(START_US + 179_000_000)
      expect(call).toMatchObject({ evidence: [], isRunning: true })
      const { version } = call
      tracker.tick(START_US + 181_000_000)
      expect(call).toMatchObject({ state: 'ringing', evidence: ['silent'], isRunning: false })
      expect(call.version).toBeGreaterThan(version)
      expect(tracker.totals.running).toBe(0)
    })

    it('ends with the next event', () => {
      const tracker = new CallTracker()
      const call = callOf('0 a>b INVITE 1 b1', tracker)
      tracker.tick(START_US + 181_000_000)
      play(tracker, '182000 b>a 180 INVITE 1 b1')
      expect(call).toMatchObject({ state: 'ringing', evidence: [], isRunning: true })
    })

    it('is told of an answered call after four hours', () => {
      const tracker = new CallTracker()
      const call = callOf(`${ANSWERED}\n100 a>b ACK 1 b2 to=y`, tracker)
      tracker.tick(START_US + 4 * 3_600_000_000 + 1_000_000)
      expect(call).toMatchObject({ state: 'in-call', evidence: ['silent'], isRunning: false })
    })

    it('is measured from when an event was heard, for the clock of an agent may be wrong', () => {
      const tracker = new CallTracker()
      const nowUs = START_US + 7_200_000_000
      tracker.tick(nowUs)
      const call = callOf('0 a>b INVITE 1 b1', tracker)
      tracker.tick(nowUs + 100_000_000)
      expect(call.evidence).toEqual([])
      tracker.tick(nowUs + 190_000_000)
      expect(call.evidence).toEqual(['silent'])
    })
  })

  describe('gaps', () => {
    it('mark the calls that ran meanwhile', () => {
      const tracker = new CallTracker()
      play(
        tracker,
        `
        0 a>b INVITE 1 b1 call=over
        10 b>a 486 INVITE 1 b1 call=over
        0 a>b INVITE 1 b1 call=running
        900 a>b INVITE 1 b1 call=later`,
      )
      tracker.noteGap(START_US + 100_000, START_US + 200_000, 37)
      expect([...tracker.calls()].map((call) => [call.id, call.evidence])).toEqual([
        ['over', []],
        ['running', ['gap-inside']],
        ['later', []],
      ])
      expect(tracker.totals.missing).toBe(37)
    })

    it('mark a call that ended after the gap began', () => {
      const tracker = new CallTracker()
      const call = callOf('0 a>b INVITE 1 b1\n150 b>a 486 INVITE 1 b1', tracker)
      tracker.noteGap(START_US + 100_000, START_US + 200_000, 1)
      expect(call.evidence).toEqual(['gap-inside'])
    })
  })
})
