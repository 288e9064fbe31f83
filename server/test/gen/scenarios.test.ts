import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import { describe, expect, it } from 'vitest'
import { SCENARIOS, findScenarios } from '../../src/gen/scenarios/all.ts'
import { simulateCalls } from '../../src/gen/simulator.ts'
import { brokenRules } from './rfc-rules.ts'
import { checkMessage, type CheckedMessage } from './sip-check.ts'

const START_US = 1_760_000_000_000_000

function playOne(name: string, seed: number): HepPacket[] {
  const scenarios = SCENARIOS.filter((scenario) => scenario.name === name)
  return [...simulateCalls({ seed, calls: 1, callsPerSec: 1, startUs: START_US, scenarios })]
}

function sipOf(packets: readonly HepPacket[]): CheckedMessage[] {
  return packets.filter((packet) => packet.protocolType === 1).map(checkMessage)
}

function sequence(messages: readonly CheckedMessage[]): string {
  return messages.map(({ what }) => what).join(' ')
}

function byCallId(messages: readonly CheckedMessage[]): CheckedMessage[][] {
  const ids = [...new Set(messages.map(({ callId }) => callId))]
  return ids.map((id) => messages.filter(({ callId }) => callId === id))
}

const PLACE = 'INVITE 100 INVITE 100'
const RING = `${PLACE} 180 180`
const ANSWER = '200 200 ACK ACK'
const BYE = 'BYE BYE 200 200'
const CHALLENGE = 'INVITE 407 ACK'
const CANCEL_ONWARD = 'CANCEL 200 487 ACK'
const REINVITE = `${PLACE} ${ANSWER}`
const RING_BOTH = 'INVITE 100 INVITE INVITE 100 100 180 180 180 180'

const SEQUENCES: Record<string, string> = {
  answered: `${RING} ${ANSWER} ${BYE}`,
  'early-media': `${PLACE} 183 183 ${ANSWER} ${BYE}`,
  'early-media-prack': `${PLACE} 183 183 PRACK PRACK 200 200 180 180 ${ANSWER} ${BYE}`,
  forwarded: `${PLACE} 181 181 180 180 ${ANSWER} ${BYE}`,
  'missing-bye': `${RING} ${ANSWER}`,
  busy: `${PLACE} 486 ACK 486 ACK`,
  'busy-everywhere': `${PLACE} 600 ACK 600 ACK`,
  declined: `${RING} 603 ACK 603 ACK`,
  unavailable: `${PLACE} 480 ACK 480 ACK`,
  'not-found': `${PLACE} 404 ACK 404 ACK`,
  'bad-request': `${PLACE} 400 ACK 400 ACK`,
  'server-failure': `${PLACE} 503 ACK 503 ACK`,
  forbidden: 'INVITE 100 403 ACK',
  'dead-trunk': 'INVITE 100 INVITE INVITE INVITE INVITE 408 ACK',
  'trunk-failover': `${PLACE} 503 ACK INVITE 100 180 180 ${ANSWER} ${BYE}`,
  cancelled: `${RING} CANCEL 200 ${CANCEL_ONWARD} 487 ACK`,
  'cancel-race': `${RING} 200 200 CANCEL 200 ACK ACK ${BYE}`,
  'no-answer': `${RING} ${CANCEL_ONWARD} 408 ACK`,
  'no-answer-cancel': `${RING} CANCEL 200 ${CANCEL_ONWARD} 487 ACK`,
  auth: `${CHALLENGE} ${RING} ${ANSWER} ${BYE}`,
  'wrong-password': `${CHALLENGE}( ${CHALLENGE}){3,6}`,
  register: 'REGISTER REGISTER 401 401 REGISTER REGISTER 200 200',
  unregister: 'REGISTER REGISTER 401 401 REGISTER REGISTER 200 200',
  hold: `${RING} ${ANSWER} ${REINVITE} ${REINVITE} ${BYE}`,
  'hold-refused': `${RING} ${ANSWER} ${PLACE} 488 ACK 488 ACK ${BYE}`,
  'session-timer': `${RING} ${ANSWER}( UPDATE UPDATE 200 200){1,2} ${BYE}`,
  'update-refused': `${RING} ${ANSWER} UPDATE UPDATE 501 501 ${BYE}`,
  'invite-retransmitted':
    '(INVITE 100 INVITE INVITE INVITE 100|INVITE 100 INVITE 100 INVITE 100 INVITE 100)' + ` 180 180 ${ANSWER} ${BYE}`,
  'ok-retransmitted': `${RING} 200 200 200 200 200 200 ACK ACK ${BYE}`,
  'lost-ack': `${RING}( 200 200){11} ${BYE}`,
  redirect: `${PLACE} 302 ACK 302 ACK`,
  'redirect-followed': `${PLACE} 302 ACK 302 ACK ${RING} ${ANSWER} ${BYE}`,
  forked: `${RING_BOTH} 200 200 ${CANCEL_ONWARD} ACK ACK ${BYE}`,
  'forked-two-answers': `${RING_BOTH} 200 200 200 200 ACK ACK ${BYE} ACK ACK ${BYE}`,
  b2bua: `${PLACE} ${PLACE} 180 180 180 180 ${ANSWER} ${ANSWER} ${BYE} ${BYE}`,
  'b2bua-busy': `${PLACE} ${PLACE} 486 ACK 486 ACK 486 ACK 486 ACK`,
  options: 'OPTIONS 200',
}

