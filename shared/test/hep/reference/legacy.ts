import { gzipSync } from 'node:zlib'
import { expect } from 'vitest'
import { decodeHepDatagram } from '../../../src/hep/decode-datagram.ts'
import { hex } from '../../rtcp/hex.ts'
import { ascii, B, base, decoded, INVITE, NO_TIME, NOW_US, reads, refuses, shown, type Vector } from './vector.ts'

const v1 = { ...base, version: 1, tsUs: undefined, agentId: 0 }
const v2 = { ...base, version: 2 }
const IPV6_PAIR = '20010db800000000000000000000000120010db8000000000000000000000002'
/** HEPv2 from the second byte to the agent id, as C senders write it, and with the time in network order. */
const LITTLE = '10021113c413c50a0000010a00000200f1536540e20100d107'
const BIG = '10021113c413c50a0000010a0000026553f1000001e24007d1'
const REQUEST = ascii('INVITE sip:b SIP/2.0')
const OPTIONS_OK = ascii('SIP/2.0 200 OK\r\nCSeq: 1 OPTIONS\r\n\r\n')

const zipped = async (layers: number): Promise<unknown> => {
  let bytes: Uint8Array = hex(B)
  for (let left = layers; left > 0; left--) bytes = gzipSync(bytes)
  const result = await decodeHepDatagram(bytes, NOW_US)
  return result.ok ? [shown(result.packet), result.warnings] : result
}

export const LEGACY: readonly Vector[] = [
  reads(43, 'v1-v4', `0110021113c413c50a0000010a000002${INVITE}`, v1, NO_TIME),
  reads(44, 'v1-v6', `01280a1113c413c5${IPV6_PAIR}${INVITE}`, { ...v1, srcIp: '2001:db8::1', dstIp: '2001:db8::2' }, [
    ...NO_TIME,
  ]),
  reads(45, 'v2-le', `02${LITTLE}0000${INVITE}`, v2),
  reads(46, 'v2-be', `02${BIG}0000${INVITE}`, v2, ['big-endian-time']),
  reads(47, 'v2-be-10', `02${BIG}${REQUEST}`, { ...v2, payload: REQUEST }, ['big-endian-time', 'unpadded-time']),
  reads(48, 'v2-hl-28', `021c${LITTLE.slice(2)}0000${INVITE}`, v2),
  reads(49, 'v2-hl-junk', `0204${LITTLE.slice(2)}0000${INVITE}`, v2, ['header-length-odd']),
  {
    no: 49,
    name: 'header lengths as data',
    check: () => {
      const lengths = [`0210`, '021c', '0204'].map((start) => `${start}${LITTLE.slice(2)}0000${INVITE}`)
      expect(lengths.map((bytes) => decoded(bytes).declaredHeaderLength)).toEqual([16, 28, 4])
    },
  },
  reads(50, 'v2-pad-garbage', `02${LITTLE}7f41${INVITE}`, v2),
  reads(51, 'v2-trailing-nul', `02${LITTLE}0000${INVITE}0000000000000000`, v2, ['trailing-nuls']),
  reads(
    52,
    'hs-v1-sample',
    `0110021113c413c40a000164c0a800fe${OPTIONS_OK}`,
    { ...v1, dstPort: 5060, srcIp: '10.0.1.100', dstIp: '192.168.0.254', payload: OPTIONS_OK },
    NO_TIME,
  ),
  refuses(53, 'v1-short', '0110021113c413c50a0000010a0000', 'too-short', 15),
  refuses(53, 'v2-short', `02${LITTLE.slice(0, -2)}`, 'too-short', 25),
  refuses(54, 'v1-family-7', '0110071113c413c50a0000010a00000241', 'bad-family', 2),
  refuses(55, 'version-3-byte', '0310021113c413c50a0000010a00000241', 'unknown-format', 0),
  {
    no: 56,
    name: 'gzip-frame',
    check: async () => {
      expect(await zipped(1)).toEqual([base, ['gzip-datagram']])
      expect(await zipped(2)).toEqual({ ok: false, reason: 'unknown-format', offset: 0 })
    },
  },
]
