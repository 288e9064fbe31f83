import { describe, expect, it } from 'vitest'
import { STATE_CLASS } from '../../src/call/state.ts'
import { CallTracker } from '../../src/call/tracker.ts'
import { callOf, play, START_US } from './sip-script.ts'

const RINGING = `
  0  a>b INVITE 1 b1
  10 b>a 100 INVITE 1 b1
  50 b>a 180 INVITE 1 b1`
const IN_CALL = `${RINGING}
  100 b>a 200 INVITE 1 b1
  110 a>b ACK 1 b2 to=y`

describe('state of a call', () => {
  it.each([
    { name: 'setup after INVITE', script: '0 a>b INVITE 1 b1', state: 'setup' },
    { name: 'setup after 100', script: '0 a>b INVITE 1 b1\n9 b>a 100 INVITE 1 b1', state: 'setup' },
    { name: 'ringing after 180', script: RINGING, state: 'ringing' },
    { name: 'early after 183', script: `${RINGING}\n60 b>a 183 INVITE 1 b1`, state: 'early' },
    {
      name: 'ringing after 183 and then 180',
      script: '0 a>b INVITE 1 b1\n1 b>a 183 INVITE 1 b1\n2 b>a 180 INVITE 1 b1',
      state: 'ringing',
    },
    { name: 'forwarding after 181', script: `${RINGING}\n60 b>a 181 INVITE 1 b1`, state: 'forwarding' },
    { name: 'queued after 182', script: `${RINGING}\n60 b>a 182 INVITE 1 b1`, state: 'queued' },
    { name: 'in-call after 200', script: `${RINGING}\n90 b>a 200 INVITE 1 b1`, state: 'in-call' },
    { name: 'in-call after ACK', script: IN_CALL, state: 'in-call' },
    { name: 'ended at BYE', script: `${IN_CALL}\n900 a>b BYE 2 b3 to=y`, state: 'ended' },
    {
      name: 'ended after the answer to BYE',
      script: `${IN_CALL}\n900 a>b BYE 2 b3 to=y\n910 b>a 200 BYE 2 b3`,
      state: 'ended',
    },
    { name: 'ended by the callee', script: `${IN_CALL}\n900 b>a BYE 1 b3 from=y to=x`, state: 'ended' },
    { name: 'diverted after 302', script: `${RINGING}\n90 b>a 302 INVITE 1 b1`, state: 'diverted' },
    { name: 'failed after 400', script: `${RINGING}\n90 b>a 400 INVITE 1 b1`, state: 'failed' },
    { name: 'rejected after 403', script: `${RINGING}\n90 b>a 403 INVITE 1 b1`, state: 'rejected' },
    { name: 'not-found after 404', script: `${RINGING}\n90 b>a 404 INVITE 1 b1`, state: 'not-found' },
    { name: 'no-answer after 180 and 408', script: `${RINGING}\n90 b>a 408 INVITE 1 b1`, state: 'no-answer' },
    { name: 'timeout after 408 alone', script: '0 a>b INVITE 1 b1\n9 b>a 408 INVITE 1 b1', state: 'timeout' },
    { name: 'unavailable after 480', script: `${RINGING}\n90 b>a 480 INVITE 1 b1`, state: 'unavailable' },
    { name: 'busy after 486', script: `${RINGING}\n90 b>a 486 INVITE 1 b1`, state: 'busy' },
    { name: 'failed after 488', script: `${RINGING}\n90 b>a 488 INVITE 1 b1`, state: 'failed' },
    { name: 'failed after 503', script: `${RINGING}\n90 b>a 503 INVITE 1 b1`, state: 'failed' },
    { name: 'busy after 600', script: `${RINGING}\n90 b>a 600 INVITE 1 b1`, state: 'busy' },
    { name: 'declined after 603', script: `${RINGING}\n90 b>a 603 INVITE 1 b1`, state: 'declined' },
    { name: 'failed after 606', script: `${RINGING}\n90 b>a 606 INVITE 1 b1`, state: 'failed' },
    { name: 'cancelled after CANCEL', script: `${RINGING}\n90 a>b CANCEL 1 b1`, state: 'cancelled' },
    {
      name: 'cancelled after CANCEL and 487',
      script: `${RINGING}\n90 a>b CANCEL 1 b1\n91 b>a 200 CANCEL 1 b1\n92 b>a 487 INVITE 1 b1\n93 a>b ACK 1 b1 to=y`,
      state: 'cancelled',
    },
    { name: 'cancelled after 487 alone', script: `${RINGING}\n92 b>a 487 INVITE 1 b1`, state: 'cancelled' },
    {
      name: 'busy when 486 crosses CANCEL',
      script: `${RINGING}\n90 a>b CANCEL 1 b1\n92 b>a 486 INVITE 1 b1`,
      state: 'busy',
    },
  ] as const)('is $name', ({ script, state }) => {
    expect(callOf(script).state).toBe(state)
  })

  it('is in-call when 200 crosses CANCEL, then ended by BYE', () => {
    const tracker = new CallTracker()
    const call = callOf(
      `${RINGING}\n90 a>b CANCEL 1 b1\n91 b>a 200 INVITE 1 b1\n92 b>a 200 CANCEL 1 b1\n93 a>b ACK 1 b2 to=y`,
      tracker,
    )
    expect(call.state).toBe('in-call')
    play(tracker, '99 a>b BYE 2 b3 to=y')
    expect(call.state).toBe('ended')
    expect(call.hangupSide).toBe('caller')
  })

  it('is not changed by a failing re-INVITE of the caller', () => {
    const call = callOf(`${IN_CALL}
      200 a>b INVITE 2 b4 to=y
      210 b>a 488 INVITE 2 b4
      211 a>b ACK 2 b4 to=y`)
    expect(call).toMatchObject({ state: 'in-call', statusCode: 200, endAtUs: undefined })
  })

  it('is not changed by a failing re-INVITE of the callee', () => {
    const call = callOf(`${IN_CALL}
      200 b>a INVITE 1 b4 from=y to=x
      210 a>b 491 INVITE 1 b4 from=y to=x
      211 b>a ACK 1 b4 from=y to=x`)
    expect(call).toMatchObject({ state: 'in-call', evidence: [] })
  })

  it('is not changed by a failing UPDATE, in an early dialog and in an answered one', () => {
    expect(callOf(`${RINGING}\n60 a>b UPDATE 2 b4 to=y\n61 b>a 501 UPDATE 2 b4`).state).toBe('ringing')
    expect(callOf(`${IN_CALL}\n200 a>b UPDATE 2 b4 to=y\n201 b>a 501 UPDATE 2 b4`).state).toBe('in-call')
  })

  it('is not changed by a failing INFO or PRACK', () => {
    expect(callOf(`${RINGING}\n60 a>b PRACK 2 b4 to=y\n61 b>a 481 PRACK 2 b4`).state).toBe('ringing')
    expect(callOf(`${IN_CALL}\n200 a>b INFO 2 b4 to=y\n201 b>a 415 INFO 2 b4`).state).toBe('in-call')
  })

  it('survives 180 that arrives after 200', () => {
    const call = callOf('0 a>b INVITE 1 b1\n100 b>a 200 INVITE 1 b1\n50 b>a 180 INVITE 1 b1')
    expect(call).toMatchObject({ state: 'in-call', ringUs: 50_000, postDialDelayUs: 50_000 })
  })

  it('takes 183 for earlier than the 180 it arrives after', () => {
    expect(callOf('0 a>b INVITE 1 b1\n60 b>a 180 INVITE 1 b1\n50 b>a 183 INVITE 1 b1').state).toBe('ringing')
  })

  it('has a class for each word', () => {
    expect(new Set(Object.values(STATE_CLASS))).toEqual(new Set(['wait', 'ok', 'done', 'off', 'bad']))
    expect(callOf(IN_CALL).stateClass).toBe('ok')
  })
})

