import { IP_PROTOCOL, PROTOCOL_TYPE } from '@hepscope/shared/hep/chunks.ts'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import type { Clock } from './clock.ts'
import { contactUri, hostPort, proxyEndpoint, recordUri, type Party, type Proxy } from './party.ts'
import type { Random } from './random.ts'
import { SdpSession } from './sdp.ts'
import { nameAddress } from './sip-text.ts'
import * as text from './transaction.ts'
import type { Hop, ResponseContent, Transaction } from './transaction.ts'

export type Side = 'caller' | 'callee'

/** Who takes part in a leg. */
export interface LegCast {
  readonly caller: Party
  readonly proxy: Proxy
  readonly callee: Party
}

export interface LegIdentity {
  readonly callId: string
  /** HEP correlation id of its packets: the Call-ID of the first leg of the call. */
  readonly correlationId: string
}

/** What a request says beyond its dialog. */
export interface RequestContent {
  readonly headers?: readonly string[]
  readonly hopHeaders?: Transaction['hopHeaders']
  readonly sdp?: string | undefined
  /** CSeq number in place of the next one, as ACK needs. */
  readonly cseq?: number
  readonly requestUri?: string
  readonly receiver?: Party
}

/**
 * One SIP dialog between two parties over one proxy: its Call-ID, tags, CSeq numbers and branches.
 * It makes the messages of both hops, stamped with the clock's time; when each is sent is up to the scenario.
 */
export class Leg {
  readonly caller: Party
  readonly proxy: Proxy
  readonly callee: Party
  readonly callId: string
  readonly correlationId: string

  readonly #random: Random
  readonly #clock: Clock
  readonly #callerTag: string
  readonly #cseq: Record<Side, number>
  readonly #sdp = new Map<Party, SdpSession>()
  #peer: { readonly party: Party; readonly tag: string } | undefined

  constructor(cast: LegCast, identity: LegIdentity, random: Random, clock: Clock) {
    this.caller = cast.caller
    this.proxy = cast.proxy
    this.callee = cast.callee
    this.callId = identity.callId
    this.correlationId = identity.correlationId
    this.#random = random
    this.#clock = clock
    this.#callerTag = this.newTag()
    this.#cseq = { caller: random.pick([1, 1, 20, 101, random.int(1000, 40_000)]), callee: random.int(1, 200) }
  }

  /** The party at the other end of the dialog, once there is one, else the one that is called. */
  get peer(): Party {
    return this.#peer?.party ?? this.callee
  }

  /** A request of the caller outside a dialog; INVITE forms one. */
  initial(method: string, content: RequestContent = {}): Transaction {
    const { caller, callee } = this
    const number = method === 'REGISTER' ? caller.user : callee.user
    const target = method === 'REGISTER' ? `sip:${caller.domain}` : `sip:${number}@${caller.domain}`
    return {
      ...this.#common(method, 'caller', content),
      sender: caller,
      receiver: content.receiver ?? callee,
      requestUri: content.requestUri ?? target,
      from: this.#callerValue(true),
      to: method === 'REGISTER' ? this.#callerValue(false) : this.#calleeValue(),
      receiverTag: this.newTag(),
      routes: [],
      formsDialog: method === 'INVITE',
    }
  }

