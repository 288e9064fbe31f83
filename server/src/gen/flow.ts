import { IP_PROTOCOL, PROTOCOL_TYPE } from '@hepscope/shared/hep/chunks.ts'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import type { Call, Flow } from './call.ts'
import type { Leg, Side } from './leg.ts'
import { proxyEndpoint } from './party.ts'
import type { ResponseContent, Transaction } from './transaction.ts'

// Stretches of a call that several scenarios share. Each leaves the clock at the time of its last packet.

/** INVITE with an offer of the caller. */
export function newInvite(leg: Leg, headers: readonly string[] = []): Transaction {
  return leg.initial('INVITE', { headers, sdp: leg.sdp(leg.caller).offer() })
}

/** The request to the proxy, and the proxy's 100. */
export function* arrive(call: Call, leg: Leg, invite: Transaction): Flow {
  yield leg.request(invite, 'inbound')
  call.clock.advance(0.2, 0.6)
  yield leg.response(invite, 'inbound', 100, { proxyTag: '' })
  yield* log(call, leg, 'INFO', `new call from ${leg.caller.wire.ip}: ${leg.caller.user} -> ${leg.callee.user}`)
}

/** The request from the proxy to the receiver, and the receiver's 100. */
export function* passOn(call: Call, leg: Leg, invite: Transaction): Flow {
  call.waitForProxy()
  yield leg.request(invite, 'onward')
  call.waitForAnswer()
  yield leg.response(invite, 'onward', 100)
}

/** INVITE over both hops, each with its 100. */
export function* place(call: Call, leg: Leg, invite: Transaction): Flow {
  yield* arrive(call, leg, invite)
  yield* passOn(call, leg, invite)
}

/** A response of the receiver over both hops. */
export function* respond(call: Call, leg: Leg, tx: Transaction, status: number, content?: ResponseContent): Flow {
  yield leg.response(tx, 'onward', status, content)
  call.waitForProxy()
  yield leg.response(tx, 'inbound', status, content)
}

/** 180 after the time that the network needs to find the callee. */
export function* ring(call: Call, leg: Leg, invite: Transaction): Flow {
  call.clock.advance(200, 2500)
  yield* respond(call, leg, invite, 180)
}

/** 200 with the receiver's answer, and the ACK; from then on there is a dialog. */
export function* answer(call: Call, leg: Leg, invite: Transaction, content: ResponseContent = {}): Flow {
  const sdp = content.sdp ?? leg.sdp(invite.receiver).answer(invite.sender.codecs)
  leg.establish(invite)
  yield* respond(call, leg, invite, 200, { ...content, sdp })
  yield* acknowledge(call, leg, invite, 'caller')
}

/** ACK of a 2xx over both hops: a transaction of its own. */
export function* acknowledge(call: Call, leg: Leg, invite: Transaction, side: Side): Flow {
  call.waitForAnswer()
  const ack = leg.inDialog('ACK', side, { cseq: invite.cseq })
  yield leg.request(ack, 'inbound')
  call.waitForProxy()
  yield leg.request(ack, 'onward')
}

/** A request inside the dialog and its response, over both hops. */
export function* exchange(call: Call, leg: Leg, tx: Transaction, status = 200, content?: ResponseContent): Flow {
  yield leg.request(tx, 'inbound')
  call.waitForProxy()
  yield leg.request(tx, 'onward')
  call.waitForAnswer()
  yield* respond(call, leg, tx, status, content)
}

/** Talk of so many seconds (scaled), with RTCP reports if the call has them. */
export function* talk(call: Call, leg: Leg, minSec = 8, maxSec = 90): Flow {
  const { clock, media } = call
  const startUs = clock.nowUs
  const endUs = startUs + call.peopleUs(minSec, maxSec)
  media?.resume(startUs)
  for (let next = media?.next(); media && next && next.timeUs < endUs; next = media.next()) {
    clock.advanceTo(next.timeUs)
    yield media.report(leg, next.side, clock.nowUs)
  }
  clock.advanceTo(endUs)
}

