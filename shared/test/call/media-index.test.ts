import { describe, expect, it } from 'vitest'
import { MediaIndex } from '../../src/call/media-index.ts'
import { BlockWriter } from '../../src/event/writer.ts'
import type { EventBlock } from '../../src/event/block.ts'
import { encodeHep } from '../../src/hep/encode.ts'
import type { HepPacket } from '../../src/hep/packet.ts'

const START_US = 1_700_000_000_000_000
const MINUTE_US = 60_000_000
const utf8 = new TextEncoder()

type Named = Partial<Omit<HepPacket, 'payload'>>

function packet(named: Named, payload: string | Uint8Array): HepPacket {
  return {
    version: 3,
    ipProtocol: 17,
    srcIp: '198.51.100.1',
    dstIp: '198.51.100.2',
    srcPort: 5060,
    dstPort: 5060,
    tsUs: START_US,
    protocolType: 1,
    agentId: 1,
    ...named,
    payload: typeof payload === 'string' ? utf8.encode(payload) : payload,
  }
}

function sip(callId: string, sdp: string, named: Named = {}): HepPacket {
  const lines = [
    'INVITE sip:b@b.example SIP/2.0',
    'From: <sip:a@a.example>;tag=1',
    `Call-ID: ${callId}`,
    'CSeq: 1 INVITE',
  ]
  return packet(named, [...lines, 'Content-Type: application/sdp', '', 'v=0', ...sdp.split('|'), ''].join('\r\n'))
}

function rtcp(src: string, dst: string, ssrc = 0, named: Named = {}): HepPacket {
  const [srcIp = '', srcPort] = src.split(' ')
  const [dstIp = '', dstPort] = dst.split(' ')
  const at = { srcIp, srcPort: Number(srcPort), dstIp, dstPort: Number(dstPort) }
  return packet({ ...at, protocolType: 5, ...named }, JSON.stringify({ type: 201, ssrc, report_blocks: [] }))
}

function blockOf(packets: readonly HepPacket[]): EventBlock {
  const writer = new BlockWriter({ node: 'node', epoch: START_US / 1000 })
  for (const one of packets) writer.append(encodeHep(one), START_US)
  const block = writer.seal(START_US)
  if (block === undefined) throw new Error('no event was written')
  return block
}

/** Learns from and looks for each packet in turn; gives the Call-IDs found. */
function found(packets: readonly HepPacket[], index = new MediaIndex()): (string | undefined)[] {
  const block = blockOf(packets)
  return packets.flatMap((_, row) => {
    index.learn(block, row)
    return block.proto[row] === 1 ? [] : [index.find(block, row)?.callId]
  })
}

const AUDIO = 'c=IN IP4 192.0.2.1|m=audio 7000 RTP/AVP 8'
const FAR = '203.0.113.9 9999'

