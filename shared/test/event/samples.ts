import { hex } from '../rtcp/hex.ts'
import { hepOf, sipText } from './rows.ts'

export const INVITE = sipText(
  'INVITE sip:bob@b.example SIP/2.0',
  'Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1',
  'From: "Alice" <sip:alice@a.example>;tag=f1',
  'To: <sip:bob@b.example>',
  'Call-ID: c1@a.example',
  'CSeq: 7 INVITE',
  'User-Agent: phone 1.0',
  'X-CID: leg-a',
  'Content-Type: application/sdp',
)
export const RINGING = sipText(
  'SIP/2.0 180 Ringing now',
  'f: <sip:alice@a.example>;tag=f1',
  't: <sip:bob@b.example>;tag=t1',
  'i: c1@a.example',
  'CSeq: 7 INVITE',
)
export const FOO = sipText('FOO sip:carol@c.example SIP/2.0', 'i: c2', 'CSeq: 1 FOO')
const IPV6 = { srcIp: '2001:db8::1', dstIp: '2001:db8::2' }

/** Packets of every kind: all text columns, both families, all versions, with and without payload. */
export const SAMPLES: readonly Uint8Array[] = [
  hepOf(`${INVITE}v=0\r\n`, {
    correlationId: 'corr',
    agentName: 'edge',
    vlanId: 7,
    chunks: [{ vendor: 3, type: 1, bytes: hex('aabb') }],
  }),
  hepOf(RINGING, IPV6),
  hepOf(FOO),
  hepOf('{"sender_information":{}}', { protocolType: 5, correlationId: 'c1@a.example' }),
  hepOf('not SIP at all'),
  hex('484550330006'),
  hex(`0110021113c413c50a0000010a000002${Buffer.from(RINGING).toString('hex')}`),
  hex(`0210021113c413c50a0000010a00000200f1536540e20100d1070000${Buffer.from(FOO).toString('hex')}`),
]
