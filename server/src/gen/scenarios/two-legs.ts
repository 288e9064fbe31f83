import type { Call, Flow } from '../call.ts'
import { acknowledge, anySide, hangUp, newInvite, place, refuse, respond, talk } from '../flow.ts'
import type { Leg } from '../leg.ts'
import type { Scenario } from '../scenario.ts'
import type { Transaction } from '../transaction.ts'

/** Leg B: from the border controller, in the caller's name, over a core proxy to a carrier. */
function addLegB(call: Call): Leg {
  const { leg: legA, plan } = call
  const proxy = plan.core()
  const caller = { ...legA.callee, user: legA.caller.user, displayName: legA.caller.displayName, domain: proxy.domain }
  return call.addLeg({ caller, proxy, callee: plan.trunk(legA.callee.user) })
}

/** INVITE of both legs. */
function* placeBoth(call: Call, legB: Leg, inviteA: Transaction, inviteB: Transaction): Flow {
  yield* place(call, call.leg, inviteA)
  call.clock.advance(2, 12)
  yield* place(call, legB, inviteB)
}

function* backToBack(call: Call): Flow {
  const { leg: legA, clock } = call
  const legB = addLegB(call)
  const inviteA = newInvite(legA)
  const inviteB = newInvite(legB, [`X-CID: ${legA.callId}`])
  yield* placeBoth(call, legB, inviteA, inviteB)
  clock.advance(200, 2000)
  yield* respond(call, legB, inviteB, 180)
  clock.advance(1, 6)
  yield* respond(call, legA, inviteA, 180)
  call.waitForPeople(2, 12)

  legB.establish(inviteB)
  yield* respond(call, legB, inviteB, 200, { sdp: legB.sdp(legB.callee).answer(legB.caller.codecs) })
  yield* acknowledge(call, legB, inviteB, 'caller')
  clock.advance(1, 6)
  legA.establish(inviteA)
  yield* respond(call, legA, inviteA, 200, { sdp: legA.sdp(legA.callee).answer(legA.caller.codecs) })
  yield* acknowledge(call, legA, inviteA, 'caller')

  yield* talk(call, legA)
  const side = anySide(call)
  const [first, second] = side === 'caller' ? [legA, legB] : [legB, legA]
  yield* hangUp(call, first, side)
  clock.advance(1, 6)
  yield* hangUp(call, second, side)
}

function* backToBackBusy(call: Call): Flow {
  const { leg: legA, clock } = call
  const legB = addLegB(call)
  const inviteA = newInvite(legA)
  const inviteB = newInvite(legB, [`X-CID: ${legA.callId}`])
  yield* placeBoth(call, legB, inviteA, inviteB)
  clock.advance(100, 900)
  yield* refuse(call, legB, inviteB, 486)
  clock.advance(1, 6)
  yield* refuse(call, legA, inviteA, 486)
}

export const TWO_LEGS: readonly Scenario[] = [
  {
    name: 'b2bua',
    summary: 'two legs through a border controller, answered; leg B names leg A in X-CID',
    weight: 60,
    expected: 'ended',
    casting: { callee: 'border-controller' },
    play: backToBack,
  },
  {
    name: 'b2bua-busy',
    summary: 'two legs through a border controller, 486 on leg B and then on leg A',
    weight: 10,
    expected: 'busy',
    casting: { callee: 'border-controller' },
    play: backToBackBusy,
  },
]
