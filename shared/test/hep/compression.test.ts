import { deflateSync, gzipSync, unzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { FLAG } from '../../src/event/columns.ts'
import { BlockWriter } from '../../src/event/writer.ts'
import { INFLATE_LIMIT_BYTES, type InflateFault } from '../../src/hep/compression.ts'
import { decodeHepDatagram } from '../../src/hep/decode-datagram.ts'
import { warningNames } from '../../src/hep/decode.ts'
import { encodeHep } from '../../src/hep/encode.ts'
import { blockOf, NOW_US, SOURCE } from '../event/rows.ts'
import { hex } from '../rtcp/hex.ts'
import { B, decoded, digits, INVITE } from './reference/vector.ts'

describe('BlockWriter', () => {
  const inflate = (bytes: Uint8Array, maxOutputLength: number): Uint8Array | InflateFault => {
    try {
      return unzipSync(bytes, { maxOutputLength })
    } catch (error) {
      return error instanceof RangeError ? 'inflate-limit' : 'bad-compression'
    }
  }
  const compressed = (value: Uint8Array): Uint8Array =>
    encodeHep({ ...decoded(B).packet, payload: value, payloadCompressed: true })
  const register = Buffer.from('REGISTER sip:a SIP/2.0\r\nCall-ID: c1\r\nCSeq: 1 REGISTER\r\n\r\n')

  it.each([
    { name: 'zlib', value: hex('789cf3f40bf30c710500066201d0'), payload: 'INVITE' },
    { name: 'gzip', value: hex('1f8b0800000000000203f3f40bf30c71050051d71a3706000000'), payload: 'INVITE' },
    { name: 'plain-in-0010', value: hex(INVITE), payload: 'INVITE' },
    { name: 'mixed-order', value: deflateSync(register), payload: register.toString() },
  ])('inflates $name', ({ value, payload }) => {
    const block = blockOf([compressed(value)], inflate)
    expect(Buffer.from(block.payload(0)).toString()).toBe(payload)
    expect((block.flags[0] ?? 0) & FLAG.compressedPayload).toBe(0)
  })

  it.each([
    { name: 'zip-bomb', value: gzipSync(new Uint8Array(INFLATE_LIMIT_BYTES + 1)), warning: 'inflate-limit' },
    { name: 'half a gzip', value: hex('1f8b0800000000000203f3f4'), warning: 'bad-compression' },
  ])('keeps $name as it came', ({ value, warning }) => {
    const writer = new BlockWriter(SOURCE, inflate)
    expect(writer.append(compressed(value), NOW_US)).toBeUndefined()
    expect(warningNames(writer.lastFields.warnings)).toEqual(['compressed-payload', warning])
    const block = writer.seal(NOW_US)
    expect(digits(block?.payload(0) ?? hex(''))).toBe(digits(value))
    expect((block?.flags[0] ?? 0) & FLAG.compressedPayload).toBe(FLAG.compressedPayload)
  })

  it('says nothing of a payload that it inflated', () => {
    const writer = new BlockWriter(SOURCE, inflate)
    writer.append(compressed(gzipSync(register)), NOW_US)
    expect(warningNames(writer.lastFields.warnings)).toEqual([])
  })
})

describe('decodeHepDatagram', () => {
  it('takes what is not compressed as it is', async () => {
    expect(await decodeHepDatagram(hex(B))).toEqual(decoded(B))
  })

  it('keeps a damaged payload, and says so', async () => {
    const payload = hex('1f8b0800000000000203f3f4')
    const packet = { ...decoded(B).packet, payload, payloadCompressed: true }
    expect(await decodeHepDatagram(encodeHep(packet))).toEqual({
      ok: true,
      packet,
      warnings: ['compressed-payload', 'bad-compression'],
    })
  })

  it.each([
    { name: 'half a gzip', bytes: gzipSync(hex(B)).subarray(0, 40), reason: 'bad-compression' },
    { name: 'more than a packet', bytes: gzipSync(new Uint8Array(65_536)), reason: 'inflate-limit' },
    { name: 'a gzip bomb', bytes: gzipSync(new Uint8Array(100_000_000)), reason: 'inflate-limit' },
  ])('refuses $name', async ({ bytes, reason }) => {
    expect(await decodeHepDatagram(bytes)).toEqual({ ok: false, reason, offset: 0 })
  })
})
