import { readFileSync } from 'node:fs'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import { HepDeframer } from '@hepscope/shared/hep/deframe.ts'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import { CaptureMessages, readMessages } from '@hepscope/shared/pcap/messages.ts'
import { PcapTransport } from '@hepscope/shared/pcap/transport.ts'

const FIXTURES = new URL('../../fixtures/', import.meta.url)
const HEP_CAPTURES = ['opensips-hep3-udp.pcap', 'opensips-hep1-udp.pcap', 'kamailio-hep2-udp.pcap'] as const
const HEP_STREAMS = ['opensips-hep3-tcp.bin'] as const

const SDP = [
  'v=0',
  'o=alice 2890844526 2890844526 IN IP4 192.0.2.10',
  's=-',
  'c=IN IP4 192.0.2.10',
  't=0 0',
  'm=audio 49172 RTP/AVP 8 0 101',
  'a=rtpmap:101 telephone-event/8000',
  'a=sendrecv',
  '',
].join('\r\n')

const INVITE = [
  'INVITE sip:+4930123456@192.0.2.20;user=phone SIP/2.0',
  'Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK776asdhds;rport',
  'Max-Forwards: 70',
  'From: "Alice" <sip:alice@example.com>;tag=1928301774',
  'To: <sip:+4930123456@example.com;user=phone>',
  'Call-ID: a84b4c76e66710@192.0.2.10',
  'CSeq: 314159 INVITE',
  'Contact: <sip:alice@192.0.2.10:5060>',
  'User-Agent: Softphone 3.2.1',
  'Allow: INVITE, ACK, CANCEL, OPTIONS, BYE',
  'Content-Type: application/sdp',
  `Content-Length: ${SDP.length}`,
  '',
  SDP,
].join('\r\n')

/** One INVITE as a proxy mirrors it, as an object. */
export const invitePacket: HepPacket = {
  version: 3,
  ipProtocol: 17,
  srcIp: '192.0.2.10',
  dstIp: '192.0.2.20',
  srcPort: 5060,
  dstPort: 5060,
  tsUs: 1_795_308_988_366_488,
  protocolType: 1,
  agentId: 2001,
  payload: new TextEncoder().encode(INVITE),
  correlationId: 'a84b4c76e66710@192.0.2.10',
}

/** The same as the bytes of a datagram: a Buffer, as a socket gives it. */
export const inviteDatagram: Buffer = Buffer.from(encodeHep(invitePacket))

/** Every HEP packet of the captures, each a Buffer of its own. */
export function capturedPackets(): Buffer[] {
  const packets: Buffer[] = []
  for (const name of HEP_CAPTURES) {
    for (const message of readMessages(readFixture(name), new PcapTransport(), new CaptureMessages())) {
      if (message.kind === 'hep') packets.push(Buffer.from(message.bytes))
    }
  }
  for (const name of HEP_STREAMS) {
    const fault = new HepDeframer().push(readFixture(name), (packet) => packets.push(Buffer.from(packet)))
    if (fault !== undefined) throw new Error(`${name}: ${fault}`)
  }
  return packets
}

function readFixture(name: string): Uint8Array {
  return readFileSync(new URL(name, FIXTURES))
}
