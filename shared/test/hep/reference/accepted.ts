import { deflateSync, gzipSync } from 'node:zlib'
import { expect } from 'vitest'
import { decodeHepDatagram } from '../../../src/hep/decode-datagram.ts'
import { readCorrelation } from '../../../src/hep/correlation.ts'
import { encodeHep } from '../../../src/hep/encode.ts'
import { packHep } from '../../../src/hep/pack.ts'
import { payloadText } from '../../../src/payload/json.ts'
import { hex } from '../../rtcp/hex.ts'
import {
  ascii,
  B,
  bare,
  base,
  decoded,
  digits,
  INVITE,
  NO_TIME,
  NO_TIME_NO_PAYLOAD,
  NOW_US,
  reads,
  refuses,
  shown,
  type Vector,
} from './vector.ts'

/** Chunk 0x0010 alone in a packet. */
const compressed = (value: string): string => chunks(`00000010${size(6 + value.length / 2)}${value}`)
const u32 = (value: number): string => value.toString(16).padStart(8, '0')
const size = (value: number): string => value.toString(16).padStart(4, '0')
const chunks = (all: string): string => `48455033${size(6 + hex(all).length)}${all}`

/** What the packet of these bytes becomes when it is inflated. */
function inflates(no: number, name: string, bytes: string, packet: object, warnings: readonly string[]): Vector {
  return {
    no,
    name,
    check: async () => {
      const result = await decodeHepDatagram(hex(bytes), NOW_US)
      expect(result.ok && [shown(result.packet), result.warnings]).toEqual([packet, warnings])
    },
  }
}

/** A vector that decodes and encodes to the same bytes. */
function roundTrips(no: number, name: string, bytes: string): Vector {
  return { no, name, check: () => expect(digits(encodeHep(decoded(bytes).packet))).toBe(digits(hex(bytes))) }
}

/** The first ten chunks in captagent's order, ports and time before the addresses. */
const CAPTAGENT = `00000001000702 00000002000711 00000007000813c4 00000008000813c5 00000009000a6553f100
  0000000a000a0001e240 0000000b000701 0000000c000a000007d1 00000003000a0a000001 00000004000a0a000002`
const REGISTER = Buffer.from(
  `REGISTER sip:b SIP/2.0\r\nCall-ID: c1\r\nCSeq: 1 REGISTER\r\nX-Padding: ${'ab'.repeat(521)}\r\n\r\n`,
)
const ZIPPED = digits(deflateSync(REGISTER))
const BOMB = digits(gzipSync(new Uint8Array(4 * 65_536 + 1)))
const EXTRA = ascii('{\n\t"sip1":\t"a",\n\t"sip2":\t"b"\n}')
/** 105 bytes of B less its payload, an empty key, and a payload of 673 bytes: 778, as in heplify-server's own test. */
const EMPTY_KEY = `${B.replaceAll(/\s/g, '').replace('330069', '33030a').slice(0, -24)}0000000e0006 0000000f02a7${'41'.repeat(673)}`
const FULL = `48455033ffff0000000ffff9${'41'.repeat(65_523)}`

