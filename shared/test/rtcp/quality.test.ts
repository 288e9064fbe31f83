import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { estimateVoiceQuality, mosOfRFactor } from '../../src/rtcp/mos.ts'
import { ntpToUs, usToNtpMiddle } from '../../src/rtcp/ntp.ts'
import type { RtcpPacket, RtcpReportBlock } from '../../src/rtcp/packet.ts'
import { fractionLostPercent, jitterToMs, roundTripOf, streamQualities } from '../../src/rtcp/quality.ts'

const NOW_US = 1_700_000_000_000_000
const BLOCK: RtcpReportBlock = {
  source: 2,
  fractionLost: 0,
  packetsLost: 0,
  highestSequence: 100,
  jitter: 80,
  lsr: 0,
  dlsr: 0,
}
/** The answer, after half a second, to a sender report of 600 ms ago. */
const ANSWER: RtcpReportBlock = { ...BLOCK, lsr: usToNtpMiddle(NOW_US - 600_000), dlsr: 32_768 }

describe('ntpToUs', () => {
  it.each([
    { name: 'NTP time', seconds: 2_208_988_801, fraction: 2 ** 30, us: 1_250_000 },
    { name: 'Unix time in microseconds', seconds: 1_700_000_000, fraction: 5, us: 1_700_000_000_000_005 },
    { name: 'uptime', seconds: 3600, fraction: 0, us: undefined },
    { name: 'nothing', seconds: 0, fraction: 0, us: undefined },
  ])('reads $name', ({ seconds, fraction, us }) => {
    expect(ntpToUs(seconds, fraction)).toBe(us)
  })
})

describe('usToNtpMiddle', () => {
  it('has the low 16 bits of the seconds and the high 16 of the fraction', () => {
    const seconds = 0x12345678
    expect(usToNtpMiddle((seconds - 2_208_988_800) * 1_000_000 + 500_000)).toBe(0x5678_8000)
  })
})

describe('roundTripOf', () => {
  it.each([
    { name: 'is 100 ms by the time in lsr', block: ANSWER, at: NOW_US, sent: undefined, ms: 100 },
    {
      name: 'is 100 ms by the sender report that was seen',
      block: ANSWER,
      at: NOW_US,
      sent: NOW_US - 600_000,
      ms: 100,
    },
    { name: 'is unknown if no sender report is answered', block: BLOCK, at: NOW_US, sent: undefined, ms: undefined },
    { name: 'is unknown if it would be negative', block: ANSWER, at: NOW_US - 200_000, sent: undefined, ms: undefined },
    {
      name: 'is unknown if the answer came before its delay was over',
      block: ANSWER,
      at: NOW_US,
      sent: NOW_US - 100_000,
      ms: undefined,
    },
    { name: 'is unknown if a clock is wrong', block: ANSWER, at: NOW_US + 60_000_000, sent: undefined, ms: undefined },
  ])('$name', ({ block, at, sent, ms }) => {
    const roundTripMs = roundTripOf(block, at, sent)
    if (ms === undefined) expect(roundTripMs).toBeUndefined()
    else expect(roundTripMs).toBeCloseTo(ms, 1)
  })

  it('is right when the clock of lsr wraps', () => {
    const wrapUs = (2_208_988_800 - (2_208_988_800 % 65_536) + 65_536 - 2_208_988_800) * 1_000_000
    const block = { ...BLOCK, lsr: usToNtpMiddle(wrapUs - 20_000), dlsr: 0 }
    expect(roundTripOf(block, wrapUs + 10_000)).toBeCloseTo(30, 1)
  })
})