describe('SCENARIOS', () => {
  it('have names of their own, one line of summary and a weight', () => {
    const names = SCENARIOS.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const { name, summary, weight } of SCENARIOS) {
      expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
      expect(summary).toMatch(/^[^\n]{10,90}$/)
      expect(weight).toBeGreaterThan(0)
    }
  })

  it('are all covered by the table of sequences', () => {
    expect(Object.keys(SEQUENCES).sort()).toEqual(SCENARIOS.map(({ name }) => name).sort())
  })

  describe.each(SCENARIOS.map(({ name }) => name))('%s', (name) => {
    it.each([1, 2, 3, 4, 5])('sends its messages in order, seed %i', (seed) => {
      const messages = sipOf(playOne(name, seed))
      expect(sequence(messages)).toMatch(new RegExp(`^${SEQUENCES[name]}$`))
    })

    it.each([1, 2, 3, 4, 5, 6, 7, 8])('keeps the rules of RFC 3261, seed %i', (seed) => {
      for (const leg of byCallId(sipOf(playOne(name, seed)))) expect(brokenRules(leg)).toEqual([])
    })
  })

  it('add a Via and Record-Route on the second hop', () => {
    const [first, , second] = sipOf(playOne('answered', 1))
    expect(first?.vias).toHaveLength(1)
    expect(second?.vias).toHaveLength(2)
    expect(second?.branches[1]).toBe(first?.branches[0])
    expect(first?.headers('Record-Route')).toEqual([])
    expect(second?.headers('Record-Route').length).toBeGreaterThan(0)
    expect([first?.header('Max-Forwards'), second?.header('Max-Forwards')]).toEqual(['70', '69'])
  })

  it('fill in received and rport of the caller behind UDP', () => {
    const packets = playOne('lost-ack', 1)
    const [first, trying] = sipOf(packets)
    expect(first?.vias[0]).toMatch(/;rport;branch=/)
    expect(trying?.vias[0]).toContain(`;received=${packets[0]?.srcIp};rport=${packets[0]?.srcPort};`)
  })

  it('send the same bytes again after 0.5 s and 1 s more', () => {
    for (const seed of [1, 2, 3, 4]) {
      const messages = sipOf(playOne('invite-retransmitted', seed))
      const repeated = messages.find(
        (message) => messages.filter(({ text, what }) => what === 'INVITE' && text === message.text).length === 3,
      )
      const times = messages.filter(({ text }) => text === repeated?.text).map(({ tsUs }) => tsUs)
      expect(times.map((time) => time - (times[0] ?? 0))).toEqual([0, 500_000, 1_500_000])
    }
  })

  it('give leg B a Call-ID of its own that points at leg A', () => {
    const packets = playOne('b2bua', 3)
    const [legA = [], legB = []] = byCallId(sipOf(packets))
    const callIdA = legA[0]?.callId
    expect(legB[0]?.callId).not.toBe(callIdA)
    expect(legB.filter(({ what }) => what === 'INVITE').map(({ header }) => header('X-CID'))).toEqual([
      callIdA,
      callIdA,
    ])
    expect(legA.every(({ header }) => header('X-CID') === undefined)).toBe(true)
    expect(new Set(packets.map(({ correlationId }) => correlationId))).toEqual(new Set([callIdA]))
  })

  it('try the second trunk under a branch of its own', () => {
    const invites = sipOf(playOne('trunk-failover', 1)).filter(({ what }) => what === 'INVITE')
    const onward = invites.filter(({ vias }) => vias.length === 2)
    expect(onward).toHaveLength(2)
    expect(onward[0]?.to).not.toBe(onward[1]?.to)
    expect(onward[0]?.branches[0]).not.toBe(onward[1]?.branches[0])
    expect(onward[0]?.branches[1]).toBe(onward[1]?.branches[1])
  })

  it('answer a challenge with a digest of its nonce, which the proxy takes out', () => {
    const messages = sipOf(playOne('auth', 1))
    const nonce = /nonce="(\w+)"/.exec(messages[1]?.header('Proxy-Authenticate') ?? '')?.[1]
    const [, second, onward] = messages.filter(({ what }) => what === 'INVITE')
    expect(second?.header('Proxy-Authorization')).toContain(`nonce="${nonce}"`)
    expect(second?.header('Proxy-Authorization')).toMatch(/response="[0-9a-f]{32}"/)
    expect(onward?.header('Proxy-Authorization')).toBeUndefined()
  })

  it('hold with sendonly and recvonly, and resume', () => {
    const bodies = sipOf(playOne('hold', 1)).filter(({ body, vias }) => body !== '' && vias.length === 1)
    const directions = bodies.map(({ body }) => /a=(send\w+|recv\w+)/.exec(body)?.[1])
    expect(directions).toEqual(['sendrecv', 'sendrecv', 'sendonly', 'recvonly', 'sendrecv', 'sendrecv'])
  })
})

describe('findScenarios', () => {
  it('finds by name', () => {
    expect(findScenarios(['busy', 'answered'])).toMatchObject({
      ok: true,
      scenarios: [{ name: 'answered' }, { name: 'busy' }],
    })
  })

  it('names those it does not know', () => {
    expect(findScenarios(['busy', 'nope', ''])).toEqual({ ok: false, unknown: ['nope', ''] })
  })
})
