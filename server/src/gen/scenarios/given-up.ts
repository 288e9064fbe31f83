import type { Call, Flow } from '../call.ts'
import {
  acknowledge,
  cancel,
  cancelInbound,
  cancelOnward,
  hangUp,
  newInvite,
  place,
  refuseSender,
  respond,
  ring,
} from '../flow.ts'
import type { Scenario } from '../scenario.ts'

/** Rings so long (seconds, scaled) until the caller sends CANCEL. */
function cancelledAfter(minSec: number, maxSec: number): Scenario['play'] {
  return function* (call) {
    const { leg } = call
    const invite = newInvite(leg)
    yield* place(call, leg, invite)
    yield* ring(call, leg, invite)
    call.waitForPeople(minSec, maxSec)
    yield* cancel(call, leg, invite)
  }
}

/** The callee answers just before the CANCEL arrives: the CANCEL is too late, so the caller has to send BYE. */
function* cancelRace(call: Call): Flow {
  const { leg } = call
  const invite = newInvite(leg)
  yield* place(call, leg, invite)
  yield* ring(call, leg, invite)
  call.waitForPeople(3, 10)
  leg.establish(invite)
  yield* respond(call, leg, invite, 200, { sdp: leg.sdp(invite.receiver).answer(invite.sender.codecs) })
  call.clock.advance(1, 12)
  yield* cancelInbound(call, leg, invite)
  yield* acknowledge(call, leg, invite, 'caller')
  call.clock.advance(5, 40)
  yield* hangUp(call, leg, 'caller')
}

/** Nobody answers: the proxy's timer ends the call. */
function* noAnswer(call: Call): Flow {
  const { leg } = call
  const invite = newInvite(leg)
  yield* place(call, leg, invite)
  yield* ring(call, leg, invite)
  call.waitForPeople(30, 45)
  yield* cancelOnward(call, leg, invite)
  yield* refuseSender(call, leg, invite, 408, { proxyTag: leg.newTag() })
}

export const GIVEN_UP: readonly Scenario[] = [
  {
    name: 'cancelled',
    summary: 'the caller gives up while it rings: CANCEL, 487',
    weight: 60,
    expected: 'cancelled',
    casting: { callee: 'anyone' },
    play: cancelledAfter(2, 12),
  },
  {
    name: 'cancel-race',
    summary: 'the 200 crosses the CANCEL, so the caller hangs up with BYE',
    weight: 6,
    expected: 'ended',
    casting: { callee: 'anyone' },
    play: cancelRace,
  },
  {
    name: 'no-answer',
    summary: 'rings until the proxy cancels and sends 408',
    weight: 35,
    expected: 'no-answer',
    casting: { callee: 'anyone' },
    play: noAnswer,
  },
  {
    name: 'no-answer-cancel',
    summary: 'rings very long until the caller sends CANCEL',
    weight: 20,
    expected: 'cancelled',
    casting: { callee: 'anyone' },
    play: cancelledAfter(35, 55),
  },
]
