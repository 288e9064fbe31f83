import { describe, expect, it } from 'vitest'
import { PROBLEM_NAMES, PROBLEMS, type Problem, problemBits } from '../../src/call/problem.ts'
import { CallTracker } from '../../src/call/tracker.ts'
import { SCENARIOS } from './scenarios.ts'
import { callOf, START_US } from './sip-script.ts'

const TALK = '100 b>a 200 INVITE 1 b1\n110 a>b ACK 1 b2 to=y'

function problemsOf(script: string, afterUs = 0): Problem[] {
  const tracker = new CallTracker()
  const call = callOf(script, tracker)
  if (afterUs > 0) tracker.tick(START_US + afterUs)
  const bits = problemBits(call)
  return PROBLEM_NAMES.filter((_, i) => (bits & (1 << i)) !== 0)
}

describe('problems', () => {
  it.each<{ name: string; script: string; problems: readonly Problem[] }>([
    { name: 'a good call', script: SCENARIOS.basic.script, problems: [] },
    { name: 'busy', script: SCENARIOS.busy.script, problems: [] },
    { name: 'cancelled', script: SCENARIOS.cancel.script, problems: [] },
    { name: '503', script: '0 a>b INVITE 1 b1\n9 b>a 503 INVITE 1 b1', problems: ['failed'] },
    { name: 'a refused MESSAGE', script: SCENARIOS.message.script, problems: ['failed'] },
    { name: 'setup in 5 s', script: '0 a>b INVITE 1 b1\n5000 b>a 180 INVITE 1 b1', problems: [] },
    { name: 'setup after 5 s', script: '0 a>b INVITE 1 b1\n5001 b>a 180 INVITE 1 b1', problems: ['slow-setup'] },
    {
      name: 'a talk of just under 6 s',
      script: `0 a>b INVITE 1 b1\n${TALK}\n6099 a>b BYE 2 b3 to=y`,
      problems: ['short-call'],
    },
    { name: 'a talk of 6 s', script: `0 a>b INVITE 1 b1\n${TALK}\n6100 a>b BYE 2 b3 to=y`, problems: [] },
    { name: 'three challenges', script: SCENARIOS.authLoop.script, problems: ['failed', 'auth-loop'] },
    {
      name: 'three challenges of a registration',
      script: SCENARIOS.registerLoop.script,
      problems: ['failed', 'auth-loop'],
    },
    { name: 'one challenge', script: SCENARIOS.register.script, problems: [] },
    {
      name: 'five repeats of an INVITE',
      script: SCENARIOS.retransmissions.script,
      problems: ['failed', 'retransmission-storm'],
    },
    {
      name: 'a repeated answer without ACK',
      script: `0 a>b INVITE 1 b1\n100 b>a 200 INVITE 1 b1\n600 b>a 200 INVITE 1 b1`,
      problems: ['no-ack'],
    },
    {
      name: 'an answer to BYE alone',
      script: `0 a>b INVITE 1 b1\n${TALK}\n9000 b>a 200 BYE 2 b3`,
      problems: ['no-bye'],
    },
    { name: '488', script: '0 a>b INVITE 1 b1\n9 b>a 488 INVITE 1 b1', problems: ['failed', 'codec-mismatch'] },
    {
      name: 'an answer with another codec',
      script: '0 a>b INVITE 1 b1 codecs=8,0\n9 b>a 200 INVITE 1 b1 codecs=18',
      problems: ['codec-mismatch'],
    },
    {
      name: 'an answer that refuses audio',
      script: '0 a>b INVITE 1 b1 codecs=8,0\n9 b>a 200 INVITE 1 b1 codecs=',
      problems: ['codec-mismatch'],
    },
    {
      name: 'transcoding between two hops',
      script: `0 a>p INVITE 1 b1 codecs=8\n1 p>b INVITE 1 b2 codecs=18
        8 b>p 200 INVITE 1 b2 codecs=18\n9 p>a 200 INVITE 1 b1 codecs=8`,
      problems: [],
    },
    { name: 'a scanner', script: '0 a>b OPTIONS 1 b1 ua=friendly-scanner', problems: ['scanner'] },
    { name: 'a telephone', script: '0 a>b OPTIONS 1 b1 ua=Friendly/1.0', problems: [] },
  ])('of $name are $problems', ({ script, problems }) => {
    expect(problemsOf(script)).toEqual(problems)
  })

  it('are no-bye after four silent hours of talk', () => {
    const script = `0 a>b INVITE 1 b1\n${TALK}`
    expect(problemsOf(script, 3 * 3_600_000_000)).toEqual([])
    expect(problemsOf(script, 5 * 3_600_000_000)).toEqual(['no-bye'])
  })

  it('have a meaning in words each', () => {
    for (const name of PROBLEM_NAMES) expect(PROBLEMS[name].title).toMatch(/^[A-Z0-9].{20}/)
  })

  it('of a long loop count tries that had to leave', () => {
    const tries = Array.from({ length: 30 }, (_, i) => {
      const cseq = i + 1
      return `${i * 100} a>b INVITE ${cseq} b${cseq}\n${i * 100 + 5} b>a 407 INVITE ${cseq} b${cseq}`
    })
    expect(callOf(tries.join('\n')).challengeCount).toBe(30)
  })
})
