import type { Call, Flow } from '../call.ts'
import { challengeValue, credentialsValue, randomChallenge, type DigestChallenge } from '../digest.ts'
import { answer, newInvite, place, refuseSender, respond, ring, talkAndHangUp } from '../flow.ts'
import { contactUri, hostPort, proxyEndpoint } from '../party.ts'
import type { Scenario } from '../scenario.ts'
import type { Transaction } from '../transaction.ts'

/** INVITE that the proxy answers with 407. */
function* challenge(call: Call, invite: Transaction, asked: DigestChallenge): Flow {
  const { leg } = call
  yield leg.request(invite, 'inbound')
  call.clock.advance(0.3, 1.5)
  const headers = [`Proxy-Authenticate: ${challengeValue(asked)}`]
  yield* refuseSender(call, leg, invite, 407, { proxyTag: leg.newTag(), headers })
}

/** The same call once more, with credentials that the proxy takes out. */
function inviteWithCredentials(call: Call, asked: DigestChallenge): Transaction {
  const { leg } = call
  const first = newInvite(leg)
  const value = credentialsValue(asked, leg.caller.user, call.random.hex(12), 'INVITE', first.requestUri)
  return { ...first, hopHeaders: { inbound: [`Proxy-Authorization: ${value}`] } }
}

function* authenticated(call: Call): Flow {
  const { leg } = call
  const asked = randomChallenge(call.random, leg.proxy.domain)
  yield* challenge(call, newInvite(leg), asked)
  call.clock.advance(5, 60)
  const invite = inviteWithCredentials(call, asked)
  yield* place(call, leg, invite)
  yield* ring(call, leg, invite)
  call.waitForPeople(2, 12)
  yield* answer(call, leg, invite)
  yield* talkAndHangUp(call, leg)
}

function* wrongPassword(call: Call): Flow {
  const { leg } = call
  const attemptCount = call.random.int(3, 6)
  let asked = randomChallenge(call.random, leg.proxy.domain)
  yield* challenge(call, newInvite(leg), asked)
  for (let attempt = 0; attempt < attemptCount; attempt++) {
    call.clock.advance(20, 300)
    const invite = inviteWithCredentials(call, asked)
    asked = randomChallenge(call.random, leg.proxy.domain)
    yield* challenge(call, invite, asked)
  }
}

/** REGISTER for so many seconds, challenged once; 0 ends the registration. */
function registeredFor(expiresSec: number): Scenario['play'] {
  return function* (call) {
    const { leg } = call
    const asked = randomChallenge(call.random, leg.caller.domain)
    const path = `Path: <sip:${hostPort(proxyEndpoint(leg.proxy, leg.callee))};lr>`
    const register = (headers: readonly string[]) =>
      leg.initial('REGISTER', { headers: [`Expires: ${expiresSec}`, ...headers], hopHeaders: { onward: [path] } })

    const first = register([])
    yield* registerOnce(call, first, 401, [`WWW-Authenticate: ${challengeValue(asked)}`])
    call.clock.advance(5, 60)
    const value = credentialsValue(asked, leg.caller.user, call.random.hex(12), 'REGISTER', first.requestUri)
    const binding = expiresSec === 0 ? [] : [`Contact: <${contactUri(leg.caller)}>;expires=${expiresSec}`]
    yield* registerOnce(call, register([`Authorization: ${value}`]), 200, binding)
  }
}

function* registerOnce(call: Call, register: Transaction, status: number, headers: readonly string[]): Flow {
  const { leg } = call
  yield leg.request(register, 'inbound')
  call.waitForProxy()
  yield leg.request(register, 'onward')
  call.clock.advance(1, 12)
  yield* respond(call, leg, register, status, { headers })
}

export const CHALLENGED: readonly Scenario[] = [
  {
    name: 'auth',
    summary: '407, then INVITE with credentials, answered',
    weight: 70,
    expected: 'ended',
    casting: { callee: 'anyone' },
    play: authenticated,
  },
  {
    name: 'wrong-password',
    summary: 'INVITE with a wrong password again and again, each 407',
    weight: 10,
    expected: 'auth-failed',
    casting: { callee: 'anyone' },
    play: wrongPassword,
  },
  {
    name: 'register',
    summary: 'REGISTER, 401, REGISTER with credentials, 200',
    weight: 90,
    expected: 'registered',
    casting: { callee: 'registrar' },
    play: registeredFor(600),
  },
  {
    name: 'unregister',
    summary: 'REGISTER for zero seconds, 401, again with credentials, 200',
    weight: 10,
    expected: 'unregistered',
    casting: { callee: 'registrar' },
    play: registeredFor(0),
  },
]
