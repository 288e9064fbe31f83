import { describe, expect, it } from 'vitest'
import { METHOD } from '../../src/call/kind.ts'
import { CallTracker } from '../../src/call/tracker.ts'
import { METHODS } from '../../src/sip/methods.ts'
import { callOf, play, START_US } from './sip-script.ts'

describe('METHOD', () => {
  it('agrees with the numbers of a block', () => {
    for (const [name, number] of Object.entries(METHOD)) expect(METHODS[number]).toBe(name.toUpperCase())
  })
})

describe('registration', () => {
  const CHALLENGED = `
    0 a>b REGISTER 1 b1
    1 b>a 401 REGISTER 1 b1`

  it('is auth after 401, then registered', () => {
    expect(callOf(CHALLENGED)).toMatchObject({ kind: 'registration', state: 'auth', isRunning: false })
    expect(callOf(`${CHALLENGED}\n9 a>b REGISTER 2 b2\n19 b>a 200 REGISTER 2 b2`)).toMatchObject({
      state: 'registered',
      stateClass: 'ok',
      statusCode: 200,
      responseTimeUs: 10_000,
      messageCount: 4,
      postDialDelayUs: undefined,
      evidence: [],
    })
  })

  it('is auth-failed when the credentials are challenged again', () => {
    expect(callOf(`${CHALLENGED}\n9 a>b REGISTER 2 b2\n19 b>a 401 REGISTER 2 b2`).state).toBe('auth-failed')
  })

  it('is rejected after 403', () => {
    expect(callOf(`${CHALLENGED}\n9 a>b REGISTER 2 b2\n19 b>a 403 REGISTER 2 b2`).state).toBe('rejected')
  })

  it('stays registered while it is refreshed and challenged', () => {
    const tracker = new CallTracker()
    const call = callOf(`${CHALLENGED}\n9 a>b REGISTER 2 b2\n19 b>a 200 REGISTER 2 b2`, tracker)
    for (const line of [
      '9000 a>b REGISTER 3 b3',
      '9001 b>a 401 REGISTER 3 b3',
      '9002 a>b REGISTER 4 b4',
      '9003 b>a 200 REGISTER 4 b4',
    ]) {
      play(tracker, line)
      expect(call.state).toBe('registered')
    }
  })

  it('is unregistered after a request for zero seconds', () => {
    expect(callOf('0 a>b REGISTER 1 b1 expires=0\n1 b>a 200 REGISTER 1 b1').state).toBe('unregistered')
    expect(callOf('0 a>b REGISTER 1 b1 expires=3600\n1 b>a 200 REGISTER 1 b1').state).toBe('registered')
  })

  it('takes the answer of the near hop', () => {
    const call = callOf(`
      0 a>p REGISTER 1 b1
      1 p>b REGISTER 1 b2
      2 b>p 200 REGISTER 1 b2
      3 p>a 200 REGISTER 1 b1`)
    expect(call).toMatchObject({ state: 'registered', responseTimeUs: 3000, retransmissionCount: 0 })
  })

  it('does not go back to a request that is repeated late', () => {
    const call = callOf('0 a>b REGISTER 1 b1\n9 a>b REGISTER 2 b2\n19 b>a 403 REGISTER 2 b2\n510 a>b REGISTER 1 b1')
    expect(call).toMatchObject({ state: 'rejected', retransmissionCount: 1 })
  })
})

describe('other requests', () => {
  it.each([
    { script: '0 a>b SUBSCRIBE 1 b1', kind: 'subscription', state: 'pending' },
    { script: '0 a>b SUBSCRIBE 1 b1\n1 b>a 202 SUBSCRIBE 1 b1', kind: 'subscription', state: 'subscribed' },
    { script: '0 a>b SUBSCRIBE 1 b1 expires=0\n1 b>a 200 SUBSCRIBE 1 b1', kind: 'subscription', state: 'ended' },
    { script: '0 b>a NOTIFY 1 b1 to=x', kind: 'subscription', state: 'subscribed' },
    { script: '0 b>a NOTIFY 1 b1 to=x\n1 a>b 481 NOTIFY 1 b1', kind: 'subscription', state: 'subscribed' },
    { script: '0 a>b OPTIONS 1 b1', kind: 'options', state: 'pending' },
    { script: '0 a>b OPTIONS 1 b1\n1 b>a 200 OPTIONS 1 b1', kind: 'options', state: 'answered' },
    { script: '0 a>b OPTIONS 1 b1\n1 b>a 405 OPTIONS 1 b1', kind: 'options', state: 'failed' },
    { script: '0 a>b OPTIONS 1 b1\n1 b>a 408 OPTIONS 1 b1', kind: 'options', state: 'timeout' },
    { script: '0 a>b MESSAGE 1 b1\n1 b>a 202 MESSAGE 1 b1', kind: 'message', state: 'answered' },
    { script: '0 a>b MESSAGE 1 b1\n1 b>a 404 MESSAGE 1 b1', kind: 'message', state: 'not-found' },
    { script: '0 a>b PUBLISH 1 b1\n1 b>a 200 PUBLISH 1 b1', kind: 'other', state: 'answered' },
    { script: '0 a>b REFER 1 b1\n1 b>a 202 REFER 1 b1', kind: 'other', state: 'answered' },
    { script: '0 a>b PING 1 b1\n1 b>a 200 PING 1 b1', kind: 'other', state: 'answered' },
  ])('$script is $kind and $state', ({ script, kind, state }) => {
    expect(callOf(script)).toMatchObject({ kind, state, isRunning: false })
  })

  it('are silent without an answer', () => {
    const tracker = new CallTracker()
    const call = callOf('0 a>b OPTIONS 1 b1', tracker)
    tracker.tick(START_US + 200_000_000)
    expect(call).toMatchObject({ state: 'pending', evidence: ['silent'] })
  })

  it('belong to the call whose dialog they use', () => {
    const call = callOf(`
      0 a>b INVITE 1 b1
      9 b>a 200 INVITE 1 b1
      10 a>b ACK 1 b2 to=y
      20 a>b REFER 2 b3 to=y
      21 b>a 202 REFER 2 b3
      22 b>a NOTIFY 1 b4 from=y to=x
      23 a>b 200 NOTIFY 1 b4 from=y to=x`)
    expect(call).toMatchObject({ kind: 'call', state: 'in-call', messageCount: 7 })
  })

  it('become a call when a message of one follows', () => {
    expect(callOf('0 b>a NOTIFY 1 b4 from=y to=x\n9 a>b BYE 3 b5 to=y')).toMatchObject({ kind: 'call', state: 'ended' })
  })
})
