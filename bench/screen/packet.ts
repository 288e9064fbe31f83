import type { HepPacket } from '@hepscope/shared/hep/packet.ts'

export interface ProbePacket {
  readonly callId: string
  /** `INVITE sip:…` or `SIP/2.0 200 OK`. */
  readonly startLine: string
  /** Number and method. */
  readonly cseq: string
  readonly from: string
  readonly to: string
}

/** A SIP message of now, between two addresses. */
export function probePacket({ callId, startLine, cseq, from, to }: ProbePacket): HepPacket {
  const toTag = startLine.startsWith('INVITE') ? '' : ';tag=callee'
  const text =
    `${startLine}\r\nVia: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK-${cseq.replace(' ', '-')}\r\n` +
    `From: <sip:alice@example.com>;tag=caller\r\nTo: <sip:bob@example.com>${toTag}\r\n` +
    `Call-ID: ${callId}\r\nCSeq: ${cseq}\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n`
  return {
    version: 3,
    ipProtocol: 17,
    srcIp: from,
    srcPort: 5060,
    dstIp: to,
    dstPort: 5060,
    tsUs: Math.floor((performance.timeOrigin + performance.now()) * 1000),
    protocolType: 1,
    agentId: 2001,
    payload: new TextEncoder().encode(text),
  }
}