/** BYE and its 200 over both hops. */
export function* hangUp(call: Call, leg: Leg, side: Side = anySide(call)): Flow {
  yield* exchange(call, leg, leg.inDialog('BYE', side))
  yield* log(call, leg, 'INFO', `call ended by ${side}`)
}

/** Rest of an answered call: talk, then BYE of either side. */
export function* talkAndHangUp(call: Call, leg: Leg): Flow {
  yield* talk(call, leg)
  yield* hangUp(call, leg)
}

/** A final response other than 2xx of the receiver; each hop has its own ACK. */
export function* refuse(call: Call, leg: Leg, invite: Transaction, status: number, content?: ResponseContent): Flow {
  yield* refuseProxy(call, leg, invite, status, content)
  yield* refuseSender(call, leg, invite, status, content)
  yield* log(call, leg, 'NOTICE', `call failed with ${status}`)
}

/** A final response other than 2xx that the proxy keeps to itself. */
export function* refuseProxy(
  call: Call,
  leg: Leg,
  invite: Transaction,
  status: number,
  content?: ResponseContent,
): Flow {
  yield leg.response(invite, 'onward', status, content)
  call.clock.advance(0.1, 0.5)
  yield leg.failureAck(invite, 'onward')
  call.waitForProxy()
}

/** A final response other than 2xx towards the sender, passed on or (with `proxyTag`) the proxy's own. */
export function* refuseSender(
  call: Call,
  leg: Leg,
  invite: Transaction,
  status: number,
  content?: ResponseContent,
): Flow {
  yield leg.response(invite, 'inbound', status, content)
  call.waitForAnswer()
  yield leg.failureAck(invite, 'inbound', content?.proxyTag)
}

/** The proxy cancels one of its requests: CANCEL, 200, 487, ACK. */
export function* cancelOnward(call: Call, leg: Leg, invite: Transaction): Flow {
  yield leg.cancel(invite, 'onward')
  call.waitForAnswer()
  yield leg.cancelOk(invite, 'onward')
  call.clock.advance(1, 15)
  yield* refuseProxy(call, leg, invite, 487)
}

/** The caller gives up: CANCEL and 487 on both hops. */
export function* cancel(call: Call, leg: Leg, invite: Transaction): Flow {
  yield* cancelInbound(call, leg, invite)
  call.waitForProxy()
  yield* cancelOnward(call, leg, invite)
  yield* refuseSender(call, leg, invite, 487)
}

/** CANCEL of the caller and the proxy's 200 for it. */
export function* cancelInbound(call: Call, leg: Leg, invite: Transaction): Flow {
  yield leg.cancel(invite, 'inbound')
  call.clock.advance(0.2, 0.6)
  yield leg.cancelOk(invite, 'inbound')
}

/** The same bytes once more, now. */
export function repeat(call: Call, packet: HepPacket): HepPacket {
  return { ...packet, tsUs: call.clock.nowUs }
}

export function anySide(call: Call): Side {
  return call.random.chance(0.6) ? 'caller' : 'callee'
}

/** A line of the proxy's log with the Call-ID, if this call has such lines. */
export function* log(call: Call, leg: Leg, level: 'INFO' | 'NOTICE' | 'WARNING', words: string): Flow {
  if (!call.hasLogs) return
  call.clock.advance(0.05, 0.2)
  const { proxy } = leg
  const { ip } = proxyEndpoint(proxy, leg.callee)
  const line = `${new Date(call.clock.nowUs / 1000).toISOString()} ${proxy.agent.name} ${level}: [${leg.callId}] ${words}`
  yield {
    version: 3,
    ipProtocol: IP_PROTOCOL.udp,
    srcIp: ip,
    dstIp: ip,
    srcPort: 0,
    dstPort: 0,
    tsUs: call.clock.nowUs,
    protocolType: PROTOCOL_TYPE.log,
    agentId: proxy.agent.id,
    agentName: proxy.agent.name,
    correlationId: leg.correlationId,
    payload: new TextEncoder().encode(line),
  }
}
