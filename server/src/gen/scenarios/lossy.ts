import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import type { Call, Flow } from '../call.ts'
import { acknowledge, answer, arrive, hangUp, newInvite, passOn, place, repeat, ring, talkAndHangUp } from '../flow.ts'
import type { Scenario } from '../scenario.ts'
import type { Transaction } from '../transaction.ts'

/** First two waits of timers A and G. @see RFC 3261 section 17.1.1.2 */
const FIRST_WAITS_MS = [500, 1000]
/** All waits of an unacknowledged 200 within 64 x T1. @see RFC 3261 section 13.3.1.4 */
const ALL_WAITS_MS = [500, 1000, 2000, 4000, 4000, 4000, 4000, 4000, 4000, 4000]

function* inviteRetransmitted(call: Call): Flow {
  const { leg } = call
  const invite = newInvite(leg)
  if (call.random.chance(0.5)) yield* callerRepeats(call, invite)
  else yield* proxyRepeats(call, invite)
  yield* ring(call, leg, invite)
  call.waitForPeople(2, 12)
  yield* answer(call, leg, invite)
  yield* talkAndHangUp(call, leg)
}

/** The proxy's 100 does not reach the caller. */
function* callerRepeats(call: Call, invite: Transaction): Flow {
  const { leg, clock } = call
  const request = leg.request(invite, 'inbound')
  let dueUs = clock.nowUs
  yield request
  clock.advance(0.2, 0.6)
  const trying = leg.response(invite, 'inbound', 100, { proxyTag: '' })
  yield trying
  yield* passOn(call, leg, invite)
  for (const waitMs of FIRST_WAITS_MS) {
    dueUs += waitMs * 1000
    clock.advanceTo(dueUs)
    yield repeat(call, request)
    clock.advance(0.2, 0.6)
    yield repeat(call, trying)
  }
}

/** The callee is slow to take the request. */
function* proxyRepeats(call: Call, invite: Transaction): Flow {
  const { leg, clock } = call
  yield* arrive(call, leg, invite)
  call.waitForProxy()
  const request = leg.request(invite, 'onward')
  yield request
  for (const waitMs of FIRST_WAITS_MS) {
    clock.advance(waitMs)
    yield repeat(call, request)
  }
  call.waitForAnswer()
  yield leg.response(invite, 'onward', 100)
}

/** 200 on both hops, sent again after each of the waits: no ACK arrives. */
function* answerRepeatedly(call: Call, invite: Transaction, waitsMs: readonly number[]): Flow {
  const { leg, clock } = call
  leg.establish(invite)
  const content = { sdp: leg.sdp(invite.receiver).answer(invite.sender.codecs) }
  const onward = leg.response(invite, 'onward', 200, content)
  let dueUs = clock.nowUs
  yield onward
  call.waitForProxy()
  const inbound: HepPacket = leg.response(invite, 'inbound', 200, content)
  yield inbound
  for (const waitMs of waitsMs) {
    dueUs += waitMs * 1000
    clock.advanceTo(dueUs)
    yield repeat(call, onward)
    call.waitForProxy()
    yield repeat(call, inbound)
  }
}

function* okRetransmitted(call: Call): Flow {
  const { leg } = call
  const invite = newInvite(leg)
  yield* place(call, leg, invite)
  yield* ring(call, leg, invite)
  call.waitForPeople(2, 12)
  yield* answerRepeatedly(call, invite, FIRST_WAITS_MS)
  yield* acknowledge(call, leg, invite, 'caller')
  yield* talkAndHangUp(call, leg)
}

function* lostAck(call: Call): Flow {
  const { leg } = call
  const invite = newInvite(leg)
  yield* place(call, leg, invite)
  yield* ring(call, leg, invite)
  call.waitForPeople(2, 8)
  yield* answerRepeatedly(call, invite, ALL_WAITS_MS)
  call.clock.advance(500)
  yield* hangUp(call, leg, 'callee')
}

export const LOSSY: readonly Scenario[] = [
  {
    name: 'invite-retransmitted',
    summary: 'INVITE sent again after 0.5 s and 1 s on one of the hops, then answered',
    weight: 20,
    expected: 'ended',
    casting: { callee: 'anyone', udp: true },
    play: inviteRetransmitted,
  },
  {
    name: 'ok-retransmitted',
    summary: '200 sent again after 0.5 s and 1 s until the ACK arrives',
    weight: 12,
    expected: 'ended',
    casting: { callee: 'anyone', udp: true },
    play: okRetransmitted,
  },
  {
    name: 'lost-ack',
    summary: '200 repeated for 32 s without ACK, then BYE of the callee',
    weight: 8,
    expected: 'ended',
    casting: { callee: 'anyone', udp: true },
    play: lostAck,
  },
]
