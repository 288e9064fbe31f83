import { expect } from 'vitest'
import { decodeHep } from '../../../src/hep/decode.ts'
import type { Decoded, HepFault, HepPacket, HepWarning } from '../../../src/hep/packet.ts'
import type { ScanOptions } from '../../../src/hep/scan.ts'
import { hex } from '../../rtcp/hex.ts'

/** One test of the numbered list that codecs of HEP can be compared by. */
export interface Vector {
  readonly no: number
  readonly name: string
  readonly check: () => void | Promise<void>
}

/** 4 August 2026, noon. */
export const NOW_US = 1_785_844_800_000_000

/** A packet of 105 bytes: 10.0.0.1:5060 to 10.0.0.2:5061 over UDP, SIP `INVITE`, agent 2001. */
export const B = `484550330069000000010007020000000200071100000003000a0a00000100000004000a0a00000200000007000813c4
  00000008000813c500000009000a6553f1000000000a000a0001e2400000000b0007010000000c000a000007d1
  0000000f000c494e56495445`
export const INVITE = '494e56495445'

/** What a packet without chunks decodes to. */
export const bare = { version: 3, ipProtocol: 0, srcPort: 0, dstPort: 0, protocolType: 0, agentId: 0 }
/** What B decodes to. */
export const base = {
  version: 3,
  ipProtocol: 17,
  srcIp: '10.0.0.1',
  dstIp: '10.0.0.2',
  srcPort: 5060,
  dstPort: 5061,
  tsUs: 1_700_000_000_123_456,
  protocolType: 1,
  agentId: 2001,
  payload: INVITE,
}

export const NO_TIME = ['time-missing'] as const
export const NO_TIME_NO_PAYLOAD = ['time-missing', 'no-payload'] as const

export const digits = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
export const ascii = (value: string): string => Buffer.from(value).toString('hex')

/** A decoded packet with its bytes as hex digits, and chunks as `vendor/type:digits`. */
export function shown({ payload, chunks, ...rest }: HepPacket): Record<string, unknown> {
  return {
    ...rest,
    ...(payload && { payload: digits(payload) }),
    ...(chunks && { chunks: chunks.map(({ vendor, type, bytes }) => `${vendor}/${type}:${digits(bytes)}`) }),
  }
}

export function decoded(bytes: string, options?: ScanOptions): Extract<Decoded, { ok: true }> {
  const result = decodeHep(hex(bytes), NOW_US, options)
  if (!result.ok) throw new Error(result.reason)
  return result
}

/** A vector that decodes to exactly this packet with exactly these warnings. */
export function reads(
  no: number,
  name: string,
  bytes: string,
  packet: object,
  warnings: readonly HepWarning[] = [],
): Vector {
  return {
    no,
    name,
    check: () => {
      const result = decoded(bytes)
      expect([shown(result.packet), result.warnings]).toEqual([packet, warnings])
    },
  }
}

/** A vector that is refused with this reason at this byte. */
export function refuses(
  no: number,
  name: string,
  bytes: string,
  reason: HepFault,
  offset: number,
  options?: ScanOptions,
): Vector {
  return {
    no,
    name,
    check: () => expect(decodeHep(hex(bytes), NOW_US, options)).toEqual({ ok: false, reason, offset }),
  }
}
