import type { Call, Flow } from '../call.ts'
import {
  answer,
  arrive,
  newInvite,
  passOn,
  place,
  refuse,
  refuseProxy,
  refuseSender,
  repeat,
  ring,
  talkAndHangUp,
} from '../flow.ts'
import type { Scenario } from '../scenario.ts'
import type { ResponseContent } from '../transaction.ts'

/** Waits of timer A within the 5 s that a proxy grants a trunk. @see RFC 3261 section 17.1.1.2 */
const DEAD_TRUNK_WAITS_MS = [500, 1000, 2000]

/** Refused at once, as a machine does. */
function refusedWith(status: number, content?: ResponseContent): Scenario['play'] {
  return function* (call) {
    const { leg } = call
    const invite = newInvite(leg)
    yield* place(call, leg, invite)
    call.clock.advance(50, 900)
    yield* refuse(call, leg, invite, status, content)
  }
}

/** Refused while it rings, as people do. */
function refusedRinging(status: number): Scenario['play'] {
  return function* (call) {
    const { leg } = call
    const invite = newInvite(leg)
    yield* place(call, leg, invite)
    yield* ring(call, leg, invite)
    call.waitForPeople(2, 12)
    yield* refuse(call, leg, invite, status)
  }
}

/** The proxy refuses by itself, before it asks anybody. */
function* forbidden(call: Call): Flow {
  const { leg } = call
  const invite = newInvite(leg)
  yield* arrive(call, leg, invite)
  call.clock.advance(1, 20)
  yield* refuseSender(call, leg, invite, 403, { proxyTag: leg.newTag() })
}

/** A trunk that is down: the proxy repeats the request until its timer ends. */
function* deadTrunk(call: Call): Flow {
  const { leg, clock } = call
  const invite = newInvite(leg)
  yield* arrive(call, leg, invite)
  call.waitForProxy()
  const request = leg.request(invite, 'onward')
  yield request
  for (const waitMs of DEAD_TRUNK_WAITS_MS) {
    clock.advance(waitMs)
    yield repeat(call, request)
  }
  clock.advance(1500)
  yield* refuseSender(call, leg, invite, 408, { proxyTag: leg.newTag() })
}

function* trunkFailover(call: Call): Flow {
  const { leg } = call
  const invite = newInvite(leg)
  yield* arrive(call, leg, invite)
  yield* passOn(call, leg, invite)
  call.clock.advance(20, 400)
  yield* refuseProxy(call, leg, invite, 503, { headers: ['Retry-After: 30'] })
  const second = leg.fork(invite, call.plan.trunk(leg.callee.user, leg.callee))
  yield* passOn(call, leg, second)
  yield* ring(call, leg, second)
  call.waitForPeople(2, 12)
  yield* answer(call, leg, second)
  yield* talkAndHangUp(call, leg)
}

export const REFUSED: readonly Scenario[] = [
  {
    name: 'busy',
    summary: '486 busy here',
    weight: 60,
    expected: 'busy',
    casting: { callee: 'anyone' },
    play: refusedWith(486),
  },
  {
    name: 'busy-everywhere',
    summary: '600 busy everywhere',
    weight: 6,
    expected: 'busy',
    casting: { callee: 'trunk' },
    play: refusedWith(600),
  },
  {
    name: 'declined',
    summary: '603 while it rings',
    weight: 25,
    expected: 'declined',
    casting: { callee: 'phone' },
    play: refusedRinging(603),
  },
  {
    name: 'unavailable',
    summary: '480 temporarily unavailable',
    weight: 30,
    expected: 'unavailable',
    casting: { callee: 'anyone' },
    play: refusedWith(480),
  },
  {
    name: 'not-found',
    summary: '404, nobody has this number',
    weight: 25,
    expected: 'not-found',
    casting: { callee: 'trunk' },
    play: refusedWith(404),
  },
  {
    name: 'bad-request',
    summary: '400 from a picky gateway',
    weight: 5,
    expected: 'failed',
    casting: { callee: 'trunk' },
    play: refusedWith(400),
  },
  {
    name: 'forbidden',
    summary: '403 from the proxy itself',
    weight: 10,
    expected: 'rejected',
    casting: { callee: 'anyone' },
    play: forbidden,
  },
  {
    name: 'dead-trunk',
    summary: 'the trunk does not say a word, the proxy gives up with 408',
    weight: 8,
    expected: 'timeout',
    casting: { callee: 'trunk', udp: true },
    play: deadTrunk,
  },
  {
    name: 'server-failure',
    summary: '503 from the only trunk',
    weight: 15,
    expected: 'failed',
    casting: { callee: 'trunk' },
    play: refusedWith(503, { headers: ['Retry-After: 30'] }),
  },
  {
    name: 'trunk-failover',
    summary: '503 from the first trunk, answered over the second',
    weight: 15,
    expected: 'ended',
    casting: { callee: 'trunk' },
    play: trunkFailover,
  },
]
