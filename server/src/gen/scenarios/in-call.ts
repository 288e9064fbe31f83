import type { Call, Flow } from '../call.ts'
import {
  acknowledge,
  answer,
  anySide,
  exchange,
  hangUp,
  newInvite,
  place,
  refuse,
  respond,
  ring,
  talk,
  talkAndHangUp,
} from '../flow.ts'
import type { Leg, Side } from '../leg.ts'
import type { Scenario } from '../scenario.ts'
import type { SdpDirection } from '../sdp.ts'
import type { Transaction } from '../transaction.ts'

const SESSION_EXPIRES = 'Session-Expires: 90;refresher=uac'

/** A call that is up, with these header lines in its INVITE and its 200. */
function* connect(call: Call, inviteHeaders: readonly string[] = [], okHeaders: readonly string[] = []): Flow {
  const { leg } = call
  const invite = newInvite(leg, inviteHeaders)
  yield* place(call, leg, invite)
  yield* ring(call, leg, invite)
  call.waitForPeople(2, 10)
  yield* answer(call, leg, invite, { headers: okHeaders })
}

/** INVITE inside the dialog, up to the receiver's 100. */
function* startReinvite(call: Call, leg: Leg, reinvite: Transaction): Flow {
  yield leg.request(reinvite, 'inbound')
  call.clock.advance(0.2, 0.6)
  yield leg.response(reinvite, 'inbound', 100, { proxyTag: '' })
  call.waitForProxy()
  yield leg.request(reinvite, 'onward')
  call.waitForAnswer()
  yield leg.response(reinvite, 'onward', 100)
  call.clock.advance(2, 30)
}

function newReinvite(leg: Leg, side: Side, direction: SdpDirection): Transaction {
  const party = side === 'caller' ? leg.caller : leg.peer
  return leg.inDialog('INVITE', side, { sdp: leg.sdp(party).offer(direction) })
}

function* changeMedia(call: Call, leg: Leg, side: Side, offer: SdpDirection, reply: SdpDirection): Flow {
  const reinvite = newReinvite(leg, side, offer)
  yield* startReinvite(call, leg, reinvite)
  const sdp = leg.sdp(reinvite.receiver).answer(reinvite.sender.codecs, reply)
  yield* respond(call, leg, reinvite, 200, { sdp })
  yield* acknowledge(call, leg, reinvite, side)
}

function* hold(call: Call): Flow {
  const { leg } = call
  const side = anySide(call)
  yield* connect(call)
  yield* talk(call, leg, 6, 30)
  yield* changeMedia(call, leg, side, 'sendonly', 'recvonly')
  call.waitForPeople(5, 30)
  yield* changeMedia(call, leg, side, 'sendrecv', 'sendrecv')
  yield* talk(call, leg, 6, 30)
  yield* hangUp(call, leg)
}

function* holdRefused(call: Call): Flow {
  const { leg } = call
  yield* connect(call)
  yield* talk(call, leg, 6, 30)
  const reinvite = newReinvite(leg, 'caller', 'sendonly')
  yield* startReinvite(call, leg, reinvite)
  yield* refuse(call, leg, reinvite, 488)
  yield* talkAndHangUp(call, leg)
}

/** @see RFC 4028: the caller refreshes the session at half of its interval */
function* sessionTimer(call: Call): Flow {
  const { leg } = call
  yield* connect(call, ['Supported: timer', SESSION_EXPIRES], ['Require: timer', SESSION_EXPIRES])
  for (let refreshCount = call.random.int(1, 2); refreshCount > 0; refreshCount--) {
    yield* talk(call, leg, 45, 45)
    const update = leg.inDialog('UPDATE', 'caller', { headers: ['Supported: timer', SESSION_EXPIRES] })
    yield* exchange(call, leg, update, 200, { headers: ['Require: timer', SESSION_EXPIRES] })
  }
  yield* talk(call, leg, 5, 30)
  yield* hangUp(call, leg)
}

function* updateRefused(call: Call): Flow {
  const { leg } = call
  yield* connect(call, ['Supported: timer', SESSION_EXPIRES])
  yield* talk(call, leg, 20, 40)
  yield* exchange(call, leg, leg.inDialog('UPDATE', 'caller', { headers: [SESSION_EXPIRES] }), 501)
  yield* talkAndHangUp(call, leg)
}

export const IN_CALL: readonly Scenario[] = [
  {
    name: 'hold',
    summary: 'answered, put on hold and resumed by re-INVITE',
    weight: 25,
    expected: 'ended',
    casting: { callee: 'anyone' },
    play: hold,
  },
  {
    name: 'hold-refused',
    summary: 'answered, a re-INVITE gets 488 and the call goes on',
    weight: 5,
    expected: 'ended',
    casting: { callee: 'anyone' },
    play: holdRefused,
  },
  {
    name: 'session-timer',
    summary: 'answered, session refreshed by UPDATE',
    weight: 20,
    expected: 'ended',
    casting: { callee: 'trunk' },
    play: sessionTimer,
  },
  {
    name: 'update-refused',
    summary: 'answered, an UPDATE gets 501 and the call goes on',
    weight: 5,
    expected: 'ended',
    casting: { callee: 'trunk' },
    play: updateRefused,
  },
]