export const ACCEPTED: readonly Vector[] = [
  reads(
    1,
    'spec-113',
    `484550330071 00000001000702 00000002000711 00000003000ad4ca0001 00000004000a527400d3
     0000000700082eea 00000008000813c4 00000009000a4e4982cb 0000000a000a0001d4c0
     0000000b000701 0000000c000a000000e4 0000000f0014494e56495445207369703a626f62`,
    {
      ...base,
      srcIp: '212.202.0.1',
      dstIp: '82.116.0.211',
      srcPort: 12010,
      dstPort: 5060,
      tsUs: 1_313_440_459_120_000,
      agentId: 228,
      payload: ascii('INVITE sip:bob'),
    },
  ),
  reads(2, 'base-105', B, base),
  roundTrips(2, 'base-105, encoded again', B),
  reads(3, 'hs-own-test', EMPTY_KEY, { ...base, authKey: '', payload: '41'.repeat(673) }),
  roundTrips(3, 'hs-own-test, encoded again', EMPTY_KEY),
  reads(
    4,
    'ipv6',
    `484550330039 0000000100070a 00000005001620010db8000000000000000000000001
     00000006001620010db8000000000000000000000002`,
    { ...bare, srcIp: '2001:db8::1', dstIp: '2001:db8::2' },
    NO_TIME_NO_PAYLOAD,
  ),
  inflates(
    5,
    'mixed-order',
    chunks(`${CAPTAGENT}00000010${size(6 + ZIPPED.length / 2)}${ZIPPED}`),
    { ...base, payload: digits(REGISTER) },
    [],
  ),
  inflates(6, 'zlib', '48455033001a000000100014789cf3f40bf30c710500066201d0', { ...bare, payload: INVITE }, NO_TIME),
  reads(
    6,
    'zlib, left as it is',
    '48455033001a000000100014789cf3f40bf30c710500066201d0',
    { ...bare, payload: '789cf3f40bf30c710500066201d0', payloadCompressed: true },
    ['time-missing', 'compressed-payload'],
  ),
  inflates(
    7,
    'gzip',
    compressed('1f8b0800000000000203f3f40bf30c71050051d71a3706000000'),
    { ...bare, payload: INVITE },
    NO_TIME,
  ),
  inflates(8, 'plain-in-0010', compressed(INVITE), { ...bare, payload: INVITE }, ['time-missing', 'not-compressed']),
  inflates(9, 'zip-bomb', compressed(BOMB), { ...bare, payload: BOMB, payloadCompressed: true }, [
    'time-missing',
    'compressed-payload',
    'inflate-limit',
  ]),
  reads(
    10,
    'vendor-shadow',
    '48455033001d 00000001000702 000300010009aabbcc 0000000f000741',
    { ...bare, payload: '41', chunks: ['3/1:aabbcc'] },
    NO_TIME,
  ),
  reads(
    11,
    'genesys',
    '484550330014 00080080000778 0000000f000741',
    { ...bare, payload: '41', chunks: ['8/128:78'] },
    NO_TIME,
  ),
  {
    no: 11,
    name: 'genesys, encoded again',
    check: () => {
      const { packet } = decoded('484550330014 00080080000778 0000000f000741')
      expect(digits(encodeHep(packet)).slice(-28)).toBe('000800800007780000000f000741')
    },
  },
  reads(
    12,
    'extra-corr',
    `48455033002a000000650024${EXTRA}`,
    { ...bare, chunks: [`0/101:${EXTRA}`] },
    NO_TIME_NO_PAYLOAD,
  ),
  {
    no: 12,
    name: 'extra-corr, its view',
    check: () => {
      const { packet } = decoded(`48455033002a000000650024${EXTRA}`)
      expect(readCorrelation(packet).extra).toEqual([
        { type: 'sip1', id: 'a' },
        { type: 'sip2', id: 'b' },
      ])
    },
  },
  reads(13, 'dup-payload', '484550330014 0000000f000741 0000000f000742', { ...bare, payload: '42' }, [
    'duplicate-chunk',
    'time-missing',
  ]),
  reads(14, 'header-only', '484550330006', bare, ['empty-frame', ...NO_TIME_NO_PAYLOAD]),
  reads(15, 'empty-payload', '48455033000c0000000f0006', { ...bare, payload: '' }, NO_TIME),
  reads(16, 'mos', '48455033000e0000002000080193', { ...bare, mos: 403 }, NO_TIME_NO_PAYLOAD),
  reads(
    17,
    'corr',
    '48455033001900000011000b61626340680000000f00087b7d',
    { ...bare, correlationId: 'abc@h', payload: ascii('{}') },
    NO_TIME,
  ),
  reads(18, 'vlan-1byte', '48455033000d00000012000764', { ...bare, vlanId: 100 }, [
    ...NO_TIME_NO_PAYLOAD,
    'legacy-chunk-size',
  ]),
  reads(18, 'vlan-2byte', '48455033000e0000001200080064', { ...bare, vlanId: 100 }, NO_TIME_NO_PAYLOAD),
  reads(
    19,
    'mac-8',
    '48455033001400000014000e0000525400123456',
    { ...bare, sourceMac: '52:54:00:12:34:56' },
    NO_TIME_NO_PAYLOAD,
  ),
  reads(19, 'mac-6', '48455033001200000014000c525400123456', { ...bare, sourceMac: '52:54:00:12:34:56' }, [
    ...NO_TIME_NO_PAYLOAD,
    'legacy-chunk-size',
  ]),
  reads(20, 'sngrep-id', '4845503300100000000c000a07d10000', { ...bare, agentId: 131_137_536 }, [
    ...NO_TIME_NO_PAYLOAD,
    'agent-id-shifted',
  ]),
  {
    no: 20,
    name: 'sngrep-id, its hint',
    check: () => {
      expect(decoded('4845503300100000000c000a07d10000').agentIdHint).toBe(2001)
      expect(decoded(B)).not.toHaveProperty('agentIdHint')
    },
  },
  {
    no: 21,
    name: 'max',
    check: () => {
      expect(decoded(FULL).packet.payload).toHaveLength(65_523)
      const room = 65_535 - 99
      const { packet } = decoded(B)
      expect(encodeHep({ ...packet, payload: new Uint8Array(room) })).toHaveLength(65_535)
      expect(() => encodeHep({ ...packet, payload: new Uint8Array(room + 1) })).toThrow(
        expect.objectContaining({ code: 'too-large' }),
      )
    },
  },
  {
    no: 22,
    name: 'eep1, eep3',
    check: () => {
      for (const [bytes, magic] of [
        ['45455031000d0000000f000741', 'EEP1'],
        ['45455033000d0000000f000741', 'EEP3'],
      ] as const) {
        const result = decoded(bytes)
        expect([shown(result.packet), result.warnings, result.magic]).toEqual([
          { ...bare, payload: '41' },
          ['time-missing', 'other-magic'],
          magic,
        ])
      }
      expect(decoded(B)).not.toHaveProperty('magic')
    },
  },
  refuses(22, 'eep1, if the magic is strict', '45455031000d0000000f000741', 'unknown-format', 0, { strictMagic: true }),
  refuses(22, 'eep3, if the magic is strict', '45455033000d0000000f000741', 'unknown-format', 0, { strictMagic: true }),
  reads(23, 'trailing', `${B}aabbcc`, base, ['trailing-bytes']),
  refuses(23, 'trailing, if strict', `${B}aabbcc`, 'bad-total', 4, { strict: true }),
  reads(24, 'nul-utf8', '48455033000f0000000f00094100ff', { ...bare, payload: '4100ff' }, NO_TIME),
  {
    no: 24,
    name: 'nul-utf8, as text',
    check: () => expect(payloadText(hex('4100ff'))).toBe('A\0\ufffd'),
  },
  {
    no: 25,
    name: 'utf8-payload',
    check: () => {
      const end = { ip: '10.0.0.1', port: 5060 }
      expect(digits(packHep(end, end, 'udp', 'é!')).slice(-18)).toBe('0000000f0009c3a921')
    },
  },
  reads(
    26,
    'usec-overflow',
    '48455033001a00000009000a6553f1000000000a000a0016e360',
    { ...bare, tsUs: 1_700_000_001_500_000 },
    ['microseconds-overflow', 'no-payload'],
  ),
  {
    no: 27,
    name: 'ntp-time',
    check: () => {
      const times = [
        { seconds: 3_994_745_626, microseconds: 0, tsUs: 1_785_756_826_000_000, warning: 'time-of-ntp-era' },
        { seconds: 2_608_623_722, microseconds: 1_059_783_936, tsUs: undefined, warning: 'time-implausible' },
        { seconds: 0, microseconds: 0, tsUs: undefined, warning: 'time-missing' },
      ]
      for (const { seconds, microseconds, tsUs, warning } of times) {
        const bytes = chunks(`00000009000a${u32(seconds)}0000000a000a${u32(microseconds)}0000000f000741`)
        const result = decoded(bytes, { sanitizeTime: true })
        expect([result.packet.tsUs, result.warnings]).toEqual([tsUs, expect.arrayContaining([warning])])
        // Unless it is asked for, nothing is mended.
        expect(decoded(bytes).packet.tsUs ?? 0).toBe(seconds * 1_000_000 + microseconds)
      }
    },
  },
  {
    no: 27,
    name: 'ntp-time, the window',
    check: () => {
      const YEAR_US = 365.25 * 86_400 * 1_000_000
      const HOUR_US = 3_600 * 1_000_000
      for (const [agoUs, isKept] of [
        [9 * YEAR_US, true],
        [11 * YEAR_US, false],
        [-23 * HOUR_US, true],
        [-25 * HOUR_US, false],
      ] as const) {
        const seconds = Math.floor((NOW_US - agoUs) / 1_000_000)
        const result = decoded(chunks(`00000009000a${u32(seconds)}`), { sanitizeTime: true })
        expect(result.packet.tsUs).toBe(isKept ? seconds * 1_000_000 : undefined)
      }
    },
  },
]
