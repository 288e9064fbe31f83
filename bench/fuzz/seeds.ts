import { deflateSync, gzipSync } from 'node:zlib'
import { encodeCorrelate } from '@hepscope/shared/hep/correlate.ts'
import { extraCorrelationChunk } from '@hepscope/shared/hep/correlation.ts'
import { encodeHepAs } from '@hepscope/shared/hep/pack.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import { homer6Payload } from '@hepscope/shared/hep/payload-parts.ts'
import { capturedPackets, inviteDatagram, invitePacket } from '../corpus/packets.ts'

const utf8 = new TextEncoder()
const TS_US = invitePacket.tsUs ?? 0
/** Packets of one capture are much alike: a mutation of each would be one of the same few. */
const EVERY_NTH_CAPTURED = 8

const SIP = [
  'SIP/2.0 200 OK\r\nv: SIP/2.0/TCP [2001:db8::1]:5060;branch=z9hG4bK1\r\nf: "A \\"<b" <sip:a@[::1]>;tag=1\r\n' +
    't: <tel:+49123;phone-context=x>;tag=2\r\ni: c1_b2b-1\r\nCSeq: 1 INVITE\r\nX-CID: leg\r\nl: 0\r\n\r\n',
  'REGISTER sip:h SIP/2.0\nCall-ID: c2\nCSeq: 7 REGISTER\nFrom: <sip:a@h>;tag=1\nTo: <sip:a@h>\nExpires: 60\n folded\n\n',
  'OPTIONS sip:h SIP/2.0\r\n\r\n',
]

const JSON_PAYLOADS: readonly (readonly [type: number, value: unknown])[] = [
  [
    5,
    {
      type: 200,
      ssrc: -5,
      report_count: 1,
      sender_information: { ntp_timestamp_sec: '3909000000', ntp_timestamp_usec: 1, packets: 9, octets: 1 },
      report_blocks: [{ source_ssrc: 2, fraction_lost: 12, packets_lost: 16_777_215, ia_jitter: 9, lsr: '1', dlsr: 2 }],
      report_blocks_xr: { type: 7, id: 1, round_trip_delay: 3 },
    },
  ],
  [32, { MOS: 4.1, RTP_SIP_CALL_ID: 'c1' }],
  [34, { CORRELATION_ID: 'c1', MEAN_MOS: 4.032, JITTER: 0.01, TOTAL_PK: 1511, CODEC_PT: 8, SRC_IP: '192.0.2.1' }],
  [35, { MOSLQ: 4.1, NLR: 0, CALL_ID: 'c1' }],
  [38, { INC_ID: 'c1', INC_MOS: 412, INC_RTP_PK: 9, OUT_ID: 'c2', OUT_RVAL: 9320, NAME: 'x' }],
  [53, { id: 1, qr: 1, rescode: 0, questions: [{ name: 'example.com', type: 1 }], answers: [] }],
  [54, { msg_name: 'IAM', cic: 2, opc: 1, dpc: 3, called_number: { num: '49123' }, calling_number: { num: '1' } }],
  [61, { jsonrpc: '2.0', method: 'verto.invite', params: { dialogParams: { callID: 'c1' } }, id: 3 }],
  [99, { a: [1, { b: null }] }],
  [100, { Event: 'INFO', text: 'hello' }],
]

const TEXT_PAYLOADS: readonly (readonly [type: number, text: string])[] = [
  [3, 'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\nc=IN IP6 ::1\r\nm=audio 4000 RTP/AVP 0 8\r\na=rtcp:4001 IN IP4 1.2.3.4\r\n'],
  [
    35,
    'VQSessionReport: CallTerm\r\nCallID: c1\r\nLocalMetrics:\r\nQualityEst:RLQ=90 MOSLQ=4.2\r\nPacketLoss:NLR=0.1\r\n',
  ],
  [35, 'NLR=1 JDR=2 IAJ=3 MOSLQ=40 MOSCQ=41'],
  [61, '28565_1 d7:call-id2:c17:command5:offer3:sdp3:v=08:from-tag1:1e'],
  [61, '28565_2 {"command":"answer","call-id":"c1"}'],
  [89, 'TLS:CLOSED:SUCCESS:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'],
  [100, 'ERROR: something [c1] failed'],
]

/** Sender report, source description and bye, as RFC 3550 has them. */
const RTCP = Uint8Array.from(
  Buffer.from(
    '81c8000c00000001e9000000800000000000000a000000010000000200000003' +
      '0c00002200007530000000090000000100000002' +
      '81ca0003000000010102616200000000' +
      '81cb000100000001',
    'hex',
  ),
)

function* made(): Generator<Uint8Array> {
  const { payload: _, ...rest } = invitePacket
  const carry = (protocolType: number, payload: Uint8Array): Uint8Array => encodeHep({ ...rest, protocolType, payload })
  for (const text of SIP) {
    const payload = utf8.encode(text)
    yield carry(1, payload)
    for (const version of [1, 2] as const) {
      yield encodeHepAs({ ...rest, payload }, version)
      yield encodeHepAs({ ...rest, srcIp: '2001:db8::1', dstIp: '2001:db8::2', payload }, version)
    }
    yield carry(1, homer6Payload([['payload', payload]]))
    yield encodeHep({ ...rest, payload: gzipSync(payload), payloadCompressed: true })
    yield encodeHep({ ...rest, payload: deflateSync(payload), payloadCompressed: true })
  }
  for (const [type, value] of JSON_PAYLOADS) yield carry(type, utf8.encode(JSON.stringify(value, undefined, 1)))
  for (const [type, text] of TEXT_PAYLOADS) yield carry(type, utf8.encode(text))
  yield carry(5, RTCP)
  for (const mode of ['homer5', 'homer6'] as const) {
    yield encodeCorrelate({ type: 'sip', id: 'c1' }, { type: 'net', id: '7' }, { agentId: 1, tsUs: TS_US, mode })
  }
  const everything = encodeHep({
    ...invitePacket,
    authKey: 'key',
    keepAliveSeconds: 1,
    vlanId: 2,
    agentName: 'node',
    sourceMac: '00:11:22:33:44:55',
    destinationMac: '00:11:22:33:44:56',
    etherType: 3,
    tcpFlags: 4,
    ipTos: 5,
    mos: 6,
    rFactor: 7,
    geoLocation: 'x',
    jitter: 8,
    transactionType: 'call',
    payloadJsonKeys: 'k',
    tagsValues: 't',
    tagType: 9,
    eventType: 10,
    groupId: 'g',
    chunks: [{ vendor: 8, type: 0x80, bytes: Uint8Array.of(1, 2) }, extraCorrelationChunk([{ type: 'sip', id: 'c9' }])],
  })
  yield everything
  const renamed = everything.slice()
  renamed.set(utf8.encode('EEP1'))
  yield renamed
  yield Uint8Array.of(0x48, 0x45, 0x50, 0x33, 0, 6)
}

/** Packets to mutate: of every version, protocol type and chunk, and of the captures. */
export function fuzzSeeds(): Uint8Array[] {
  const captured = capturedPackets().filter((_, i) => i % EVERY_NTH_CAPTURED === 0)
  return [...captured, inviteDatagram, ...made()].map((packet) => new Uint8Array(packet))
}
