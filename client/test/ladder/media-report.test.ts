import { estimateVoiceQuality } from '@hepscope/shared/rtcp/mos.ts'
import { describe, expect, it } from 'vitest'
import { DEFAULT_VIEW } from '../../src/app/ladder/ladder-view.ts'
import { LadderModel } from '../../src/app/ladder/layout.ts'
import { mediaReportOf, MOS_FORMULA, reportTexts } from '../../src/app/ladder/media-report.ts'
import { mediaStreams } from '../../src/app/ladder/media-streams.ts'
import type { LadderMessage } from '../../src/app/ladder/message.ts'
import { readRtpStat } from '../../src/app/ladder/rtp-stat.ts'
import { messagesOf } from './messages.ts'
import { RTCP } from './rtcp-bytes.ts'

function message(line: string, payload: string): LadderMessage {
  const [first] = messagesOf(line)
  if (first === undefined) throw new Error('no message')
  return { ...first, payload }
}

const rtcp = (lost: number, jitter: number): string =>
  JSON.stringify({
    type: 200,
    ssrc: 1,
    sender_information: { packets: 250 },
    report_blocks: [{ source_ssrc: 2, fraction_lost: lost, packets_lost: 3, highest_seq_no: 9, ia_jitter: jitter }],
  })

describe('mediaReportOf', () => {
  it('has loss, jitter in milliseconds and a score where the clock is known', () => {
    const report = mediaReportOf(message('0 a>b proto=5', rtcp(26, 80)), { codec: 'PCMA', clockRateHz: 8000 })
    expect(report).toMatchObject({ source: 'RTCP', lossPercent: (26 * 100) / 256, jitterMs: 10, isEstimated: true })
    const expected = estimateVoiceQuality({ lossPercent: (26 * 100) / 256, jitterMs: 10, codec: 'PCMA' }).mos
    expect(report?.mos).toBeCloseTo(expected, 10)
    expect(report && reportTexts(report)).toEqual(['loss 10.2 %', 'jitter 10 ms', `MOS ${expected.toFixed(1)}`])
  })

  it('reads RTCP as it was on the wire', () => {
    const binary = { ...message('0 a>b proto=5', '\uFFFD'), raw: RTCP }
    const report = mediaReportOf(binary, { codec: 'PCMA', clockRateHz: 8000 })
    expect(report).toMatchObject({ source: 'RTCP', lossPercent: (26 * 100) / 256, jitterMs: 10 })
    expect(mediaReportOf({ ...binary, raw: undefined }, undefined)).toBeUndefined()
  })

  it('gives no score where the jitter cannot be known', () => {
    const report = mediaReportOf(message('0 a>b proto=5', rtcp(0, 12)), undefined)
    expect(report).toEqual({ source: 'RTCP', lossPercent: 0, jitterSamples: 12, isEstimated: false })
  })

  it('reads what an RTP agent measured, with its own score', () => {
    const payload = JSON.stringify({ mos: 4.1, mean_jitter: 3, packet_loss: 5, expected_pk: 1000 })
    expect(mediaReportOf(message('0 a>b proto=34', payload), undefined)).toEqual({
      source: 'RTP report',
      lossPercent: 0.5,
      jitterMs: 3,
      mos: 4.1,
      isEstimated: false,
    })
  })

  it('reads a VQ report by itself and in PUBLISH', () => {
    const body =
      'VQSessionReport: CallTerm\r\nLocalMetrics:\r\nPacketLoss:NLR=1.5 JDR=0\r\nDelay:RTD=20 IAJ=4\r\nQualityEst:MOSLQ=3.9\r\n'
    const expected = { source: 'VQ report', lossPercent: 1.5, jitterMs: 4, mos: 3.9, isEstimated: false }
    expect(mediaReportOf(message('0 a>b proto=35', body), undefined)).toEqual(expected)
    const publish = `PUBLISH sip:c SIP/2.0\r\nContent-Type: application/vq-rtcpxr\r\n\r\n${body}`
    expect(mediaReportOf(message('0 a>b PUBLISH 1 b1', publish), undefined)).toEqual(expected)
  })

  it('reads the statistics in BYE, and estimates a score', () => {
    const bye = 'BYE sip:b SIP/2.0\r\nX-RTP-Stat: PS=207;OS=49680;;PR=99;OR=50240;PL=1;JI=6;LA=40;\r\n\r\n'
    expect(mediaReportOf(message('0 a>b BYE 1 b1', bye), undefined)).toMatchObject({
      source: 'RTP statistics',
      lossPercent: 1,
      jitterMs: 6,
      isEstimated: true,
    })
    expect(mediaReportOf(message('0 a>b INVITE 1 b1', bye), undefined)).toBeUndefined()
  })

  it('makes nothing of what reports nothing', () => {
    expect(mediaReportOf(message('0 a>b proto=100', 'log'), undefined)).toBeUndefined()
    expect(mediaReportOf(message('0 a>b proto=5', ''), undefined)).toBeUndefined()
    expect(mediaReportOf(message('0 a>b NOTIFY 1 b1', 'NOTIFY sip:b SIP/2.0\r\n\r\n'), undefined)).toBeUndefined()
  })

  it('says how a score is computed', () => {
    expect(MOS_FORMULA).toMatch(/G\.107/)
  })
})

describe('readRtpStat', () => {
  it.each([
    ['X-RTP-Stat: PS=207;PR=314;PL=0;JI=600;LA=40', { lossPercent: 0, jitterMs: 600, latencyMs: 40 }],
    ['P-RTP-Stat: PS=300,OS=48000,PR=365,OR=58400,PL=0,JI=0,LA=0,DU=7', { lossPercent: 0, jitterMs: 0, latencyMs: 0 }],
    ['x-rtp-stat:  PR=0;ER=0;PL=0,0;DE=PCMU;JI=2,3', { jitterMs: 2, codec: 'PCMU' }],
    ['X-RTP-Stat:MOS=3.8;Jitter=7;PacketLossPct=0', { lossPercent: 0, jitterMs: 7, mos: 3.8 }],
    ['X-RTP-Stat: MOS=9', undefined],
    ['X-RTP-Stat: garbage', undefined],
    ['Subject: PL=1', undefined],
  ])('reads "%s"', (header, expected) => {
    expect(readRtpStat(`BYE sip:b SIP/2.0\r\n${header}\r\n\r\nX-RTP-Stat: PL=9;JI=9`)).toEqual(expected)
  })
})

describe('mediaStreams', () => {
  it('sum up each direction with its worst report', () => {
    const offer = 'INVITE x SIP/2.0\r\n\r\nv=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 8\r\n'
    const model = new LadderModel()
    model.add([
      message('0 a>b INVITE 1 b1 sdp=1', offer),
      message('5 a:4001>b:5001 proto=5 seq=2', rtcp(0, 8)),
      message('6 a:4001>b:5001 proto=5 seq=3', rtcp(64, 8)),
      message('7 b:5001>a:4001 proto=5 seq=4', rtcp(0, 8)),
    ])
    const { rows, story } = model.scene(DEFAULT_VIEW)
    expect(mediaStreams(rows, story)).toMatchObject([
      { from: 0, to: 1, count: 2, worstKey: 'n1:1:3', tone: 'bad' },
      { from: 1, to: 0, count: 1, worstKey: 'n1:1:4' },
    ])
  })
})