describe('MediaIndex', () => {
  it.each([
    { name: 'the RTP port', sdp: AUDIO, from: '192.0.2.1 7000', call: 'c1' },
    { name: 'the port after it', sdp: AUDIO, from: '192.0.2.1 7001', call: 'c1' },
    { name: 'the port of a=rtcp', sdp: `${AUDIO}|a=rtcp:7777`, from: '192.0.2.1 7777', call: 'c1' },
    { name: 'the address of a=rtcp', sdp: `${AUDIO}|a=rtcp:7777 IN IP4 192.0.2.8`, from: '192.0.2.8 7777', call: 'c1' },
    { name: 'the shared port of rtcp-mux', sdp: `${AUDIO}|a=rtcp-mux`, from: '192.0.2.1 7000', call: 'c1' },
    { name: 'the address that the SIP message came from', sdp: AUDIO, from: '198.51.100.1 7001', call: 'c1' },
    {
      name: 'IPv6 in any form',
      sdp: 'c=IN IP6 2001:DB8:0::1|m=audio 7000 RTP/AVP 8',
      from: '2001:db8::1 7001',
      call: 'c1',
    },
    { name: 'a second medium', sdp: `${AUDIO}|m=video 7100 RTP/AVP 31`, from: '192.0.2.1 7101', call: 'c1' },
    { name: 'another port', sdp: AUDIO, from: '192.0.2.1 7002', call: undefined },
    {
      name: 'a medium on hold at 0.0.0.0',
      sdp: 'c=IN IP4 0.0.0.0|m=audio 7000 RTP/AVP 8',
      from: '0.0.0.0 7000',
      call: undefined,
    },
    { name: 'a refused medium', sdp: 'c=IN IP4 192.0.2.1|m=audio 0 RTP/AVP 8', from: '192.0.2.1 1', call: undefined },
    {
      name: 'the port that ICE discards',
      sdp: 'c=IN IP4 192.0.2.1|m=audio 9 RTP/AVP 8',
      from: '192.0.2.1 9',
      call: undefined,
    },
    {
      name: 'a medium without RTP',
      sdp: 'c=IN IP4 192.0.2.1|m=image 7000 udptl t38',
      from: '192.0.2.1 7000',
      call: undefined,
    },
  ])('by $name finds $call', ({ sdp, from, call }) => {
    const peer = from.includes(':') ? '2001:db8::9 9999' : FAR
    expect(found([sip('c1', sdp), rtcp(from, peer)])).toEqual([call])
    expect(found([sip('c1', sdp), rtcp(peer, from)])).toEqual([call])
  })

  it('prefers the source to the destination', () => {
    const other = sip('c2', 'c=IN IP4 192.0.2.2|m=audio 8000 RTP/AVP 8', { srcIp: '198.51.100.7' })
    const packets = [
      sip('c1', AUDIO),
      other,
      rtcp('192.0.2.1 7001', '192.0.2.2 8001'),
      rtcp('192.0.2.2 8001', '192.0.2.1 7001'),
    ]
    expect(found(packets)).toEqual(['c1', 'c2'])
  })

  it('prefers what SDP says to a guess by the sender of the SIP message', () => {
    const proxied = sip('c2', 'c=IN IP4 10.9.9.9|m=audio 7000 RTP/AVP 8', { srcIp: '192.0.2.1' })
    expect(found([sip('c1', AUDIO), proxied, rtcp('192.0.2.1 7001', FAR)])).toEqual(['c1'])
  })

  it('gives an address to the last call that names it', () => {
    expect(found([sip('c1', AUDIO), sip('c2', AUDIO), rtcp('192.0.2.1 7001', FAR)])).toEqual(['c2'])
  })

  it('forgets an address after 20 minutes, unless SDP names it again', () => {
    const at = (minutes: number) => ({ tsUs: START_US + minutes * MINUTE_US })
    const report = (minutes: number) => rtcp('192.0.2.1 7001', FAR, 0, at(minutes))
    expect(found([sip('c1', AUDIO), report(20), report(21)])).toEqual(['c1', undefined])
    expect(found([sip('c1', AUDIO), sip('c1', AUDIO, at(15)), report(30), report(36)])).toEqual(['c1', undefined])
  })

  it('keeps an SSRC that was found once for 12 hours, even when the address goes to another call', () => {
    const at = (minutes: number) => ({ tsUs: START_US + minutes * MINUTE_US })
    const report = (ssrc: number, minutes: number) => rtcp('192.0.2.1 7001', FAR, ssrc, at(minutes))
    const packets = [
      sip('c1', AUDIO),
      report(7, 1),
      report(7, 700),
      sip('c2', AUDIO, at(701)),
      report(7, 702),
      report(8, 702),
      report(7, 722),
    ]
    expect(found(packets)).toEqual(['c1', 'c1', 'c1', 'c2', undefined])
  })

  it('reads the SSRC of RTCP that came as bytes', () => {
    const bytes = Uint8Array.of(0x80, 0xc9, 0, 1, 0, 0, 0, 7)
    const at = (minutes: number): Named => ({
      protocolType: 5,
      srcIp: '192.0.2.1',
      srcPort: 7001,
      tsUs: START_US + minutes * MINUTE_US,
    })
    expect(found([sip('c1', AUDIO), packet(at(1), bytes), packet(at(60), bytes)])).toEqual(['c1', 'c1'])
  })

  it('tells codec and clock rate', () => {
    const sdp =
      'c=IN IP4 192.0.2.1|m=audio 7000 RTP/AVP 101 96|a=rtpmap:101 telephone-event/8000|a=rtpmap:96 opus/48000/2'
    const block = blockOf([sip('c1', sdp), rtcp('192.0.2.1 7001', FAR)])
    const index = new MediaIndex()
    index.learn(block, 0)
    expect(index.find(block, 1)).toEqual({ callId: 'c1', codec: 'opus', clockRateHz: 48000 })
    expect(index.find(block, 0)).toBeUndefined()
  })

  it('holds no more than its bound, and lets the oldest go', () => {
    const index = new MediaIndex({ maxEntries: 4 })
    const packets = Array.from({ length: 20 }, (_, i) =>
      sip(`c${i}`, `c=IN IP4 192.0.2.1|m=audio ${7000 + 2 * i} RTP/AVP 8`),
    )
    expect(found([...packets, rtcp('192.0.2.1 7001', FAR), rtcp('192.0.2.1 7039', FAR)], index)).toEqual([
      undefined,
      'c19',
    ])
    expect(index.size).toBe(4)
    index.clear()
    expect(index.size).toBe(0)
  })

  it('learns nothing from SIP without SDP, or from what is not SIP', () => {
    const index = new MediaIndex()
    found(
      [packet({}, 'OPTIONS sip:b SIP/2.0\r\nCall-ID: c1\r\n\r\n'), packet({ protocolType: 100 }, 'INFO: v=0')],
      index,
    )
    expect(index.size).toBe(0)
  })
})