  /** The same request sent on to one more receiver, with a branch and tag of its own. */
  fork(tx: Transaction, receiver: Party): Transaction {
    return { ...tx, receiver, receiverTag: this.newTag(), onwardBranch: this.#newBranch('proxy') }
  }

  /** From now on requests inside the dialog go to, or come from, the receiver of this INVITE. */
  establish(invite: Transaction): void {
    if (invite.receiverTag !== undefined) this.#peer = { party: invite.receiver, tag: invite.receiverTag }
  }

  /**
   * A request inside the dialog.
   * @throws Error if there is no dialog yet: a mistake in a scenario
   */
  inDialog(method: string, side: Side, content: RequestContent = {}): Transaction {
    if (this.#peer === undefined) throw new Error(`${method} before a dialog`)
    const { party, tag } = this.#peer
    const callee = `${this.#calleeValue()};tag=${tag}`
    const caller = this.#callerValue(true)
    const routes = text.recordRoutes(this.proxy, this.caller, party)
    const ends =
      side === 'caller'
        ? { sender: this.caller, receiver: party, from: caller, to: callee, routes: routes.toReversed() }
        : { sender: party, receiver: this.caller, from: callee, to: caller, routes }
    return {
      ...this.#common(method, side, content),
      ...ends,
      requestUri: contactUri(ends.receiver),
      receiverTag: undefined,
      formsDialog: false,
    }
  }

  /** A request of the proxy itself to the callee. */
  probe(method: string): Transaction {
    const endpoint = proxyEndpoint(this.proxy, this.callee)
    const self: Party = {
      ...this.callee,
      user: 'ping',
      wire: endpoint,
      contact: endpoint,
      software: this.proxy.software,
    }
    const target = `sip:${hostPort(this.callee.contact)}`
    return {
      ...this.initial(method),
      sender: self,
      requestUri: target,
      from: `<${contactUri(self)}>;tag=${this.#callerTag}`,
      to: `<${target}>`,
      inboundBranch: undefined,
    }
  }

  sdp(party: Party): SdpSession {
    const known = this.#sdp.get(party)
    if (known !== undefined) return known
    const session = new SdpSession(party, this.#random.int(100_000, 9_999_999))
    this.#sdp.set(party, session)
    return session
  }

  request(tx: Transaction, hop: Hop): HepPacket {
    return this.#packet(tx, hop, 'forth', text.requestText(tx, hop))
  }

  response(tx: Transaction, hop: Hop, status: number, content?: ResponseContent): HepPacket {
    return this.#packet(tx, hop, 'back', text.responseText(tx, hop, status, content))
  }

  /** ACK of a final response other than 2xx; `toTag` is the tag of that response. */
  failureAck(tx: Transaction, hop: Hop, toTag = tx.receiverTag ?? ''): HepPacket {
    return this.#packet(tx, hop, 'forth', text.failureAckText(tx, hop, toTag))
  }

  cancel(tx: Transaction, hop: Hop): HepPacket {
    return this.#packet(tx, hop, 'forth', text.cancelText(tx, hop))
  }

  cancelOk(tx: Transaction, hop: Hop): HepPacket {
    return this.#packet(tx, hop, 'back', text.cancelOkText(tx, hop, tx.receiverTag ?? ''))
  }

  newTag(): string {
    return this.#random.pick([() => this.#random.hex(8), () => this.#random.alphanumeric(10)])()
  }

  #common(method: string, side: Side, content: RequestContent) {
    return {
      method,
      cseq: content.cseq ?? this.#cseq[side]++,
      callId: this.callId,
      proxy: this.proxy,
      inboundBranch: this.#newBranch('agent'),
      onwardBranch: this.#newBranch('proxy'),
      headers: content.headers ?? [],
      hopHeaders: content.hopHeaders ?? {},
      sdp: content.sdp,
    }
  }

  #newBranch(maker: 'agent' | 'proxy'): string {
    if (maker === 'agent') return `z9hG4bK${this.#random.alphanumeric(12)}`
    return `z9hG4bK${this.#random.hex(4)}.${this.#random.hex(8)}.0`
  }

  #callerValue(withTag: boolean): string {
    const value = nameAddress(this.caller.displayName, recordUri(this.caller))
    return withTag ? `${value};tag=${this.#callerTag}` : value
  }

  #calleeValue(): string {
    return `<sip:${this.callee.user}@${this.caller.domain}>`
  }

  #packet(tx: Transaction, hop: Hop, way: 'forth' | 'back', payload: Uint8Array): HepPacket {
    const party = hop === 'inbound' ? tx.sender : tx.receiver
    const proxy = proxyEndpoint(tx.proxy, party)
    const isToProxy = (hop === 'inbound') === (way === 'forth')
    const [src, dst] = isToProxy ? [party.wire, proxy] : [proxy, party.wire]
    return {
      version: 3,
      ipProtocol: IP_PROTOCOL[party.transport],
      srcIp: src.ip,
      dstIp: dst.ip,
      srcPort: src.port,
      dstPort: dst.port,
      tsUs: this.#clock.nowUs,
      protocolType: PROTOCOL_TYPE.sip,
      agentId: tx.proxy.agent.id,
      agentName: tx.proxy.agent.name,
      correlationId: this.correlationId,
      payload,
    }
  }
}
