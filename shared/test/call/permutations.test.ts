import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Call, CallFacts } from '../../src/call/call.ts'
import { problemBits } from '../../src/call/problem.ts'
import { CallTracker } from '../../src/call/tracker.ts'
import type { HepPacket } from '../../src/hep/packet.ts'
import { SCENARIOS, type ScriptedCall } from './scenarios.ts'
import { blockOf, packetsOf } from './sip-script.ts'

/** All that a reader sees of a call and its legs, but what is in the order of arrival: id, route and agents. */
function seen(call: Call): unknown {
  return {
    ...factsOf(call),
    legs: call.legs.map((leg) => ({ callId: leg.callId, ...factsOf(leg) })),
    problems: problemBits(call),
    isRunning: call.isRunning,
    route: call.route.toSorted(),
    agentIds: call.agentIds.toSorted(),
  }
}

function factsOf(facts: CallFacts): Omit<CallFacts, 'duplicateCount'> {
  const { kind, state, stateClass, statusCode, reason, fromUser, fromHost, toUser, toHost, ruriUser } = facts
  const { firstUs, lastUs, ringAtUs, answerAtUs, endAtUs, postDialDelayUs, ringUs, talkUs, disconnectUs } = facts
  const { responseTimeUs, hangupSide, messageCount, retransmissionCount, evidence, challengeCount } = facts
  const { method, userAgent, transport, codec, hasCodecMismatch } = facts
  return {
    ...{ kind, state, stateClass, statusCode, reason, fromUser, fromHost, toUser, toHost, ruriUser },
    ...{ firstUs, lastUs, ringAtUs, answerAtUs, endAtUs, postDialDelayUs, ringUs, talkUs, disconnectUs },
    ...{ responseTimeUs, hangupSide, messageCount, retransmissionCount, evidence, challengeCount },
    ...{ method, userAgent, transport, codec, hasCodecMismatch },
  }
}

function callOf(packets: readonly HepPacket[]): Call {
  const tracker = new CallTracker()
  const block = blockOf(packets)
  for (let row = 0; row < block.count; row++) tracker.apply(block, row)
  const [call, ...others] = tracker.calls()
  if (call === undefined || others.length > 0) throw new Error(`${others.length + 1} calls`)
  return call
}

const CASES: readonly (readonly [name: string, call: ScriptedCall])[] = Object.entries(SCENARIOS)

describe('a call whose packets come in any order, some of them twice', () => {
  it.each(CASES)('%s is the same', (_name, { script, state, evidence = [] }) => {
    const packets = packetsOf(script)
    const ordered = callOf(packets)
    expect(ordered).toMatchObject({ state, evidence })
    const expected = seen(ordered)
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...packets], { minLength: packets.length }),
        fc.array(fc.nat(packets.length - 1), { maxLength: 6 }),
        fc.infiniteStream(fc.nat()),
        (shuffled, twice, places) => {
          const all = [...shuffled]
          for (const index of twice) {
            const packet = packets[index]
            if (packet !== undefined) all.splice(places.next().value % (all.length + 1), 0, packet)
          }
          expect(seen(callOf(all))).toEqual(expected)
        },
      ),
      { numRuns: 150 },
    )
  })
})