describe('authentication', () => {
  const CHALLENGED = `
    0 a>b INVITE 1 b1
    1 b>a 407 INVITE 1 b1
    2 a>b ACK 1 b1 to=y`

  it('is auth after a challenge, not failed', () => {
    expect(callOf(CHALLENGED)).toMatchObject({ state: 'auth', stateClass: 'wait', isRunning: true, endAtUs: undefined })
  })

  it('goes on with the request that has credentials', () => {
    const call = callOf(`${CHALLENGED}
      10 a>b INVITE 2 b2
      20 b>a 180 INVITE 2 b2
      30 b>a 200 INVITE 2 b2 to=z`)
    expect(call).toMatchObject({ state: 'in-call', statusCode: 200, postDialDelayUs: 20_000, evidence: [] })
  })

  it('fails when the credentials are challenged again', () => {
    const call = callOf(`${CHALLENGED}\n10 a>b INVITE 2 b2\n11 b>a 407 INVITE 2 b2`)
    expect(call).toMatchObject({ state: 'auth-failed', stateClass: 'bad', statusCode: 407 })
  })

  it('goes on when a proxy and then the callee challenge', () => {
    expect(callOf(`${CHALLENGED}\n10 a>b INVITE 2 b2\n11 b>a 401 INVITE 2 b2`).state).toBe('auth')
  })

  it('is setup again at each new try of a loop', () => {
    expect(callOf(`${CHALLENGED}\n10 a>b INVITE 2 b2\n11 b>a 407 INVITE 2 b2\n12 a>b INVITE 3 b3`).state).toBe('setup')
  })

  it('fails when nobody answers the challenge', () => {
    const tracker = new CallTracker()
    const call = callOf(CHALLENGED, tracker)
    tracker.tick(START_US + 31_000_000)
    expect(call.state).toBe('auth')
    tracker.tick(START_US + 33_000_000)
    expect(call.state).toBe('auth-failed')
  })
})

