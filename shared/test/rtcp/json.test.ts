import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRtcpJson } from '../../src/rtcp/json.ts'

const utf8 = new TextEncoder()
const parse = (value: unknown) => parseRtcpJson(utf8.encode(typeof value === 'string' ? value : JSON.stringify(value)))

const NTP_SEC = 3_909_000_000
const BLOCK = {
  source_ssrc: 1393754395,
  fraction_lost: 12,
  packets_lost: 34,
  highest_seq_no: 29662,
  ia_jitter: 159,
  lsr: 3000000000,
  dlsr: 65536,
}
const READ_BLOCK = {
  source: 1393754395,
  fractionLost: 12,
  packetsLost: 34,
  highestSequence: 29662,
  jitter: 159,
  lsr: 3000000000,
  dlsr: 65536,
}
const SENDER = {
  ntp_timestamp_sec: NTP_SEC,
  ntp_timestamp_usec: 2 ** 31,
  rtp_timestamp: 360902880,
  packets: 4017,
  octets: 642720,
}
const READ_SENDER = {
  ntpSeconds: NTP_SEC,
  ntpFraction: 2 ** 31,
  sentUs: (NTP_SEC - 2208988800) * 1_000_000 + 500_000,
  rtpTimestamp: 360902880,
  packetCount: 4017,
  octetCount: 642720,
}
const ZERO_SENDER = { ntp_timestamp_sec: 0, ntp_timestamp_usec: 0, rtp_timestamp: 0, packets: 0, octets: 0 }
const ZERO_XR = {
  type: 0,
  id: 0,
  fraction_lost: 0,
  fraction_discard: 0,
  burst_density: 0,
  gap_density: 0,
  burst_duration: 0,
  gap_duration: 0,
  round_trip_delay: 0,
  end_system_delay: 0,
}

