import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isRtcp, parseRtcp } from '../../src/rtcp/binary.ts'
import { hex } from './hex.ts'

const SENDER_REPORT = `
  81 c8 000c   # V=2, one block, SR, 13 words
  11223344     # SSRC
  e8fe6c00 80000000   # NTP: 2023-11-03 07:33:36.5 UTC
  00010000 00000064 00003e80
  55667788     # source
  1a fffffe    # 26 of 256 lost, minus two altogether
  0001a2b3 00000050 6c008000 00018000
`
const SENDER = {
  ntpSeconds: 0xe8fe6c00,
  ntpFraction: 0x80000000,
  sentUs: (0xe8fe6c00 - 2208988800) * 1_000_000 + 500_000,
  rtpTimestamp: 65536,
  packetCount: 100,
  octetCount: 16000,
}
const BLOCK = {
  source: 0x55667788,
  fractionLost: 26,
  packetsLost: -2,
  highestSequence: 0x1a2b3,
  jitter: 80,
  lsr: 0x6c008000,
  dlsr: 0x18000,
}
const DESCRIPTION = `
  81 ca 0004
  11223344
  01 05 6140657879   # CNAME "a@exy"
  06 02 5478         # TOOL "Tx"
  00                 # the end, on a boundary of 32 bits
`
const XR = `
  80 cf 000b
  11223344
  07 00 0008 55667788
  0d 1a 80 05      # loss, discard, burst density, gap density
  00c8 1388 0078 0032
  e7 7f 28 10      # signal -25, noise unavailable, RERL 40, gmin 16
  55 7f 2a 7f      # R 85, external R unavailable, MOS-LQ 4.2, MOS-CQ unavailable
  b0 00 0028 0050 00c8
  04 00 0002       # a second block: receiver reference time
`

describe('isRtcp', () => {
  it.each([
    { name: 'a sender report', bytes: '80c80006', is: true },
    { name: 'an extended report', bytes: '80cf0001', is: true },
    { name: 'RTP', bytes: '80080006', is: false },
    { name: 'RTP with marker and payload type 72', bytes: '8048c8d6', is: false },
    { name: 'another version', bytes: '40c80006', is: false },
    { name: 'JSON', bytes: '7b226122', is: false },
    { name: 'three bytes', bytes: '80c800', is: false },
    { name: 'nothing', bytes: '', is: false },
  ])('says of $name: $is', ({ bytes, is }) => {
    expect(isRtcp(hex(bytes))).toBe(is)
  })
})

