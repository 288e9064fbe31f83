import { describe, expect, it, vi } from 'vitest'
import type { Call } from '../../src/call/call.ts'
import { MAX_LEGS } from '../../src/call/call-record.ts'
import { CallTracker } from '../../src/call/tracker.ts'
import { permutationsOf, play } from './sip-script.ts'

function legsOf(tracker: CallTracker): string[][] {
  return [...tracker.calls()].map((call) => call.legs.map((leg) => leg.callId))
}

/** Every order of lines leads to one call with these legs. */
function expectOneCall(lines: readonly string[], legs: readonly string[]): void {
  for (const order of permutationsOf(lines)) {
    const tracker = new CallTracker()
    play(tracker, order.join('\n'))
    expect(legsOf(tracker)).toEqual([legs])
  }
}

describe('legs of a call', () => {
  it('join when the correlation id of one is the Call-ID of the other, in any order', () => {
    expectOneCall(
      [
        '0 a>s INVITE 1 b1 call=leg-a',
        '5 s>b INVITE 1 b2 call=leg-b corr=leg-a',
        '9 b>s 180 INVITE 1 b2 call=leg-b corr=leg-a',
      ],
      ['leg-a', 'leg-b'],
    )
  })

  it('join when X-CID of one is the Call-ID of the other, though only one message has it', () => {
    expectOneCall(
      ['0 a>s INVITE 1 b1 call=leg-a', '5 s>b INVITE 1 b2 call=leg-b xcid=leg-a', '9 b>s 180 INVITE 1 b2 call=leg-b'],
      ['leg-a', 'leg-b'],
    )
  })

  it('join when both have the same correlation id that is nobody’s Call-ID', () => {
    expectOneCall(
      ['0 a>s INVITE 1 b1 call=leg-a corr=session-77', '5 s>b INVITE 1 b2 call=leg-b corr=session-77'],
      ['leg-a', 'leg-b'],
    )
  })

  it('join by the suffix _b2b-N', () => {
    expectOneCall(
      [
        '0 a>s INVITE 1 b1 call=leg-a',
        '5 s>b INVITE 1 b2 call=leg-a_b2b-1',
        '6 s>c INVITE 1 b3 call=leg-a_b2b-2',
        '7 c>d INVITE 1 b4 call=leg-a_b2b-1_b2b-1',
      ],
      ['leg-a', 'leg-a_b2b-1', 'leg-a_b2b-2', 'leg-a_b2b-1_b2b-1'],
    )
  })

  it('join over three legs that name each other in a row', () => {
    expectOneCall(
      [
        '0 a>s INVITE 1 b1 call=leg-a',
        '5 s>t INVITE 1 b2 call=leg-b xcid=leg-a',
        '9 t>b INVITE 1 b3 call=leg-c xcid=leg-b',
      ],
      ['leg-a', 'leg-b', 'leg-c'],
    )
  })

  it('do not join when each has its own Call-ID as correlation id', () => {
    const tracker = new CallTracker()
    play(tracker, '0 a>s INVITE 1 b1 call=leg-a corr=leg-a\n5 s>b INVITE 1 b2 call=leg-b corr=leg-b')
    expect(legsOf(tracker)).toEqual([['leg-a'], ['leg-b']])
  })

  it('do not join by what agents write where they have no id', () => {
    const tracker = new CallTracker()
    play(
      tracker,
      `
      0 a>s INVITE 1 b1 call=leg-a corr=<null>
      1 s>b INVITE 1 b2 call=leg-b corr=<null>
      2 a>s INVITE 1 b1 call=leg-c corr=0
      3 s>b INVITE 1 b2 call=leg-d corr=0`,
    )
    expect(legsOf(tracker)).toHaveLength(4)
  })

  it('do not join registrations that share a correlation id', () => {
    const tracker = new CallTracker()
    play(tracker, '0 a>s REGISTER 1 b1 call=one corr=constant\n5 b>s REGISTER 1 b2 call=two corr=constant')
    expect(legsOf(tracker)).toEqual([['one'], ['two']])
  })

  it('are bounded: an id that everything shares does not make one call of everything', () => {
    const tracker = new CallTracker()
    const lines = Array.from({ length: 3 * MAX_LEGS }, (_, i) => `${i} a>s INVITE 1 b1 call=leg-${i} corr=constant`)
    play(tracker, lines.join('\n'))
    expect(tracker.size).toBe(1 + 2 * MAX_LEGS)
    for (const call of tracker.calls()) expect(call.legs.length).toBeLessThanOrEqual(MAX_LEGS)
  })

  it('are found although the call that named them had to leave for them', () => {
    const tracker = new CallTracker({ maxCalls: 2 })
    const lines = Array.from({ length: MAX_LEGS }, (_, i) => `${i} a>s INVITE 1 b1 call=leg-${i} corr=constant`)
    expect(play(tracker, [...lines, '80 a>s INVITE 1 b1 call=other'].join('\n'))).toHaveLength(MAX_LEGS + 1)
    play(tracker, ['90 a>s INVITE 1 b1 call=constant', '91 s>a 180 INVITE 1 b1 call=constant'].join('\n'))
    expect(legsOf(tracker)).toEqual([['other'], ['constant']])
    expect(tracker.find('constant')?.state).toBe('ringing')
  })

  it('are found by each Call-ID, and by one that was only named', () => {
    const tracker = new CallTracker()
    const [call] = play(
      tracker,
      '0 a>s INVITE 1 b1 call=leg-a corr=session-77\n5 s>b INVITE 1 b2 call=leg-b xcid=leg-a',
    )
    expect(call).toBeDefined()
    for (const id of ['leg-a', 'leg-b', 'session-77']) expect(tracker.find(id)).toBe(call)
    expect(tracker.find('leg-c')).toBeUndefined()
  })
})

