import type { HepPacket } from '@hepscope/shared/hep/packet.ts'

export interface SipCallOptions {
  readonly callId: string
  readonly fromUser?: string
  readonly toUser?: string
}

const CALLER = { ip: '10.0.0.1', port: 5060 }
const CALLEE = { ip: '10.0.0.2', port: 5062 }
const SDP = 'v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n'

/** One call between two endpoints, message by message, each with the time at which it is made. */
export class SipCall {
  readonly callId: string
  readonly fromUser: string
  readonly toUser: string
  #lastUs = 0

  constructor({ callId, fromUser = 'alice', toUser = 'bob' }: SipCallOptions) {
    this.callId = callId
    this.fromUser = fromUser
    this.toUser = toUser
  }

  invite(): HepPacket {
    return this.#packet('caller', `INVITE sip:${this.toUser}@example.com SIP/2.0`, '1 INVITE', SDP)
  }
  trying(): HepPacket {
    return this.#packet('callee', 'SIP/2.0 100 Trying', '1 INVITE')
  }
  ringing(): HepPacket {
    return this.#packet('callee', 'SIP/2.0 180 Ringing', '1 INVITE')
  }
  answer(): HepPacket {
    return this.#packet('callee', 'SIP/2.0 200 OK', '1 INVITE', SDP)
  }
  busy(): HepPacket {
    return this.#packet('callee', 'SIP/2.0 486 Busy Here', '1 INVITE')
  }
  failure(): HepPacket {
    return this.#packet('callee', 'SIP/2.0 500 Server Internal Error', '1 INVITE')
  }
  ack(): HepPacket {
    return this.#packet('caller', `ACK sip:${this.toUser}@example.com SIP/2.0`, '1 ACK')
  }
  bye(): HepPacket {
    return this.#packet('caller', `BYE sip:${this.toUser}@example.com SIP/2.0`, '2 BYE')
  }
  byeAnswer(): HepPacket {
    return this.#packet('callee', 'SIP/2.0 200 OK', '2 BYE')
  }

  #packet(sender: 'caller' | 'callee', startLine: string, cseq: string, body = ''): HepPacket {
    const [source, destination] = sender === 'caller' ? [CALLER, CALLEE] : [CALLEE, CALLER]
    const toTag = startLine.includes(' 100 ') || startLine.startsWith('INVITE') ? '' : ';tag=callee'
    const text =
      `${startLine}\r\nVia: SIP/2.0/UDP ${CALLER.ip}:${CALLER.port};branch=z9hG4bK-${cseq.replace(' ', '-')}\r\n` +
      `From: <sip:${this.fromUser}@example.com>;tag=caller\r\nTo: <sip:${this.toUser}@example.com>${toTag}\r\n` +
      `Call-ID: ${this.callId}\r\nCSeq: ${cseq}\r\nMax-Forwards: 70\r\n` +
      `${body === '' ? '' : 'Content-Type: application/sdp\r\n'}Content-Length: ${body.length}\r\n\r\n${body}`
    return {
      version: 3,
      ipProtocol: 17,
      srcIp: source.ip,
      srcPort: source.port,
      dstIp: destination.ip,
      dstPort: destination.port,
      tsUs: this.#nextUs(),
      protocolType: 1,
      agentId: 2001,
      payload: new TextEncoder().encode(text),
    }
  }

  /** Now, but never twice the same: the order of the messages is part of what is tested. */
  #nextUs(): number {
    this.#lastUs = Math.max(this.#lastUs + 1000, Date.now() * 1000)
    return this.#lastUs
  }
}

let made = 0

/** A name that no other test and no earlier run has used. */
export function freshName(prefix: string): string {
  return `${prefix}-${process.pid.toString(36)}-${Date.now().toString(36)}-${(made++).toString(36)}`
}
