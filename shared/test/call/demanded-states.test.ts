import { describe, expect, it } from 'vitest'
import type { Call } from '../../src/call/call.ts'
import { callOf, START_US } from './sip-script.ts'

const RINGING = '0 a>b INVITE 1 b1\n50 b>a 180 INVITE 1 b1'
const TALKING = `${RINGING}\n100 b>a 200 INVITE 1 b1\n110 a>b ACK 1 b2 to=y`

/** What is asked of a call in each of the cases that other tools have got wrong. */
interface Case {
  readonly name: string
  /** What went wrong elsewhere, or why it is so here. */
  readonly because: string
  readonly script: string
  readonly expected: Partial<Call>
}

const CASES: readonly Case[] = [
  {
    name: '480',
    because: 'elsewhere it stays in setup; nobody was busy, the phone is not there',
    script: `${RINGING}\n900 b>a 480 INVITE 1 b1\n905 a>b ACK 1 b1 to=y`,
    expected: { state: 'unavailable', stateClass: 'off', statusCode: 480, endAtUs: START_US + 900_000 },
  },
  {
    name: '486',
    because: 'busy here',
    script: `${RINGING}\n900 b>a 486 INVITE 1 b1`,
    expected: { state: 'busy', stateClass: 'off', statusCode: 486, reason: 'Busy Here' },
  },
  {
    name: '600',
    because: 'busy everywhere is busy as well',
    script: `${RINGING}\n900 b>a 600 INVITE 1 b1`,
    expected: { state: 'busy', stateClass: 'off', statusCode: 600 },
  },
  {
    name: '603',
    because: 'a person said no: no fault',
    script: `${RINGING}\n900 b>a 603 INVITE 1 b1`,
    expected: { state: 'declined', stateClass: 'off', statusCode: 603 },
  },
  {
    name: '400',
    because: 'elsewhere its ACK makes a call of it',
    script: `0 a>b INVITE 1 b1\n9 b>a 400 INVITE 1 b1\n12 a>b ACK 1 b1 to=y`,
    expected: { state: 'failed', stateClass: 'bad', statusCode: 400, answerAtUs: undefined },
  },
  {
    name: '401, then credentials',
    because: 'a challenge is no refusal',
    script: `0 a>b INVITE 1 b1\n9 b>a 401 INVITE 1 b1\n12 a>b ACK 1 b1 to=y\n20 a>b INVITE 2 b2\n30 b>a 180 INVITE 2 b2`,
    expected: { state: 'ringing', stateClass: 'wait', challengeCount: 1, evidence: [] },
  },
  {
    name: '401 again and again',
    because: 'the credentials are refused: a loop',
    script: `0 a>b INVITE 1 b1\n1 b>a 401 INVITE 1 b1\n2 a>b INVITE 2 b2\n3 b>a 401 INVITE 2 b2\n4 a>b INVITE 3 b3\n5 b>a 401 INVITE 3 b3`,
    expected: { state: 'auth-failed', stateClass: 'bad', statusCode: 401, challengeCount: 3 },
  },
  {
    name: '407 again and again',
    because: 'the same of a proxy',
    script: `0 a>b INVITE 1 b1\n1 b>a 407 INVITE 1 b1\n2 a>b INVITE 2 b2\n3 b>a 407 INVITE 2 b2`,
    expected: { state: 'auth-failed', stateClass: 'bad', statusCode: 407, challengeCount: 2 },
  },
  {
    name: 'CANCEL that crosses 200',
    because: 'the call was answered: it is not cancelled, and ends by BYE',
    script: `${RINGING}\n90 a>b CANCEL 1 b1\n91 b>a 200 INVITE 1 b1\n92 b>a 481 CANCEL 1 b1\n93 a>b ACK 1 b2 to=y\n99 a>b BYE 2 b3 to=y`,
    expected: { state: 'ended', hangupSide: 'caller', talkUs: 8000, evidence: [] },
  },
  {
    name: '302',
    because: 'the caller was sent elsewhere, and did not go',
    script: `0 a>b INVITE 1 b1\n9 b>a 302 INVITE 1 b1\n12 a>b ACK 1 b1 to=y`,
    expected: { state: 'diverted', stateClass: 'off', statusCode: 302 },
  },
  {
    name: '302 that is followed',
    because: 'the next try decides',
    script: `0 a>b INVITE 1 b1\n9 b>a 302 INVITE 1 b1\n20 a>c INVITE 2 b2\n30 c>a 200 INVITE 2 b2 to=z`,
    expected: { state: 'in-call', statusCode: 200 },
  },
  {
    name: '181',
    because: 'on its way to somebody else, and still a call that waits',
    script: `0 a>b INVITE 1 b1\n9 b>a 181 INVITE 1 b1`,
    expected: { state: 'forwarding', stateClass: 'wait', isRunning: true },
  },
  {
    name: 'a re-INVITE that fails',
    because: 'the call goes on as it was',
    script: `${TALKING}\n200 a>b INVITE 2 b4 to=y\n210 b>a 488 INVITE 2 b4\n211 a>b ACK 2 b4 to=y`,
    expected: { state: 'in-call', statusCode: 200, hasCodecMismatch: false, endAtUs: undefined },
  },
  {
    name: '501 to UPDATE',
    because: 'elsewhere it made a diverted call of it',
    script: `${TALKING}\n200 a>b UPDATE 2 b4 to=y\n201 b>a 501 UPDATE 2 b4`,
    expected: { state: 'in-call', statusCode: 200, evidence: [] },
  },
  {
    name: 'two forks that answer',
    because: 'the BYE to one does not end the other',
    script: `0 a>p INVITE 1 b1\n50 p>a 200 INVITE 1 b1 to=y\n51 p>a 200 INVITE 1 b1 to=z\n52 a>p ACK 1 b5 to=y\n53 a>p ACK 1 b6 to=z\n54 a>p BYE 2 b7 to=z`,
    expected: { state: 'in-call', answerAtUs: START_US + 50_000, endAtUs: undefined },
  },
  {
    name: 'a lost ACK',
    because: 'the answer decides, not the ACK; that none was seen is told',
    script: `${RINGING}\n100 b>a 200 INVITE 1 b1\n600 b>a 200 INVITE 1 b1\n9000 b>a BYE 1 b2 from=y to=x`,
    expected: { state: 'ended', hangupSide: 'callee', retransmissionCount: 1, evidence: ['ack-not-seen'] },
  },
  {
    name: 'a lost BYE',
    because: 'its answer proves it; elsewhere the call talks for ever',
    script: `${TALKING}\n900 b>a 200 BYE 2 b3`,
    expected: { state: 'ended', endAtUs: START_US + 900_000, evidence: ['bye-not-seen'] },
  },
  {
    name: '183 and then 180',
    because: 'elsewhere the talk time became 0; ringing ends where talking begins',
    script: `0 a>b INVITE 1 b1\n40 b>a 183 INVITE 1 b1\n50 b>a 180 INVITE 1 b1\n1050 b>a 200 INVITE 1 b1\n1060 a>b ACK 1 b2 to=y\n4050 a>b BYE 2 b3 to=y`,
    expected: { state: 'ended', ringUs: 1_010_000, talkUs: 3_000_000 },
  },
]