describe('a call of several legs', () => {
  const B_FIRST = `
    5   s>b INVITE 1 b2 call=leg-b from=f user=pbx
    9   b>s 180 INVITE 1 b2 call=leg-b from=f to=g
    90  b>s 200 INVITE 1 b2 call=leg-b from=f to=g
    0   a>s INVITE 1 b1 call=leg-a user=alice
    95  s>a 200 INVITE 1 b1 call=leg-a
    96  a>s ACK 1 b4 call=leg-a to=y
    99  s>b ACK 1 b5 call=leg-b from=f to=g xcid=leg-a
    500 b>s BYE 7 b6 call=leg-b from=g to=f`

  it('has the parties, times and state of the A leg, and shows each leg', () => {
    const tracker = new CallTracker()
    play(tracker, B_FIRST)
    const [call] = [...tracker.calls()]
    expect(call).toMatchObject({
      id: 'leg-b',
      fromUser: 'alice',
      fromHost: 'a.example',
      toUser: 'bob',
      ruriUser: 'bob',
      state: 'in-call',
      messageCount: 8,
      route: ['10.0.0.19:5060', '10.0.0.2:5060', '10.0.0.1:5060'],
    })
    expect(
      call?.legs.map(({ callId, state, fromUser, messageCount }) => ({ callId, state, fromUser, messageCount })),
    ).toEqual([
      { callId: 'leg-a', state: 'in-call', fromUser: 'alice', messageCount: 3 },
      { callId: 'leg-b', state: 'ended', fromUser: 'pbx', messageCount: 5 },
    ])
  })

  it('takes the named leg for the A leg, even if its clock is late', () => {
    const tracker = new CallTracker()
    play(tracker, '9 a>s INVITE 1 b1 call=leg-a user=alice\n5 s>b INVITE 1 b2 call=leg-b user=pbx corr=leg-a')
    expect([...tracker.calls()]).toMatchObject([{ fromUser: 'alice', firstUs: 1_700_000_000_005_000 }])
  })

  it('tells of the call that was joined into another, and counts both as one', () => {
    const onRemove = vi.fn<(call: Call, into: Call | undefined) => void>()
    const tracker = new CallTracker({ onRemove })
    const applied = play(tracker, B_FIRST)
    expect(onRemove.mock.calls).toEqual([[applied[3], applied[0]]])
    expect(applied.at(-1)).toBe(applied[0])
    expect(tracker.totals).toMatchObject({ calls: 1, answered: 1, running: 1, failed: 0 })
  })
})

describe('events that are not SIP', () => {
  it('belong to the call that their correlation id names, and do not change its state', () => {
    const tracker = new CallTracker()
    const [call] = play(
      tracker,
      `
      0 a>b INVITE 1 b1
      50 b>a 200 INVITE 1 b1
      5000 a:4000>b:4000 proto=5 corr=call-1 {}
      5001 a>b proto=100 corr=call-1 something`,
    )
    expect(tracker.size).toBe(1)
    expect(call).toMatchObject({ state: 'in-call', messageCount: 4, lastUs: 1_700_000_005_001_000 })
  })

  it('may come before the call', () => {
    const tracker = new CallTracker()
    const [call] = play(tracker, '5 a>b proto=100 corr=call-1 text\n0 a>b INVITE 1 b1')
    expect(call).toMatchObject({ kind: 'call', state: 'setup', messageCount: 2, fromUser: 'alice' })
  })

  it('are of unknown state alone', () => {
    const tracker = new CallTracker()
    const [call] = play(tracker, '5 a>b proto=5 corr=call-1 {}')
    expect(call).toMatchObject({ kind: 'other', state: 'unknown', evidence: [], isRunning: false })
  })

  it('pass without harm if they name no call', () => {
    const tracker = new CallTracker()
    const applied = play(
      tracker,
      `
      0 a>b proto=96
      1 a>b proto=96 corr=call-1
      2 a>b proto=100 text
      3 a>b proto=100 corr=<null> text
      4 a>b proto=87 corr=MICORR1234 text`,
    )
    expect(applied).toEqual(Array.from({ length: 5 }, () => undefined))
    expect(tracker.size).toBe(0)
    expect(tracker.totals.events).toBe(5)
  })
})
