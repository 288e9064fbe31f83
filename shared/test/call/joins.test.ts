import { describe, expect, it } from 'vitest'
import { CallTracker } from '../../src/call/tracker.ts'
import { BlockWriter } from '../../src/event/writer.ts'
import { encodeCorrelate } from '../../src/hep/correlate.ts'
import { encodeHep } from '../../src/hep/encode.ts'
import type { HepPacket } from '../../src/hep/packet.ts'

const TS_US = 1_700_000_000_000_000

function invite(callId: string, sdp = ''): HepPacket {
  const type = sdp === '' ? '' : 'Content-Type: application/sdp\r\n'
  const text =
    `INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK${callId}\r\n` +
    `From: <sip:alice@example.com>;tag=a\r\nTo: <sip:bob@example.com>\r\nCall-ID: ${callId}\r\nCSeq: 1 INVITE\r\n` +
    `${type}Content-Length: ${sdp.length}\r\n\r\n${sdp}`
  return {
    version: 3,
    ipProtocol: 17,
    srcIp: '10.0.0.1',
    dstIp: '10.0.0.2',
    srcPort: 5060,
    dstPort: 5060,
    tsUs: TS_US,
    protocolType: 1,
    agentId: 1,
    payload: new TextEncoder().encode(text),
  }
}

function tracked(packets: readonly Uint8Array[]): CallTracker {
  const writer = new BlockWriter({ node: 'test', epoch: 1 })
  for (const packet of packets) writer.append(packet, TS_US)
  const block = writer.seal(TS_US)
  const tracker = new CallTracker()
  for (let row = 0; row < (block?.count ?? 0); row++) if (block !== undefined) tracker.apply(block, row)
  return tracker
}

describe('OpenSIPS correlate', () => {
  const control = encodeCorrelate(
    { type: 'sip1', id: 'leg-one@a' },
    { type: 'sip2', id: 'leg-two@b' },
    { agentId: 1, tsUs: TS_US, mode: 'homer6' },
  )
  const one = encodeHep(invite('leg-one@a'))
  const two = encodeHep(invite('leg-two@b'))

  it.each([
    ['after both legs', [one, two, control]],
    ['between them', [one, control, two]],
    ['in the other order', [two, control, one]],
  ])('joins its two Call-IDs into one call, %s', (_, packets) => {
    const tracker = tracked(packets)
    expect(tracker.size).toBe(1)
    const call = tracker.find('leg-one@a')
    expect(call?.legs.map((leg) => leg.callId).sort()).toEqual(['leg-one@a', 'leg-two@b'])
    expect(call?.messageCount).toBe(2)
    expect(call?.route).toEqual(['10.0.0.1:5060', '10.0.0.2:5060'])
  })

  it('makes no call of ids that nobody uses', () => {
    expect(tracked([control]).size).toBe(0)
  })
})

describe('RTCP without correlation id', () => {
  const sdp = 'v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n'
  const report = (srcPort: number): Uint8Array =>
    encodeHep({
      ...invite('unused'),
      srcPort,
      dstPort: 7001,
      dstIp: '10.0.0.9',
      protocolType: 5,
      payload: new TextEncoder().encode('{"type":200,"ssrc":1,"report_blocks":[]}'),
    })

  it('belongs to the call whose SDP has its address', () => {
    const tracker = tracked([encodeHep(invite('call-1', sdp)), report(6001)])
    expect(tracker.size).toBe(1)
    expect(tracker.find('call-1')?.messageCount).toBe(2)
  })

  it('belongs to none at any other port', () => {
    expect(tracked([encodeHep(invite('call-1', sdp)), report(6101)]).find('call-1')?.messageCount).toBe(1)
  })
})