describe('what a call has come to', () => {
  it.each(CASES)('with $name: $because', ({ script, expected }) => {
    expect(callOf(script)).toMatchObject(expected)
  })
})

describe('dialogs beside calls', () => {
  it.each([
    ['0 a>b REGISTER 1 b1\n5 b>a 200 REGISTER 1 b1', { kind: 'registration', state: 'registered', stateClass: 'ok' }],
    ['0 a>b REGISTER 1 b1\n5 b>a 403 REGISTER 1 b1', { kind: 'registration', state: 'rejected', stateClass: 'bad' }],
    ['0 a>b SUBSCRIBE 1 b1\n5 b>a 202 SUBSCRIBE 1 b1', { kind: 'subscription', state: 'subscribed' }],
    ['0 a>b OPTIONS 1 b1\n5 b>a 200 OPTIONS 1 b1', { kind: 'options', state: 'answered', responseTimeUs: 5000 }],
    ['0 a>b OPTIONS 1 b1', { kind: 'options', state: 'pending', stateClass: 'wait' }],
    ['0 a>b MESSAGE 1 b1\n5 b>a 202 MESSAGE 1 b1', { kind: 'message', state: 'answered' }],
    ['0 a>b MESSAGE 1 b1\n5 b>a 404 MESSAGE 1 b1', { kind: 'message', state: 'not-found', isRunning: false }],
  ])('%s', (script, expected) => {
    expect(callOf(script)).toMatchObject(expected)
  })
})