describe('parseRtcp', () => {
  it('reads a sender report with a negative loss', () => {
    expect(parseRtcp(hex(SENDER_REPORT))).toEqual([
      { type: 'sender-report', ssrc: 0x11223344, sender: SENDER, blocks: [BLOCK] },
    ])
  })

  it('reads a sender report of a clock that counts from its start', () => {
    const bytes = hex('80c80006 00000001 00000010 00000000 00000000 00000000 00000000')
    expect(parseRtcp(bytes)).toEqual([
      {
        type: 'sender-report',
        ssrc: 1,
        sender: { ntpSeconds: 16, ntpFraction: 0, rtpTimestamp: 0, packetCount: 0, octetCount: 0 },
        blocks: [],
      },
    ])
  })

  it('reads a receiver report of two streams', () => {
    const block = (ssrc: string) => `${ssrc} 00000003 00000010 00000001 00000000 00000000`
    const bytes = hex(`82 c9 000d 00000009 ${block('00000001')} ${block('00000002')}`)
    const expected = { fractionLost: 0, packetsLost: 3, highestSequence: 16, jitter: 1, lsr: 0, dlsr: 0 }
    expect(parseRtcp(bytes)).toEqual([
      {
        type: 'receiver-report',
        ssrc: 9,
        blocks: [
          { source: 1, ...expected },
          { source: 2, ...expected },
        ],
      },
    ])
  })

  it('reads a compound of report, description and goodbye', () => {
    const goodbye = '81 cb 0003 11223344 06 6869206874 6f 00'
    expect(parseRtcp(hex(SENDER_REPORT + DESCRIPTION + goodbye))).toEqual([
      expect.objectContaining({ type: 'sender-report' }),
      {
        type: 'source-description',
        chunks: [
          {
            ssrc: 0x11223344,
            items: [
              { type: 1, name: 'CNAME', text: 'a@exy' },
              { type: 6, name: 'TOOL', text: 'Tx' },
            ],
          },
        ],
      },
      { type: 'goodbye', sources: [0x11223344], reason: 'hi hto' },
    ])
  })

  it('reads two chunks of a description, each padded to 32 bits', () => {
    const bytes = hex('82 ca 0005 00000001 01 02 6162 00000000 00000002 01 01 63 00 # no more')
    expect(parseRtcp(bytes)).toEqual([
      {
        type: 'source-description',
        chunks: [
          { ssrc: 1, items: [{ type: 1, name: 'CNAME', text: 'ab' }] },
          { ssrc: 2, items: [{ type: 1, name: 'CNAME', text: 'c' }] },
        ],
      },
    ])
  })

  it('reads VoIP metrics and leaves out what is not available', () => {
    expect(parseRtcp(hex(`${XR} e8fe6c00 00000001`.replace('80 cf 000b', '80 cf 000d')))).toEqual([
      {
        type: 'extended-report',
        ssrc: 0x11223344,
        blocks: [
          {
            type: 'voip-metrics',
            source: 0x55667788,
            lossPercent: 5.078125,
            discardPercent: 10.15625,
            burstDensityPercent: 50,
            gapDensityPercent: 1.953125,
            burstDurationMs: 200,
            gapDurationMs: 5000,
            roundTripMs: 120,
            endSystemDelayMs: 50,
            signalLevelDbm: -25,
            echoReturnLossDb: 40,
            gmin: 16,
            rFactor: 85,
            mosLq: 4.2,
            bufferNominalMs: 40,
            bufferMaximumMs: 80,
            bufferLimitMs: 200,
          },
          { type: 'reference-time', ntpSeconds: 0xe8fe6c00, ntpFraction: 1 },
        ],
      },
    ])
  })

  it.each([
    {
      name: 'delays since the last reference time',
      block: '05 00 0003 00000001 00000002 00000003',
      expected: { type: 'delay-since-last', reports: [{ ssrc: 1, lastRr: 2, delay: 3 }] },
    },
    {
      name: 'statistics with loss and jitter, without duplicates',
      block: '06 a0 0009 00000007 0001 0064 00000002 00000009 00000001 00000004 00000002 00000001 01020304',
      expected: {
        type: 'statistics',
        source: 7,
        firstSequence: 1,
        endSequence: 100,
        lostCount: 2,
        jitter: { min: 1, max: 4, mean: 2, deviation: 1 },
      },
    },
    { name: 'a block that has no view', block: '01 00 0001 00000007', expected: { type: 'other', blockType: 1 } },
    {
      name: 'VoIP metrics that are too short',
      block: '07 00 0001 00000007',
      expected: { type: 'other', blockType: 7 },
    },
  ])('reads of an extended report $name', ({ block, expected }) => {
    const words = (hex(block).length + 8) / 4 - 1
    const header = `80 cf ${words.toString(16).padStart(4, '0')} 00000009`
    expect(parseRtcp(hex(header + block))).toEqual([{ type: 'extended-report', ssrc: 9, blocks: [expected] }])
  })

  it.each([
    {
      name: 'an application packet',
      bytes: '83 cc 0003 00000005 74657374 01020304',
      expected: { type: 'application', subtype: 3, ssrc: 5, name: 'test', data: hex('01020304') },
    },
    {
      name: 'a picture loss indication',
      bytes: '81 ce 0002 00000005 00000006',
      expected: { type: 'feedback', packetType: 206, format: 1, ssrc: 5, mediaSsrc: 6 },
    },
    {
      name: 'a packet of another type',
      bytes: '80 d0 0001 00000005',
      expected: { type: 'other', packetType: 208 },
    },
    {
      name: 'a sender report without room for its sender',
      bytes: '80 c8 0001 00000005',
      expected: { type: 'other', packetType: 200 },
    },
    {
      name: 'a report that counts more blocks than it has',
      bytes: '9f c9 0001 00000005',
      expected: { type: 'receiver-report', ssrc: 5, blocks: [] },
    },
    {
      name: 'a packet with padding',
      bytes: 'a0 c9 0002 00000005 00000004',
      expected: { type: 'receiver-report', ssrc: 5, blocks: [] },
    },
    { name: 'a goodbye of nobody', bytes: '80 cb 0000', expected: { type: 'goodbye', sources: [] } },
  ])('reads $name', ({ bytes, expected }) => {
    expect(parseRtcp(hex(bytes))).toEqual([expected])
  })

  it('stops at a packet that is not whole and keeps those before', () => {
    const compound = hex(SENDER_REPORT + DESCRIPTION)
    expect(parseRtcp(compound.subarray(0, compound.length - 1))).toHaveLength(1)
  })

  it('never throws, and reads no more packets than there is room for', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(parseRtcp(bytes).length).toBeLessThanOrEqual(bytes.length / 4)
      }),
    )
  })

  it('never throws on a compound with any byte changed', () => {
    const compound = hex(SENDER_REPORT + DESCRIPTION + XR)
    fc.assert(
      fc.property(fc.nat(compound.length - 1), fc.nat(255), fc.nat(compound.length), (at, byte, length) => {
        const bytes = compound.slice(0, length)
        bytes[at] = byte
        parseRtcp(bytes)
      }),
    )
  })
})
