import { describe, expect, it } from 'vitest'
import { labelOf as textOf, toneOf, toneOfScore } from '../../src/app/ladder/label.ts'
import { mediaReportOf } from '../../src/app/ladder/media-report.ts'
import type { LadderMessage } from '../../src/app/ladder/message.ts'
import { messagesOf } from './messages.ts'

function message(line: string, more: Partial<LadderMessage> = {}): LadderMessage {
  const [first] = messagesOf(line)
  if (first === undefined) throw new Error('no message')
  return { ...first, ...more }
}

const labelOf = (of: LadderMessage): string => textOf(of, mediaReportOf(of, undefined))

const report = (members: object): string => JSON.stringify({ type: 200, ssrc: 1, report_count: 1, ...members })

describe('labelOf', () => {
  it.each([
    { line: '0 a>b INVITE 1 b1', label: 'INVITE' },
    { line: '0 a>b INVITE 1 b1 sdp=1', label: 'INVITE (SDP)' },
    { line: '0 a>b 180 INVITE 1 b1', label: '180 Ringing' },
    { line: '0 a>b 200 INVITE 1 b1 sdp=1', label: '200 OK (SDP)' },
    { line: '0 a>b 299 INVITE 1 b1', label: '299' },
    { line: '0 a>b', label: 'SIP' },
    { line: '0 a>b proto=5', label: 'RTCP' },
    { line: '0 a>b proto=96', label: 'OpenSIPS control' },
    { line: '0 a>b proto=100', label: 'Log' },
    { line: '0 a>b proto=77', label: 'HEP 77' },
  ])('is $label for $line', ({ line, label }) => {
    expect(labelOf(message(line))).toBe(label)
  })

  it.each([
    {
      name: 'the worst block',
      payload: report({
        report_blocks: [
          { source_ssrc: 1, fraction_lost: 0, ia_jitter: 90 },
          { source_ssrc: 2, fraction_lost: 1, ia_jitter: 12 },
        ],
      }),
      label: 'RTCP loss 0.4 % jitter 12',
    },
    {
      name: 'no loss',
      payload: report({ report_blocks: [{ source_ssrc: 1, fraction_lost: 0, ia_jitter: 3 }] }),
      label: 'RTCP loss 0 % jitter 3',
    },
    {
      name: 'numbers as text',
      payload: report({ report_blocks: [{ source_ssrc: 1, fraction_lost: '128', ia_jitter: '7' }] }),
      label: 'RTCP loss 50.0 % jitter 7',
    },
    {
      name: 'a sender without blocks',
      payload: report({ report_blocks: null, sender_information: { packets: 250 } }),
      label: 'RTCP 250 packets sent',
    },
    { name: 'neither', payload: report({ sender_information: null, report_blocks: [] }), label: 'RTCP' },
    { name: 'broken JSON', payload: '{"report_blocks":[', label: 'RTCP' },
    { name: 'another JSON', payload: '[1]', label: 'RTCP' },
  ])('reads an RTCP report with $name', ({ payload, label }) => {
    expect(labelOf(message('0 a>b proto=5', { payload }))).toBe(label)
  })

  it('is the first line of a log, cut where it is long', () => {
    expect(labelOf(message('0 a>b proto=100', { payload: ' script started\r\nmore' }))).toBe('script started')
    expect(labelOf(message('0 a>b proto=100', { payload: '\uFFFD\u0001' }))).toBe('Log')
    expect(labelOf(message('0 a>b proto=100', { payload: 'x'.repeat(100) }))).toBe(`${'x'.repeat(79)}…`)
    expect(labelOf(message('0 a>b proto=100', { payload: ' \r\n ' }))).toBe('Log')
  })
})

describe('toneOf', () => {
  it.each([
    [0, 'request'],
    [100, '1xx'],
    [200, '2xx'],
    [302, '3xx'],
    [486, '4xx'],
    [503, '5xx'],
    [603, '5xx'],
  ] as const)('of %i is %s', (statusCode, tone) => {
    expect(toneOf(message('0 a>b INVITE 1 b1', { statusCode }))).toBe(tone)
  })

  it('of what is not SIP is other', () => {
    expect(toneOf(message('0 a>b proto=5'))).toBe('other')
  })
})

describe('toneOfScore', () => {
  it.each([
    [4.4, 'other'],
    [3.6, 'other'],
    [3.5, '4xx'],
    [3, '5xx'],
  ] as const)('of %d is %s', (mos, tone) => {
    expect(toneOfScore(mos)).toBe(tone)
  })
})
