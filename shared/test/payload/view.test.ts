import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type PayloadView, viewPayload } from '../../src/payload/view.ts'

const utf8 = new TextEncoder()
const bytesOf = (value: unknown): Uint8Array =>
  value instanceof Uint8Array ? value : utf8.encode(typeof value === 'string' ? value : JSON.stringify(value))
const view = (type: number, payload: unknown): PayloadView => viewPayload(type, bytesOf(payload))

const INVITE = 'INVITE sip:bob@b.example SIP/2.0\r\nCall-ID: c1\r\n\r\n'

/** The report that RTPAgent and hepgen send while a stream flows. */
const AGENT_REPORT = {
  CORRELATION_ID: 'corr',
  RTP_SIP_CALL_ID: 'c1',
  DELTA: 19.983,
  JITTER: 0.017,
  REPORT_TS: 1700000000.5,
  TL_BYTE: 0,
  SKEW: 0,
  TOTAL_PK: 1511,
  EXPECTED_PK: 1512,
  PACKET_LOSS: 1,
  SEQ: 0,
  MAX_JITTER: 0.01,
  MAX_DELTA: 20.024,
  MAX_SKEW: 0.172,
  MEAN_JITTER: 0.005,
  MIN_MOS: 4.032,
  MEAN_MOS: 4.032,
  MOS: 4.032,
  RFACTOR: 80.2,
  MIN_RFACTOR: 80.2,
  MEAN_RFACTOR: 80.2,
  SRC_IP: '192.0.2.1',
  SRC_PORT: 26872,
  DST_IP: '192.0.2.2',
  DST_PORT: 51354,
  OUT_ORDER: 0,
  SSRC_CHG: 0,
  CODEC_PT: 9,
  CLOCK: 8000,
  CODEC_NAME: 'g722',
  DIR: 0,
  REPORT_NAME: '192.0.2.1:26872',
  PARTY: 0,
  TYPE: 'PERIODIC',
}

const ISUP_IAM = {
  cic: 7,
  msg_type: 1,
  msg_name: 'IAM',
  called_number: { inn: 1, ton: 3, npi: 1, num: '87486000F' },
  calling_number: { ni: 0, num: '8182450866' },
  opc: 300,
  dpc: 20,
}

