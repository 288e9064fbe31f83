import type { Call, Flow } from '../call.ts'
import {
  acknowledge,
  answer,
  arrive,
  cancelOnward,
  hangUp,
  newInvite,
  place,
  refuse,
  respond,
  ring,
  talkAndHangUp,
} from '../flow.ts'
import { contactUri, type Party } from '../party.ts'
import type { Scenario } from '../scenario.ts'
import type { Transaction } from '../transaction.ts'

/** INVITE that ends with 302 to another party. */
function* redirected(call: Call, target: Party): Flow {
  const { leg } = call
  const invite = newInvite(leg)
  yield* place(call, leg, invite)
  call.clock.advance(20, 400)
  yield* refuse(call, leg, invite, 302, { contact: contactUri(target) })
}

function* redirect(call: Call): Flow {
  yield* redirected(call, call.plan.phone())
}

function* redirectFollowed(call: Call): Flow {
  const { leg } = call
  const target = call.plan.phone()
  yield* redirected(call, target)
  call.clock.advance(10, 80)
  const sdp = leg.sdp(leg.caller).offer()
  const invite = leg.initial('INVITE', { sdp, receiver: target, requestUri: contactUri(target) })
  yield* place(call, leg, invite)
  yield* ring(call, leg, invite)
  call.waitForPeople(2, 12)
  yield* answer(call, leg, invite)
  yield* talkAndHangUp(call, leg)
}

/** INVITE to two phones of the callee, both of which ring. */
function* ringBoth(call: Call, first: Transaction, second: Transaction): Flow {
  const { leg, clock } = call
  yield* arrive(call, leg, first)
  call.waitForProxy()
  yield leg.request(first, 'onward')
  clock.advance(0.1, 0.4)
  yield leg.request(second, 'onward')
  call.waitForAnswer()
  yield leg.response(second, 'onward', 100)
  clock.advance(1, 20)
  yield leg.response(first, 'onward', 100)
  for (const branch of [first, second]) {
    clock.advance(40, 400)
    yield* respond(call, leg, branch, 180)
  }
}

/** The INVITE and its copy for a second phone of the same user. */
function forkInvite(call: Call): [Transaction, Transaction] {
  const { leg } = call
  const invite = newInvite(leg)
  return [invite, leg.fork(invite, { ...call.plan.phone(), user: leg.callee.user })]
}

function* forked(call: Call): Flow {
  const { leg } = call
  const [first, second] = forkInvite(call)
  yield* ringBoth(call, first, second)
  call.waitForPeople(2, 12)
  const [winner, loser] = call.random.chance(0.5) ? [first, second] : [second, first]
  leg.establish(winner)
  yield* respond(call, leg, winner, 200, { sdp: leg.sdp(winner.receiver).answer(winner.sender.codecs) })
  call.clock.advance(0.1, 0.4)
  yield* cancelOnward(call, leg, loser)
  yield* acknowledge(call, leg, first, 'caller')
  yield* talkAndHangUp(call, leg)
}

/** Both phones answer before the proxy can cancel one; the caller ends the second dialog at once. */
function* forkedTwoAnswers(call: Call): Flow {
  const { leg } = call
  const [first, second] = forkInvite(call)
  yield* ringBoth(call, first, second)
  call.waitForPeople(2, 12)
  for (const branch of [first, second]) {
    yield* respond(call, leg, branch, 200, { sdp: leg.sdp(branch.receiver).answer(branch.sender.codecs) })
    call.clock.advance(0.1, 2)
  }
  leg.establish(second)
  yield* acknowledge(call, leg, second, 'caller')
  call.clock.advance(1, 10)
  yield* hangUp(call, leg, 'caller')
  leg.establish(first)
  yield* acknowledge(call, leg, first, 'caller')
  yield* talkAndHangUp(call, leg)
}

export const BRANCHING: readonly Scenario[] = [
  {
    name: 'redirect',
    summary: '302 with another contact, not followed',
    weight: 10,
    expected: 'diverted',
    casting: { callee: 'anyone' },
    play: redirect,
  },
  {
    name: 'redirect-followed',
    summary: '302, then INVITE to the new contact under the same Call-ID, answered',
    weight: 10,
    expected: 'ended',
    casting: { callee: 'anyone' },
    play: redirectFollowed,
  },
  {
    name: 'forked',
    summary: 'two phones ring, one answers, the other branch is cancelled',
    weight: 30,
    expected: 'ended',
    casting: { callee: 'phone' },
    play: forked,
  },
  {
    name: 'forked-two-answers',
    summary: 'two phones answer at once, the caller sends BYE to one of them',
    weight: 4,
    expected: 'ended',
    casting: { callee: 'phone' },
    play: forkedTwoAnswers,
  },
]