describe('estimateVoiceQuality', () => {
  it.each([
    { name: 'a perfect call', conditions: { lossPercent: 0 }, mos: 4.4 },
    { name: 'a call over 100 ms', conditions: { lossPercent: 0, roundTripMs: 100, jitterMs: 5 }, mos: 4.37 },
    { name: 'one percent lost', conditions: { lossPercent: 1, roundTripMs: 40, jitterMs: 5 }, mos: 4.29 },
    { name: 'five percent lost', conditions: { lossPercent: 5 }, mos: 3.9 },
    { name: 'a satellite', conditions: { lossPercent: 0, roundTripMs: 600 }, mos: 3.56 },
    { name: 'G.729', conditions: { lossPercent: 0, codec: 'G729' }, mos: 4.08 },
    { name: 'G.729B with five percent lost', conditions: { lossPercent: 5, codec: 'g729b' }, mos: 3.31 },
    { name: 'all lost', conditions: { lossPercent: 100 }, mos: 1.16 },
    { name: 'nonsense', conditions: { lossPercent: 900, roundTripMs: -5, jitterMs: 1e9 }, mos: 1 },
  ])('gives $name $mos', ({ conditions, mos }) => {
    expect(estimateVoiceQuality(conditions).mos).toBeCloseTo(mos, 2)
  })

  it('stays within the scale and never rises with loss, delay or jitter', () => {
    const amount = fc.double({ min: 0, max: 2000, noNaN: true })
    fc.assert(
      fc.property(amount, amount, amount, amount, (lossPercent, roundTripMs, jitterMs, more) => {
        const { mos, rFactor } = estimateVoiceQuality({ lossPercent, roundTripMs, jitterMs })
        expect(mos).toBeGreaterThanOrEqual(1)
        expect(mos).toBeLessThanOrEqual(4.5)
        const worse = [
          { lossPercent: lossPercent + more, roundTripMs, jitterMs },
          { lossPercent, roundTripMs: roundTripMs + more, jitterMs },
          { lossPercent, roundTripMs, jitterMs: jitterMs + more },
        ]
        for (const conditions of worse) expect(estimateVoiceQuality(conditions).rFactor).toBeLessThanOrEqual(rFactor)
      }),
    )
  })
})

describe('mosOfRFactor', () => {
  it.each([
    { rFactor: -5, mos: 1 },
    { rFactor: 3, mos: 1 },
    { rFactor: 50, mos: 2.575 },
    { rFactor: 93.2, mos: 4.409 },
    { rFactor: 100, mos: 4.5 },
    { rFactor: 130, mos: 4.5 },
  ])('of $rFactor is $mos', ({ rFactor, mos }) => {
    expect(mosOfRFactor(rFactor)).toBeCloseTo(mos, 3)
  })
})

describe('streamQualities', () => {
  const report = (...blocks: RtcpReportBlock[]): RtcpPacket => ({ type: 'receiver-report', ssrc: 1, blocks })

  it('gives loss in percent, and jitter in milliseconds if the clock is known', () => {
    const packets = [report({ ...BLOCK, fractionLost: 64, packetsLost: 7 })]
    expect(streamQualities(packets)).toEqual([
      { reporter: 1, source: 2, lossPercent: 25, packetsLost: 7, estimatedMos: expect.any(Number) },
    ])
    expect(streamQualities(packets, { clockRateHz: 8000 })[0]?.jitterMs).toBe(10)
    expect([fractionLostPercent(255), jitterToMs(480, 48000)]).toEqual([99.609375, 10])
  })

  it('measures the round trip by the capture times, or takes that of XR', () => {
    const seen = { capturedUs: NOW_US, sentUs: () => NOW_US - 550_000 }
    expect(streamQualities([report(ANSWER)], seen)[0]?.roundTripMs).toBeCloseTo(50, 1)
    expect(streamQualities([report(ANSWER)], { capturedUs: NOW_US })[0]?.roundTripMs).toBeCloseTo(100, 1)
    const metrics: RtcpPacket = {
      type: 'extended-report',
      ssrc: 1,
      blocks: [{ type: 'voip-metrics', source: 0, roundTripMs: 70, mosLq: 4.1 }],
    }
    expect(streamQualities([report(ANSWER), metrics], seen)).toMatchObject([{ roundTripMs: 70, reportedMos: 4.1 }])
  })

  it('leaves out streams of which nothing was heard yet, and packets that report nothing', () => {
    const silent = { ...BLOCK, source: 0, highestSequence: 0 }
    expect(streamQualities([report(silent), { type: 'goodbye', sources: [1] }])).toEqual([])
  })
})
