import type { Call, Flow } from '../call.ts'
import { answer, exchange, newInvite, place, respond, ring, talk, talkAndHangUp } from '../flow.ts'
import { contactUri } from '../party.ts'
import type { Scenario } from '../scenario.ts'

function* answered(call: Call): Flow {
  const { leg } = call
  const invite = newInvite(leg)
  yield* place(call, leg, invite)
  yield* ring(call, leg, invite)
  call.waitForPeople(2, 15)
  yield* answer(call, leg, invite)
  yield* talkAndHangUp(call, leg)
}

function* earlyMedia(call: Call): Flow {
  const { leg } = call
  const invite = newInvite(leg)
  yield* place(call, leg, invite)
  call.clock.advance(300, 2000)
  const sdp = leg.sdp(invite.receiver).answer(invite.sender.codecs)
  yield* respond(call, leg, invite, 183, { sdp })
  call.waitForPeople(3, 12)
  yield* answer(call, leg, invite, { sdp })
  yield* talkAndHangUp(call, leg)
}

/** @see RFC 3262: a provisional response that must arrive */
function* reliableEarlyMedia(call: Call): Flow {
  const { leg } = call
  const invite = newInvite(leg, ['Supported: 100rel'])
  yield* place(call, leg, invite)
  call.clock.advance(300, 2000)
  const rseq = call.random.int(1, 9000)
  const sdp = leg.sdp(invite.receiver).answer(invite.sender.codecs)
  yield* respond(call, leg, invite, 183, { sdp, headers: ['Require: 100rel', `RSeq: ${rseq}`] })
  call.waitForAnswer()
  leg.establish(invite)
  const rack = `RAck: ${rseq} ${invite.cseq} INVITE`
  yield* exchange(call, leg, leg.inDialog('PRACK', 'caller', { headers: [rack] }))
  call.clock.advance(100, 900)
  yield* respond(call, leg, invite, 180)
  call.waitForPeople(2, 10)
  yield* answer(call, leg, invite, { sdp })
  yield* talkAndHangUp(call, leg)
}

function* forwarded(call: Call): Flow {
  const { leg } = call
  const invite = newInvite(leg)
  const history = `History-Info: <${contactUri(invite.receiver)}>;index=1`
  yield* place(call, leg, invite)
  call.clock.advance(200, 900)
  yield* respond(call, leg, invite, 181, { headers: [history] })
  yield* ring(call, leg, invite)
  call.waitForPeople(2, 10)
  yield* answer(call, leg, invite)
  yield* talkAndHangUp(call, leg)
}

function* missingBye(call: Call): Flow {
  const { leg } = call
  const invite = newInvite(leg)
  yield* place(call, leg, invite)
  yield* ring(call, leg, invite)
  call.waitForPeople(2, 8)
  yield* answer(call, leg, invite)
  yield* talk(call, leg, 5, 20)
}

export const ANSWERED: readonly Scenario[] = [
  {
    name: 'answered',
    summary: 'rings, is answered, BYE from either side',
    weight: 300,
    expected: 'ended',
    casting: { callee: 'anyone' },
    play: answered,
  },
  {
    name: 'early-media',
    summary: '183 with SDP in place of 180, then answered',
    weight: 70,
    expected: 'ended',
    casting: { callee: 'trunk' },
    play: earlyMedia,
  },
  {
    name: 'early-media-prack',
    summary: 'reliable 183 confirmed by PRACK, then 180 and answered',
    weight: 20,
    expected: 'ended',
    casting: { callee: 'trunk' },
    play: reliableEarlyMedia,
  },
  {
    name: 'forwarded',
    summary: '181 call is being forwarded, then rings and is answered',
    weight: 15,
    expected: 'ended',
    casting: { callee: 'trunk' },
    play: forwarded,
  },
  {
    name: 'missing-bye',
    summary: 'answered, but no BYE is ever seen',
    weight: 12,
    expected: 'in-call',
    casting: { callee: 'anyone' },
    play: missingBye,
  },
]