describe('parseRtcpJson', () => {
  it.each([
    {
      name: 'rtpengine: sender report, SDES that name their source',
      json: {
        sender_information: SENDER,
        ssrc: 2543003035,
        type: 200,
        report_count: 1,
        report_blocks: [BLOCK],
        sdes_report_count: 1,
        sdes_information: [{ sdes_chunk_ssrc: 2543003035, type: 1, text: 'a@b' }],
      },
      packets: [
        { type: 'sender-report', ssrc: 2543003035, sender: READ_SENDER, blocks: [READ_BLOCK] },
        {
          type: 'source-description',
          chunks: [{ ssrc: 2543003035, items: [{ type: 1, name: 'CNAME', text: 'a@b' }] }],
        },
      ],
    },
    {
      name: 'Asterisk: Unix time and lsr as text, signed loss',
      json: {
        ssrc: 7,
        type: 200,
        report_count: 1,
        sender_information: {
          ntp_timestamp_sec: '1700000000',
          ntp_timestamp_usec: '250000',
          rtp_timestamp: 1,
          packets: 2,
          octets: 3,
        },
        report_blocks: [{ ...BLOCK, lsr: '3000000000', packets_lost: -1 }],
      },
      packets: [
        {
          type: 'sender-report',
          ssrc: 7,
          sender: {
            ntpSeconds: 1_700_000_000,
            ntpFraction: 250_000,
            sentUs: 1_700_000_000_250_000,
            rtpTimestamp: 1,
            packetCount: 2,
            octetCount: 3,
          },
          blocks: [{ ...READ_BLOCK, packetsLost: -1 }],
        },
      ],
    },
    {
      name: 'Asterisk: receiver report without a sender',
      json: { ssrc: 7, type: 201, report_count: 0, sender_information: null, report_blocks: [] },
      packets: [{ type: 'receiver-report', ssrc: 7, blocks: [] }],
    },
    {
      name: 'Asterisk: the event that wraps the report',
      json: { channel: null, rtcp_report: { ssrc: 7, type: 201, sender_information: null, report_blocks: [BLOCK] } },
      packets: [{ type: 'receiver-report', ssrc: 7, blocks: [READ_BLOCK] }],
    },
    {
      name: 'heplify: receiver report with a sender and XR of zeros, type of the last packet',
      json: {
        sender_information: ZERO_SENDER,
        ssrc: 7,
        type: 202,
        report_count: 1,
        report_blocks: [BLOCK],
        report_blocks_xr: ZERO_XR,
        sdes_ssrc: 9,
      },
      packets: [
        { type: 'receiver-report', ssrc: 7, blocks: [READ_BLOCK] },
        { type: 'source-description', chunks: [{ ssrc: 9, items: [] }] },
      ],
    },
    {
      name: 'heplify: no blocks, unsigned loss of minus one, XR in use',
      json: {
        sender_information: SENDER,
        ssrc: 7,
        type: 207,
        report_blocks: null,
        report_blocks_xr: { ...ZERO_XR, type: 7, id: 9, fraction_lost: 64, round_trip_delay: 80, end_system_delay: 11 },
        sdes_ssrc: 0,
      },
      packets: [
        { type: 'sender-report', ssrc: 7, sender: READ_SENDER, blocks: [] },
        {
          type: 'extended-report',
          ssrc: 7,
          blocks: [
            {
              type: 'voip-metrics',
              source: 9,
              lossPercent: 25,
              discardPercent: 0,
              burstDensityPercent: 0,
              gapDensityPercent: 0,
              burstDurationMs: 0,
              gapDurationMs: 0,
              roundTripMs: 80,
              endSystemDelayMs: 11,
            },
          ],
        },
      ],
    },
    {
      name: 'captagent: SDES of one source, comma before the bracket',
      json: `{"ssrc":7,"type":201,"report_blocks":[${JSON.stringify(BLOCK)}],"report_count":1,
        "sdes_ssrc":3,"sdes_chunk_ssrc":8,"sdes_information": [ {"type":1,"text":"x, ]"},{"type":6,"text":"t"},],
        "sdes_report_count":2}`,
      packets: [
        { type: 'receiver-report', ssrc: 7, blocks: [READ_BLOCK] },
        {
          type: 'source-description',
          chunks: [
            {
              ssrc: 8,
              items: [
                { type: 1, name: 'CNAME', text: 'x, ]' },
                { type: 6, name: 'TOOL', text: 't' },
              ],
            },
          ],
        },
      ],
    },
    {
      name: 'captagent: an extended report alone',
      json: {
        Extended_report_information: {
          identifier: 9,
          loss_rate: 128,
          discard_rate: 0,
          burst_rate: 0,
          gap_rate: 0,
          burst_duration: 1,
          gap_duration: 2,
          round_trip_delay: 3,
          end_sys_delay: 4,
          signal_lev: 231,
          noise_lev: 127,
          RERL: 127,
          Gmin: 16,
          R_fact: 90,
          ext_R_fact: 127,
          MOS_LQ: 41,
          MOS_CQ: 40,
          RX_conf: [{ PLC: 3, JB_adapt: 3, JB_rate: 0 }],
          JB_nom: 40,
          JB_max: 80,
          JB_abs_max: 200,
        },
      },
      packets: [
        {
          type: 'extended-report',
          ssrc: 0,
          blocks: [
            {
              type: 'voip-metrics',
              source: 9,
              lossPercent: 50,
              discardPercent: 0,
              burstDensityPercent: 0,
              gapDensityPercent: 0,
              burstDurationMs: 1,
              gapDurationMs: 2,
              roundTripMs: 3,
              endSystemDelayMs: 4,
              signalLevelDbm: -25,
              gmin: 16,
              rFactor: 90,
              mosLq: 4.1,
              mosCq: 4,
              bufferNominalMs: 40,
              bufferMaximumMs: 80,
              bufferLimitMs: 200,
            },
          ],
        },
      ],
    },
    {
      name: 'hepgen: signed numbers',
      json: {
        type: 200,
        ssrc: -1751964261,
        report_count: 1,
        sender_information: { ...SENDER, ntp_timestamp_sec: NTP_SEC - 2 ** 32, rtp_timestamp: -1 },
        report_blocks: [{ ...BLOCK, source_ssrc: -2, packets_lost: 16777215 }],
      },
      packets: [
        {
          type: 'sender-report',
          ssrc: 2543003035,
          sender: { ...READ_SENDER, rtpTimestamp: 4294967295 },
          blocks: [{ ...READ_BLOCK, source: 4294967294, packetsLost: -1 }],
        },
      ],
    },
    {
      name: 'a sender report of one that has not sent yet',
      json: { type: 200, ssrc: 7, sender_information: ZERO_SENDER, report_blocks: [] },
      packets: [
        {
          type: 'sender-report',
          ssrc: 7,
          sender: { ntpSeconds: 0, ntpFraction: 0, rtpTimestamp: 0, packetCount: 0, octetCount: 0 },
          blocks: [],
        },
      ],
    },
    {
      name: 'one report block that is no list',
      json: { type: 201, ssrc: 7, report_blocks: BLOCK },
      packets: [{ type: 'receiver-report', ssrc: 7, blocks: [READ_BLOCK] }],
    },
    { name: 'XR and reports of nothing', json: { report_blocks_xr: ZERO_XR, report_blocks: null }, packets: [] },
    { name: 'other JSON', json: { ssrc: 7, type: 200 }, packets: undefined },
    { name: 'a list', json: [1], packets: undefined },
    { name: 'text', json: 'INFO: hello', packets: undefined },
    { name: 'JSON that is cut off', json: '{"report_blocks":[{"source_ssrc":1', packets: undefined },
    { name: 'nothing', json: '', packets: undefined },
  ])('reads $name', ({ json, packets }) => {
    expect(parse(json)).toEqual(packets)
  })

  it('never throws, whatever the members hold', () => {
    const names = ['sender_information', 'report_blocks', 'report_blocks_xr', 'sdes_information', 'ssrc', 'type']
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), fc.jsonValue()), (object) => {
        parse(object)
      }),
    )
  })
})