describe('hops and forks', () => {
  const BOTH_HOPS = `
    0 a>p INVITE 1 b1
    1 p>a 100 INVITE 1 b1
    2 p>b INVITE 1 b2
    3 b>p 180 INVITE 1 b2
    4 p>a 180 INVITE 1 b1`

  it('is busy when the far hop and then the near hop say so, and no copy is a retransmission', () => {
    const call = callOf(`${BOTH_HOPS}
      50 b>p 486 INVITE 1 b2
      51 p>b ACK 1 b2 to=y
      52 p>a 486 INVITE 1 b1
      53 a>p ACK 1 b1 to=y`)
    expect(call).toMatchObject({ state: 'busy', messageCount: 9, retransmissionCount: 0, reason: 'Busy Here' })
    expect(call.endAtUs).toBe(START_US + 52_000)
    expect(call.route).toEqual(['10.0.0.1:5060', '10.0.0.16:5060', '10.0.0.2:5060'])
  })

  it('waits for the near hop, for the proxy may try another destination', () => {
    const tracker = new CallTracker()
    const call = callOf(`${BOTH_HOPS}\n50 b>p 503 INVITE 1 b2\n51 p>b ACK 1 b2 to=y`, tracker)
    expect(call.state).toBe('ringing')
    play(tracker, '60 p>c INVITE 1 b3\n70 c>p 200 INVITE 1 b3 to=z')
    expect(call.state).toBe('in-call')
    expect(tracker.totals).toMatchObject({ answered: 1, failed: 0 })
  })

  it('takes the far answer when the near one does not come', () => {
    const tracker = new CallTracker()
    const call = callOf(`${BOTH_HOPS}\n50 b>p 486 INVITE 1 b2`, tracker)
    tracker.tick(START_US + 2_500_000)
    expect(call.state).toBe('busy')
  })

  it('takes 100 before the INVITE of the next hop, whatever arrives first', () => {
    const call = callOf('1 p>a 100 INVITE 1 b1\n2 p>b INVITE 1 b2\n0 a>p INVITE 1 b1')
    expect(call).toMatchObject({ state: 'setup', evidence: [], firstUs: START_US })
  })

  it('is not over while one of several forks rings', () => {
    const call = callOf(`
      0 p>b INVITE 1 b1
      1 p>c INVITE 1 b2
      2 b>p 180 INVITE 1 b1
      3 c>p 180 INVITE 1 b2 to=z
      9 b>p 486 INVITE 1 b1`)
    expect(call.state).toBe('ringing')
  })

  it('is over when the last fork has failed', () => {
    const call = callOf(`
      0 p>b INVITE 1 b1
      1 p>c INVITE 1 b2
      2 b>p 180 INVITE 1 b1
      3 c>p 100 INVITE 1 b2
      9 b>p 486 INVITE 1 b1
      12 c>p 480 INVITE 1 b2 to=z`)
    expect(call).toMatchObject({ state: 'unavailable', statusCode: 480 })
  })

  it('goes on when one fork was given up for the next', () => {
    const call = callOf(`
      0 p>b INVITE 1 b1
      1 b>p 180 INVITE 1 b1
      20 p>b CANCEL 1 b1
      21 b>p 487 INVITE 1 b1
      22 p>c INVITE 1 b2
      23 c>p 180 INVITE 1 b2 to=z`)
    expect(call.state).toBe('ringing')
  })

  it('is in-call until the last of two answered forks ends', () => {
    const tracker = new CallTracker()
    const call = callOf(
      `${BOTH_HOPS}
      50 p>a 200 INVITE 1 b1 to=y
      51 p>a 200 INVITE 1 b1 to=z
      52 a>p ACK 1 b5 to=y
      53 a>p ACK 1 b6 to=z
      54 a>p BYE 2 b7 to=z
      55 p>a 200 BYE 2 b7 to=z`,
      tracker,
    )
    expect(call).toMatchObject({ state: 'in-call', answerAtUs: START_US + 50_000 })
    play(tracker, '90 a>p BYE 3 b8 to=y')
    expect(call).toMatchObject({ state: 'ended', talkUs: 40_000 })
  })

  it('ends with the BYE of a hop that keeps the Call-ID and has tags of its own', () => {
    const call = callOf(`
      0 a>p INVITE 1 b1
      1 p>b INVITE 101 b2 from=px
      2 b>p 200 INVITE 101 b2 from=px to=by
      3 p>a 200 INVITE 1 b1 to=py
      4 a>p ACK 1 b3 to=py
      5 p>b ACK 101 b4 from=px to=by
      9 b>p BYE 7 b5 from=by to=px`)
    expect(call).toMatchObject({ state: 'ended', answerAtUs: START_US + 3000 })
  })

  it('begins again when the Call-ID is used for a later call', () => {
    const call = callOf(`${IN_CALL}
      200 a>b BYE 2 b3 to=y
      900 a>b INVITE 1 b9 from=other
      950 b>a 180 INVITE 1 b9 from=other to=q`)
    expect(call).toMatchObject({
      state: 'ringing',
      answerAtUs: undefined,
      hangupSide: undefined,
      postDialDelayUs: 50_000,
    })
  })
})