describe('viewPayload', () => {
  it.each([
    { name: 'SIP as it is', type: 1, payload: INVITE, expected: { kind: 'sip', message: bytesOf(INVITE) } },
    {
      name: 'SIP in HOMER6 JSON',
      type: 1,
      payload: { payload: INVITE },
      expected: { kind: 'sip', message: bytesOf(INVITE) },
    },
    {
      name: 'SIP in HOMER6 JSON with more parts',
      type: 1,
      payload: { payload: INVITE, note: 'x' },
      expected: { kind: 'sip', message: bytesOf(INVITE), parts: [['note', 'x']] },
    },
    {
      name: 'JSON without SIP',
      type: 1,
      payload: { other: 1 },
      expected: { kind: 'sip', message: bytesOf({ other: 1 }) },
    },
    { name: 'SDP', type: 3, payload: 'v=0\r\n', expected: { kind: 'sdp', sdp: { media: [] } } },
    {
      name: 'RTCP as bytes',
      type: 5,
      payload: Uint8Array.of(0x80, 0xc9, 0, 1, 0, 0, 0, 7),
      expected: { kind: 'rtcp', packets: [{ type: 'receiver-report', ssrc: 7, blocks: [] }] },
    },
    {
      name: 'RTCP as JSON',
      type: 5,
      payload: { type: 201, ssrc: 7, report_blocks: [] },
      expected: { kind: 'rtcp', packets: [{ type: 'receiver-report', ssrc: 7, blocks: [] }] },
    },
    { name: 'JSON that is no RTCP', type: 5, payload: { a: 1 }, expected: { kind: 'json', object: { a: 1 } } },
    { name: 'RTCP that is cut off', type: 5, payload: Uint8Array.of(0x80, 0xc9, 0, 9), expected: { kind: 'bytes' } },
    {
      name: 'an RTP agent report',
      type: 34,
      payload: AGENT_REPORT,
      expected: {
        kind: 'rtp-report',
        callId: 'c1',
        correlationId: 'corr',
        reportName: '192.0.2.1:26872',
        reportType: 'PERIODIC',
        direction: 0,
        party: 0,
        srcIp: '192.0.2.1',
        srcPort: 26872,
        dstIp: '192.0.2.2',
        dstPort: 51354,
        codec: 'g722',
        payloadType: 9,
        clockRateHz: 8000,
        reportedUs: 1_700_000_000_500_000,
        packetCount: 1511,
        expectedCount: 1512,
        lostCount: 1,
        lossPercent: 100 / 1512,
        outOfOrderCount: 0,
        ssrcChangeCount: 0,
        byteCount: 0,
        jitterMs: 0.017,
        jitterMeanMs: 0.005,
        jitterMaxMs: 0.01,
        deltaMs: 19.983,
        deltaMaxMs: 20.024,
        skewMs: 0,
        skewMaxMs: 0.172,
        mos: 4.032,
        mosMean: 4.032,
        mosMin: 4.032,
        rFactor: 80.2,
        rFactorMean: 80.2,
        rFactorMin: 80.2,
      },
    },
    {
      name: "horaclifix' scores times a hundred in such a report",
      type: 34,
      payload: { MOS: 432, RFACTOR: 9231, PACKET_LOSS: 0, EXPECTED_PK: 0 },
      expected: { kind: 'rtp-report', mos: 4.32, rFactor: 92.31, lostCount: 0, expectedCount: 0 },
    },
    {
      name: 'a short report as JSON',
      type: 35,
      payload: { CORRELATION_ID: 'c1', RTP_SIP_CALL_ID: 'c1_b2b-1', MOS: 4.101, RFACTOR: 91.2, DIR: 1, TYPE: 'FINAL' },
      expected: {
        kind: 'rtp-report',
        callId: 'c1_b2b-1',
        correlationId: 'c1',
        mos: 4.101,
        rFactor: 91.2,
        direction: 1,
        reportType: 'FINAL',
      },
    },
    {
      name: 'a voice quality report as JSON',
      type: 35,
      payload: { NLR: '5.50', JDR: 0, IAJ: 2, MOSLQ: '3.8', MOSCQ: 4.2, CallID: 'c1' },
      expected: {
        kind: 'voice-quality',
        callId: 'c1',
        local: { lossPercent: 5.5, discardPercent: 0, jitterMs: 2, mosListening: 3.8, mosConversational: 4.2 },
      },
    },
    {
      name: 'a voice quality report as text',
      type: 35,
      payload: 'NLR=5.5 JDR=0.0 IAJ=2 MOSLQ=3.8 MOSCQ=4.2',
      expected: {
        kind: 'voice-quality',
        local: { lossPercent: 5.5, discardPercent: 0, jitterMs: 2, mosListening: 3.8, mosConversational: 4.2 },
      },
    },
    { name: 'another text of type 35', type: 35, payload: 'hello', expected: { kind: 'bytes' } },
    {
      name: 'a QoS report without known members',
      type: 32,
      payload: { a: 1 },
      expected: { kind: 'json', object: { a: 1 } },
    },
    { name: 'a QoS report', type: 32, payload: { mos: 4.1 }, expected: { kind: 'rtp-report', mos: 4.1 } },
    {
      name: 'a generic report',
      type: 99,
      payload: { call_id: 'c1', jitter: '7', ssrc: -1 },
      expected: { kind: 'rtp-report', callId: 'c1', jitterMs: 7, ssrc: 4294967295 },
    },
    {
      name: 'a horaclifix report',
      type: 38,
      payload: {
        NAME: 'sbc1',
        INC_ID: 'c1',
        INC_REALM: 'access',
        INC_MOS: 441,
        INC_RVAL: 9300,
        INC_RTP_PK: 99,
        INC_RTP_PK_LOSS: 1,
        INC_RTP_AVG_JITTER: 8,
        INC_RTCP_AVG_LAT: 30,
        CALLER_SRC_IP: '192.0.2.1',
        CALLER_SRC_PORT: 1000,
        OUT_ID: 'c2',
        OUT_MOS: 0,
      },
      expected: {
        kind: 'horaclifix',
        name: 'sbc1',
        incoming: {
          callId: 'c1',
          realm: 'access',
          mos: 4.41,
          rFactor: 93,
          rtpPacketCount: 99,
          rtpLostCount: 1,
          lossPercent: 1,
          jitterMeanMs: 8,
          latencyMeanMs: 30,
          srcIp: '192.0.2.1',
          srcPort: 1000,
        },
        outgoing: { callId: 'c2' },
      },
    },
    {
      name: 'an answer of DNS',
      type: 53,
      payload: {
        id: 7,
        qr: true,
        opcode: 0,
        tc: false,
        rescode: 0,
        questions: [{ name: '_sip._udp.a.example', type: 33, class: 1 }],
        answers: [
          { name: 'a.example', type: 1, class: 1, ttl: 60, ip: '192.0.2.1' },
          { name: 'b.example', type: 5, class: 1, ttl: 60, cname: 'a.example' },
        ],
      },
      expected: {
        kind: 'dns',
        id: 7,
        isResponse: true,
        responseCode: 0,
        isTruncated: false,
        questions: [{ name: '_sip._udp.a.example', type: '33' }],
        answers: [
          { name: 'a.example', type: '1', ttlSeconds: 60, target: '192.0.2.1' },
          { name: 'b.example', type: '5', ttlSeconds: 60, target: 'a.example' },
        ],
      },
    },
    {
      name: 'ISUP',
      type: 54,
      payload: ISUP_IAM,
      expected: {
        kind: 'isup',
        messageType: 1,
        messageName: 'IAM',
        opc: '300',
        dpc: '20',
        cic: '7',
        calledNumber: '87486000',
        callingNumber: '8182450866',
        circuit: '20:300:7',
      },
    },
    {
      name: 'ISUP with a cause',
      type: 54,
      payload: { msg_name: 'REL', cause: { num: 16, name: 'normal call clearing' } },
      expected: { kind: 'isup', messageName: 'REL', cause: 16, causeName: 'normal call clearing' },
    },
    {
      name: 'an offer to rtpengine',
      type: 61,
      payload: 'cookie1 d7:call-id2:c17:command5:offer8:from-tag1:a5:flagsl5:trust3:icei1eee',
      expected: {
        kind: 'ng',
        cookie: 'cookie1',
        command: 'offer',
        callId: 'c1',
        fromTag: 'a',
        body: { 'call-id': 'c1', command: 'offer', 'from-tag': 'a', flags: ['trust', 'ice', 1] },
      },
    },
    {
      name: 'an error of rtpengine as JSON',
      type: 61,
      payload: 'cookie1 {"result":"error","error-reason":"no such call"}',
      expected: {
        kind: 'ng',
        cookie: 'cookie1',
        result: 'error',
        errorReason: 'no such call',
        body: { result: 'error', 'error-reason': 'no such call' },
      },
    },
    {
      name: 'a Verto call',
      type: 61,
      payload: {
        jsonrpc: '2.0',
        method: 'verto.invite',
        id: 3,
        params: { sdp: 'v=0', dialogParams: { callID: 'c1' } },
      },
      expected: {
        kind: 'verto',
        method: 'verto.invite',
        id: '3',
        callId: 'c1',
        sdp: 'v=0',
        body: expect.objectContaining({ jsonrpc: '2.0' }),
      },
    },
    {
      name: 'an answer of Verto',
      type: 61,
      payload: { jsonrpc: '2.0', id: 3, result: { callID: 'c1' } },
      expected: { kind: 'verto', id: '3', callId: 'c1', body: expect.anything() },
    },
    {
      name: 'an error of Verto',
      type: 61,
      payload: { jsonrpc: '2.0', id: 3, error: { code: -32000, message: 'no' } },
      expected: { kind: 'verto', id: '3', errorMessage: 'no', body: expect.anything() },
    },
    { name: 'bencode that is cut off', type: 61, payload: 'cookie1 d7:call-id2:c', expected: { kind: 'bytes' } },
    { name: 'text of type 61', type: 61, payload: 'hello world', expected: { kind: 'bytes' } },
    { name: 'a log line', type: 100, payload: 'Dec 3 proxy: hi', expected: { kind: 'log', text: 'Dec 3 proxy: hi' } },
    {
      name: 'a log line with a level',
      type: 100,
      payload: 'INFO: <script>: ID=c1',
      expected: { kind: 'log', level: 'INFO', text: '<script>: ID=c1' },
    },
    {
      name: 'a log line in HOMER6 JSON',
      type: 100,
      payload: '{\n\t"Event":\t"err",\n\t"text":\t"line\\n"\n}',
      expected: { kind: 'log', level: 'ERR', text: 'line\n' },
    },
    {
      name: 'other JSON as a log line',
      type: 100,
      payload: '{"DTMF":"1"}',
      expected: { kind: 'log', text: '{"DTMF":"1"}' },
    },
    {
      name: 'JSON of a type without a view',
      type: 56,
      payload: { a: 1 },
      expected: { kind: 'json', object: { a: 1 } },
    },
    { name: 'no JSON where JSON is due', type: 56, payload: 'x', expected: { kind: 'bytes' } },
    { name: 'JSON of a type that nothing is known of', type: 77, payload: { a: 1 }, expected: { kind: 'bytes' } },
    { name: 'RTP', type: 4, payload: Uint8Array.of(0x80, 0), expected: { kind: 'bytes' } },
    { name: 'nothing', type: 1, payload: '', expected: { kind: 'bytes' } },
  ])('reads $name', ({ type, payload, expected }) => {
    expect(view(type, payload)).toEqual(expected)
  })

  it('takes JSON that is nested too deep for JSON.stringify as text or bytes', () => {
    const deep = `{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`
    const kinds = [1, 5, 34, 56, 61, 87, 96, 100].map((type) => view(type, deep).kind)
    expect(kinds).toEqual(['sip', 'bytes', 'bytes', 'bytes', 'bytes', 'opensips-mi', 'opensips-control', 'log'])
    expect(view(56, { a: ['"[[', { b: '\\' }] })).toMatchObject({ kind: 'json' })
  })

  const types = fc.constantFrom(1, 3, 5, 20, 32, 34, 35, 38, 53, 54, 56, 61, 87, 88, 89, 96, 99, 100, 255)

  it('never throws on any bytes', () => {
    fc.assert(fc.property(types, fc.uint8Array({ maxLength: 200 }), (type, bytes) => void viewPayload(type, bytes)))
  })

  it('never throws on any JSON with the names of any format', () => {
    const names = fc.constantFrom(
      ...['payload', 'mos', 'nlr', 'inc_mos', 'questions', 'answers', 'cic', 'cause', 'called_number', 'params'],
      ...['result', 'error', 'dialogParams', 'Event', 'text', 'master-key', 'report_blocks', '__proto__', 'command'],
    )
    const object = fc.dictionary(names, fc.oneof(fc.jsonValue(), fc.dictionary(names, fc.jsonValue())))
    fc.assert(fc.property(types, object, (type, value) => void view(type, value)))
  })

  it('never throws on JSON with one byte changed', () => {
    const report = bytesOf(AGENT_REPORT)
    fc.assert(
      fc.property(types, fc.nat(report.length - 1), fc.nat(255), (type, at, byte) => {
        const bytes = report.slice()
        bytes[at] = byte
        viewPayload(type, bytes)
      }),
    )
  })
})
