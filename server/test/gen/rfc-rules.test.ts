import { describe, expect, it } from 'vitest'
import { SCENARIOS } from '../../src/gen/scenarios/all.ts'
import { simulateCalls } from '../../src/gen/simulator.ts'
import { brokenRules } from './rfc-rules.ts'
import { checkMessage } from './sip-check.ts'

/** Rules found broken after the text of one message of a scenario was changed. */
function afterChange(scenario: string, index: number, change: (text: string) => string): string[] {
  const scenarios = SCENARIOS.filter(({ name }) => name === scenario)
  const packets = [
    ...simulateCalls({ seed: 1, calls: 1, callsPerSec: 1, startUs: 0, scenarios, rtcpShare: 0, logShare: 0 }),
  ]
  const messages = packets.map((packet, at) => {
    if (at !== index) return checkMessage(packet)
    const text = new TextDecoder().decode(packet.payload)
    return checkMessage({ ...packet, payload: new TextEncoder().encode(change(text)) })
  })
  return brokenRules(messages).map((rule) => rule.split(':')[0] ?? '')
}

const newBranch = (text: string) => text.replace(/branch=z9hG4bK/, 'branch=z9hG4bKx')

describe('brokenRules', () => {
  it.each([
    {
      name: 'an INVITE whose branch nothing else has',
      scenario: 'busy',
      index: 0,
      change: newBranch,
      rule: 'response to no request on this hop',
    },
    {
      name: 'an ACK of 486 with another branch',
      scenario: 'busy',
      index: 5,
      change: newBranch,
      rule: 'ACK of a failure has another branch',
    },
    {
      name: 'an ACK of 486 with another To tag',
      scenario: 'busy',
      index: 5,
      change: (text: string) => text.replace(/(To: .*;tag=)/, '$1x'),
      rule: 'ACK of no final response on this hop',
    },
    {
      name: 'a CANCEL with another CSeq number',
      scenario: 'cancelled',
      index: 6,
      change: (text: string) => text.replace(/CSeq: \d+/, 'CSeq: 4711'),
      rule: 'CANCEL with another CSeq number',
    },
    {
      name: 'a CANCEL with another branch',
      scenario: 'cancelled',
      index: 6,
      change: newBranch,
      rule: 'CANCEL of no INVITE',
    },
    {
      name: 'a PRACK whose CSeq number does not rise',
      scenario: 'early-media-prack',
      index: 6,
      change: (text: string) => text.replace(/CSeq: \d+/, 'CSeq: 0'),
      rule: 'CSeq number does not rise',
    },
    {
      name: 'a request inside the dialog without Route',
      scenario: 'early-media-prack',
      index: 6,
      change: (text: string) => text.replace(/Route: .*\r\n/g, ''),
      rule: 'Route where it should not be, or none',
    },
  ])('notices $name', ({ scenario, index, change, rule }) => {
    expect(afterChange(scenario, index, (text) => text)).toEqual([])
    expect(afterChange(scenario, index, change)).toContain(rule)
  })
})
