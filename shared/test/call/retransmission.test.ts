import { describe, expect, it } from 'vitest'
import { MAX_SIGHTS, SAME_SENDING_US, SightLog } from '../../src/call/retransmission.ts'
import { callOf, permutationsOf } from './sip-script.ts'

describe('SightLog', () => {
  it('takes the second sight of one observer for a retransmission', () => {
    const log = new SightLog()
    expect([
      log.judge(1, 7, 0),
      log.judge(1, 7, 500_000),
      log.judge(2, 7, 500_001),
      log.judge(1, 7, 1_500_000),
    ]).toEqual(['first', 'retransmission', 'first', 'retransmission'])
  })

  it('takes the sight of a second observer for a copy, however wrong its clock is', () => {
    const log = new SightLog()
    expect([
      log.judge(1, 7, 0),
      log.judge(1, 8, 900_000),
      log.judge(1, 7, 500_000),
      log.judge(1, 8, 1_400_000),
    ]).toEqual(['first', 'copy', 'retransmission', 'copy'])
  })

  it('takes two sights of one observer within the same moment for copies', () => {
    const log = new SightLog()
    expect([log.judge(1, 7, 100), log.judge(1, 7, 100 + SAME_SENDING_US - 2000), log.judge(1, 7, 50)]).toEqual([
      'first',
      'copy',
      'copy',
    ])
  })

  it('counts the same in every order of arrival', () => {
    const sights: [observer: number, tsUs: number][] = [
      [7, 0],
      [7, 500_000],
      [7, 1_500_000],
      [8, 1000],
      [8, 501_000],
    ]
    for (const order of permutationsOf(sights)) {
      const log = new SightLog()
      const judged = order.map(([observer, tsUs]) => log.judge(1, observer, tsUs))
      expect(judged.filter((sight) => sight === 'first')).toHaveLength(1)
      expect(judged.filter((sight) => sight === 'retransmission')).toHaveLength(2)
    }
  })

  it('remembers a bounded number of sendings', () => {
    const log = new SightLog()
    for (let message = 0; message < MAX_SIGHTS; message++) log.judge(message, 7, message)
    expect(log.judge(0, 7, 500_000)).toBe('retransmission')
    for (let message = 1; message < MAX_SIGHTS; message++) log.judge(-message, 7, 500_000)
    expect(log.judge(1, 7, 900_000)).toBe('first')
  })

  it('takes copies for copies when they come after a later sending', () => {
    const log = new SightLog()
    expect([log.judge(1, 7, 1_500_000), log.judge(1, 7, 0), log.judge(1, 7, 1000), log.judge(1, 7, 0)]).toEqual([
      'first',
      'retransmission',
      'copy',
      'copy',
    ])
  })

  it('counts more sendings than it has room to count', () => {
    const log = new SightLog()
    log.judge(1, 7, 0)
    for (let i = 1; i <= 300; i++) expect(log.judge(1, 7, i * 1_000_000)).toBe('retransmission')
  })
})

describe('repeats in a call', () => {
  it('counts an INVITE that is sent three times as one message', () => {
    const call = callOf('0 a>b INVITE 1 b1\n500 a>b INVITE 1 b1\n1500 a>b INVITE 1 b1\n1600 b>a 180 INVITE 1 b1')
    expect(call).toMatchObject({
      messageCount: 2,
      retransmissionCount: 2,
      duplicateCount: 0,
      postDialDelayUs: 1_600_000,
    })
  })

  it('counts what two agents saw once', () => {
    const call = callOf(`
      0     a>b INVITE 1 b1 agent=1
      0.4   a>b INVITE 1 b1 agent=2
      500   a>b INVITE 1 b1 agent=1
      500.3 a>b INVITE 1 b1 agent=2
      600   b>a 180 INVITE 1 b1 agent=2`)
    expect(call).toMatchObject({ messageCount: 2, retransmissionCount: 1, duplicateCount: 2, agentIds: [1, 2] })
  })

  it('tells agents with one id apart by name', () => {
    const call = callOf('0 a>b INVITE 1 b1 name=east\n200 a>b INVITE 1 b1 name=west')
    expect(call).toMatchObject({ messageCount: 1, retransmissionCount: 0, duplicateCount: 1 })
  })

  it('does not take the answer of another fork for a repeat, though the proxy passes both on in one transaction', () => {
    const call = callOf(`
      0   a>p INVITE 1 b1
      100 p>a 180 INVITE 1 b1 to=x
      110 p>a 180 INVITE 1 b1 to=y
      700 p>a 180 INVITE 1 b1 to=z`)
    expect(call).toMatchObject({ messageCount: 4, retransmissionCount: 0, duplicateCount: 0 })
  })

  it('does not take answers of two forks for repeats at any of two hops, and still counts what is sent again', () => {
    const call = callOf(`
      0    a>p INVITE 1 b1
      10   p>q INVITE 1 b2
      100  q>p 180 INVITE 1 b2 to=x
      101  p>a 180 INVITE 1 b1 to=x
      700  q>p 180 INVITE 1 b2 to=y
      701  p>a 180 INVITE 1 b1 to=y
      2000 q>p 200 INVITE 1 b2 to=x
      2001 p>a 200 INVITE 1 b1 to=x
      2600 q>p 200 INVITE 1 b2 to=y
      2601 p>a 200 INVITE 1 b1 to=y
      3200 q>p 200 INVITE 1 b2 to=y
      3201 p>a 200 INVITE 1 b1 to=y`)
    expect(call).toMatchObject({ messageCount: 10, retransmissionCount: 2, duplicateCount: 0 })
  })

  it('does not take the next hop, another answer or the next CSeq for a repeat', () => {
    const call = callOf(`
      0   a>p INVITE 1 b1
      100 p>b INVITE 1 b2
      200 b>p 180 INVITE 1 b2
      300 p>a 180 INVITE 1 b1
      400 b>p 183 INVITE 1 b2
      500 a>p INVITE 2 b1`)
    expect(call).toMatchObject({ messageCount: 6, retransmissionCount: 0, duplicateCount: 0 })
  })
})
