import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { viewVoiceQualityText } from '../../src/payload/voice-quality.ts'

const SESSION = `VQSessionReport: CallTerm
CallID: c1@a.example
LocalID: <sip:alice@a.example>
RemoteID: Bob <sip:bob@b.example;user=phone>
OrigID: <sip:alice@a.example>
LocalAddr: IP=192.0.2.1 PORT=5002 SSRC=0x014EA261
LocalMAC: 00:1f:5b:cc:21:0f
RemoteAddr:IP=2001:db8::2 PORT=5006 SSRC=535678626
LocalMetrics:
Timestamps:START=2026-08-10T18:23:43Z STOP=2026-08-10T18:26:02Z
SessionDesc:PT=8 PD=PCMA SR=8000 PPS=50 SSUP=off
JitterBuffer:JBA=3 JBR=2 JBN=40 JBM=80 JBX=120
PacketLoss:NLR=5.0 JDR=2.0
BurstGapLoss:BLD=0 BD=0 GLD=2.0 GD=500 GMIN=16
Delay:RTD=200 ESD=140 SOWD=100 IAJ=2 MAJ=10
Signal:SL=-18 NL=-68 RERL=127
QualityEst:RLQ=90 RCQ=85 MOSLQ=4.2 MOSCQ=4.3 QoEEstAlg=P.564
RemoteMetrics:
PacketLoss:NLR=1.5 JDR=0.0
QualityEst:RLQ=127 MOSLQ=127
DialogID:c1@a.example;to-tag=x;from-tag=y
`
const SESSION_VIEW = {
  kind: 'voice-quality',
  report: 'session',
  reason: 'CallTerm',
  callId: 'c1@a.example',
  localId: '<sip:alice@a.example>',
  remoteId: 'Bob <sip:bob@b.example;user=phone>',
  localAddress: { ip: '192.0.2.1', port: 5002, ssrc: 0x014ea261 },
  remoteAddress: { ip: '2001:db8::2', port: 5006, ssrc: 535678626 },
  local: {
    startedAt: '2026-08-10T18:23:43Z',
    stoppedAt: '2026-08-10T18:26:02Z',
    payloadType: 8,
    codec: 'PCMA',
    clockRateHz: 8000,
    lossPercent: 5,
    discardPercent: 2,
    burstLossPercent: 0,
    burstDurationMs: 0,
    gapLossPercent: 2,
    gapDurationMs: 500,
    roundTripMs: 200,
    endSystemDelayMs: 140,
    oneWayDelayMs: 100,
    jitterMs: 2,
    meanJitterMs: 10,
    bufferNominalMs: 40,
    bufferMaximumMs: 80,
    bufferLimitMs: 120,
    signalLevelDbm: -18,
    noiseLevelDbm: -68,
    rListening: 90,
    rConversational: 85,
    mosListening: 4.2,
    mosConversational: 4.3,
  },
  remote: { lossPercent: 1.5, discardPercent: 0 },
}

describe('viewVoiceQualityText', () => {
  it('reads a session report with both sides', () => {
    expect(viewVoiceQualityText(SESSION)).toEqual(SESSION_VIEW)
  })

  it('reads the same with CRLF, with indented lines, and inside of the PUBLISH that brings it', () => {
    const headers =
      'PUBLISH sip:c@c.example SIP/2.0\r\nFrom: <sip:a@a.example>;tag=1\r\nContent-Type: application/vq-rtcpxr\r\n\r\n'
    expect(viewVoiceQualityText(SESSION.replaceAll('\n', '\r\n'))).toEqual(SESSION_VIEW)
    expect(viewVoiceQualityText(SESSION.replaceAll('\n', '\n\t\t'))).toEqual(SESSION_VIEW)
    expect(viewVoiceQualityText(headers + SESSION)).toEqual(SESSION_VIEW)
  })

  it.each([
    {
      name: 'an interval report',
      text: 'VQIntervalReport\r\nCallID:c1\r\nLocalMetrics:\r\n',
      expected: undefined,
    },
    {
      name: 'an interval report with its colon',
      text: 'VQIntervalReport:\r\nCallID:c1\r\nPacketLoss:NLR=1\r\n',
      expected: { kind: 'voice-quality', report: 'interval', callId: 'c1', local: { lossPercent: 1 } },
    },
    {
      name: 'an alert',
      text: 'VQAlertReport: Type=NLR Severity=Critical Dir=local\nCallID: c1\n',
      expected: expect.objectContaining({ report: 'alert', reason: 'Type=NLR', callId: 'c1' }),
    },
    {
      name: 'bare pairs, by commas',
      text: 'NLR=1,MOSLQ="4.0"',
      expected: { kind: 'voice-quality', local: { lossPercent: 1, mosListening: 4 } },
    },
    { name: 'other pairs', text: 'a=1 b=2', expected: undefined },
    { name: 'nothing', text: '', expected: undefined },
  ])('reads $name', ({ text, expected }) => {
    expect(viewVoiceQualityText(text)).toEqual(expected)
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), fc.nat(SESSION.length), (noise, at) => {
        viewVoiceQualityText(SESSION.slice(0, at) + noise + SESSION.slice(at))
      }),
    )
  })
})