describe('times of a call', () => {
  it('tell setup, ringing and talking apart', () => {
    const call = callOf(`${IN_CALL}\n5100 b>a BYE 1 b3 from=y to=x\n5101 a>b 200 BYE 1 b3 from=y to=x`)
    expect(call).toMatchObject({
      firstUs: START_US,
      ringAtUs: START_US + 50_000,
      answerAtUs: START_US + 100_000,
      endAtUs: START_US + 5_100_000,
      postDialDelayUs: 50_000,
      ringUs: 50_000,
      talkUs: 5_000_000,
      hangupSide: 'callee',
      messageCount: 7,
      lastUs: START_US + 5_101_000,
    })
  })

  it('end the ringing of a refused call with its final answer', () => {
    expect(callOf(`${RINGING}\n90 b>a 486 INVITE 1 b1`)).toMatchObject({
      ringUs: 40_000,
      talkUs: undefined,
      hangupSide: undefined,
    })
  })

  it('end a cancelled call with CANCEL', () => {
    expect(callOf(`${RINGING}\n90 a>b CANCEL 1 b1\n95 b>a 487 INVITE 1 b1`)).toMatchObject({
      endAtUs: START_US + 90_000,
      hangupSide: 'caller',
    })
  })

  it('have no ringing where nothing rang', () => {
    expect(callOf('0 a>b INVITE 1 b1\n100 b>a 200 INVITE 1 b1')).toMatchObject({
      ringUs: undefined,
      postDialDelayUs: 100_000,
    })
  })
})
