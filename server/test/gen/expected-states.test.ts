import { CallTracker } from '@hepscope/shared/call/tracker.ts'
import { BlockWriter } from '@hepscope/shared/event/writer.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import { describe, expect, it } from 'vitest'
import { SCENARIOS } from '../../src/gen/scenarios/all.ts'
import { simulateCalls, type CallRecord } from '../../src/gen/simulator.ts'

const START_US = 1_760_000_000_000_000
const MINUTE_US = 60_000_000

/** The states that the call model comes to, a minute after the last packet, by Call-ID. */
function trackedStates(scenario: (typeof SCENARIOS)[number]) {
  const records: CallRecord[] = []
  const tracker = new CallTracker()
  const writer = new BlockWriter({ node: 'test', epoch: START_US / 1000 })
  let lastUs = START_US
  const flush = () => {
    const block = writer.seal(lastUs)
    for (let row = 0; block !== undefined && row < block.count; row++) tracker.apply(block, row)
  }
  const options = { seed: 11, calls: 10, callsPerSec: 20, startUs: START_US, scenarios: [scenario] }
  for (const packet of simulateCalls({ ...options, onCallEnd: (record) => records.push(record) })) {
    lastUs = packet.tsUs ?? lastUs
    expect(writer.append(encodeHep(packet), lastUs)).toBeUndefined()
    if (writer.isFull) flush()
  }
  flush()
  tracker.tick(lastUs + MINUTE_US)
  return records.map(({ callId }) => tracker.find(callId)?.state)
}

describe('expected state', () => {
  it.each(SCENARIOS.map((scenario) => ({ ...scenario, scenario })))(
    'of $name is what the call model says: $expected',
    ({ scenario, expected }) => {
      expect(trackedStates(scenario)).toEqual(Array.from({ length: 10 }, () => expected))
    },
  )
})
