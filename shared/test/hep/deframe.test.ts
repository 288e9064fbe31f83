import { describe, expect, it } from 'vitest'
import { HepDeframer, MAX_SKIPPED_BYTES } from '../../src/hep/deframe.ts'
import { hex } from '../rtcp/hex.ts'

const B = `484550330069000000010007020000000200071100000003000a0a00000100000004000a0a00000200000007000813c4
  00000008000813c500000009000a6553f1000000000a000a0001e2400000000b0007010000000c000a000007d1
  0000000f000c494e56495445`
const FRAME = hex(B)
const HEX = Buffer.from(FRAME).toString('hex')

/** What comes out of a stream of these pieces, packets copied as hex digits. */
function pushed(...pieces: Uint8Array[]) {
  const deframer = new HepDeframer()
  const packets: string[] = []
  const results = pieces.map((piece) =>
    deframer.push(piece, (packet) => packets.push(Buffer.from(packet).toString('hex'))),
  )
  return { packets, fault: deframer.fault, last: results.at(-1), pendingBytes: deframer.pendingBytes }
}

const whole = (...packets: string[]) => ({ packets, fault: undefined, last: undefined, pendingBytes: 0 })

describe('HepDeframer', () => {
  it('joins a packet that was split at any offset', () => {
    for (let at = 1; at < FRAME.length; at++) {
      expect(pushed(FRAME.subarray(0, at), FRAME.subarray(at)), `split at ${at}`).toEqual(whole(HEX))
    }
  })

  it('joins two packets that were split at any two offsets', () => {
    const two = hex(B + B)
    for (let first = 0; first <= two.length; first++) {
      for (let second = first; second <= two.length; second += 7) {
        const pieces = [two.subarray(0, first), two.subarray(first, second), two.subarray(second)]
        expect(pushed(...pieces).packets, `split at ${first} and ${second}`).toEqual([HEX, HEX])
      }
    }
  })

  it.each([
    { name: 'two packets in one write', pieces: [hex(B + B)], packets: [HEX, HEX] },
    {
      name: 'a packet and three bytes, then the rest',
      pieces: [hex(`${B}484550`), FRAME.subarray(3)],
      packets: [HEX, HEX],
    },
    { name: 'one byte per write', pieces: Array.from(FRAME, (byte) => Uint8Array.of(byte)), packets: [HEX] },
    { name: 'empty writes', pieces: [hex(''), FRAME.subarray(0, 9), hex(''), FRAME.subarray(9)], packets: [HEX] },
    {
      name: 'packets without chunks',
      pieces: [hex('484550330006'), hex('455033').subarray(3)],
      packets: ['484550330006'],
    },
    {
      name: 'the other names of the magic',
      pieces: [hex('454550330006454550310006')],
      packets: ['454550330006', '454550310006'],
    },
    {
      name: 'a payload that holds a packet',
      pieces: [hex('4845503300120000000f000c'), hex('484550330006')],
      packets: ['4845503300120000000f000c484550330006'],
    },
    {
      name: 'a packet whose chunks are wrong, for its length is right',
      pieces: [hex(`${B}48455033000c000000020000${B}`)],
      packets: [HEX, '48455033000c000000020000', HEX],
    },
  ])('passes on $name', ({ pieces, packets }) => {
    expect(pushed(...pieces)).toEqual(whole(...packets))
  })

  it('passes on the largest packet, in small pieces', () => {
    const large = new Uint8Array(65_535).fill(0x41)
    large.set(hex('48455033ffff'))
    const pieces = Array.from({ length: 66 }, (_, i) => large.subarray(i * 1000, (i + 1) * 1000))
    expect(pushed(...pieces, FRAME)).toEqual(whole(Buffer.from(large).toString('hex'), HEX))
  })

  it('holds what is not whole yet', () => {
    for (let at = 0; at < FRAME.length; at++) {
      expect(pushed(FRAME, FRAME.subarray(0, at)), `${at} bytes`).toEqual({ ...whole(HEX), pendingBytes: at })
    }
  })

  it.each([
    { name: 'garbage before a packet', pieces: [hex(`00${B}`)], packets: [], fault: 'bad-magic' },
    { name: 'garbage behind a packet', pieces: [hex(`${B}0d0a`)], packets: [HEX], fault: 'bad-magic' },
    { name: 'a magic that goes wrong at its end', pieces: [hex('484550'), hex('39')], packets: [], fault: 'bad-magic' },
    { name: 'HEPv1', pieces: [hex('0110021113c413c50a0000010a00000241')], packets: [], fault: 'bad-magic' },
    { name: 'total 0', pieces: [hex('484550330000')], packets: [], fault: 'bad-total' },
    { name: 'total 5, in two pieces', pieces: [hex('4845503300'), hex('05')], packets: [], fault: 'bad-total' },
  ])('ends the stream at $name', ({ pieces, packets, fault }) => {
    const found = pushed(...pieces)
    expect([found.packets, found.fault, found.last]).toEqual([packets, fault, fault])
  })

  it('takes nothing after a fault', () => {
    expect(pushed(hex('00'), FRAME)).toEqual({ ...whole(), fault: 'bad-magic', last: 'bad-magic' })
  })
})

describe('HepDeframer in scan mode', () => {
  /** What comes out of a stream of these pieces, and out of the same bytes one by one. */
  function searched(...pieces: Uint8Array[]) {
    const results = [pieces, Array.from(Buffer.concat(pieces), (byte) => Uint8Array.of(byte))].map((parts) => {
      const deframer = new HepDeframer({ scan: true })
      const packets: string[] = []
      for (const part of parts) deframer.push(part, (packet) => packets.push(Buffer.from(packet).toString('hex')))
      const { fault, lossCount, skippedBytes, pendingBytes } = deframer
      return { packets, fault, lossCount, skippedBytes, pendingBytes }
    })
    expect(results[1]).toEqual(results[0])
    return results[0]
  }
  const found = (packets: readonly string[], lossCount: number, skippedBytes: number, pendingBytes = 0) => ({
    packets,
    fault: undefined,
    lossCount,
    skippedBytes,
    pendingBytes,
  })
  const ascii = (text: string): string => Buffer.from(text).toString('hex')

  it.each([
    { name: 'nothing where nothing is wrong', stream: B + B, packets: [HEX, HEX], losses: 0, skipped: 0 },
    { name: 'garbage before a packet', stream: `00112233${B}`, packets: [HEX], losses: 1, skipped: 4 },
    {
      name: 'garbage between packets',
      stream: `${B}0d0a0d0a${B}${B}`,
      packets: [HEX, HEX, HEX],
      losses: 1,
      skipped: 4,
    },
    { name: 'garbage twice', stream: `00${B}4845${B}`, packets: [HEX, HEX], losses: 2, skipped: 3 },
    { name: 'a total of 0', stream: `484550330000${B}`, packets: [HEX], losses: 1, skipped: 6 },
    { name: 'a start cut off', stream: HEX.slice(8) + B, packets: [HEX], losses: 1, skipped: 101 },
    {
      name: 'letters of the magic',
      stream: `00${ascii('HEHEPHEP3xx EEP3')}${B}`,
      packets: [HEX],
      losses: 1,
      skipped: 17,
    },
    {
      name: 'a message about HEP3, cut off before',
      stream: `00${ascii('HEP3\0\x2c is the magic, and EEP3 the other\r\n')}${B}`,
      packets: [HEX],
      losses: 1,
      skipped: 42,
    },
    {
      name: 'headers without chunks',
      stream: `00484550330006484550330006${B}`,
      packets: [HEX],
      losses: 1,
      skipped: 13,
    },
    {
      name: 'a packet whose last chunk runs over',
      stream: `00${HEX.replace('0000000f000c', '0000000f000d')}${B}`,
      packets: [HEX],
      losses: 1,
      skipped: 106,
    },
    {
      name: 'a packet that begins with a chunk of a vendor',
      stream: `00 48455033000d00030001000741 ${B}`,
      packets: [HEX],
      losses: 1,
      skipped: 14,
    },
    {
      name: 'the other names',
      stream: `00${HEX.replace('484550', '454550')}`,
      packets: [HEX.replace('48', '45')],
      losses: 1,
      skipped: 1,
    },
  ])('skips $name', ({ stream, packets, losses, skipped }) => {
    expect(searched(hex(stream))).toEqual(found(packets, losses, skipped))
  })

  it('does not look for packets inside a packet that is whole', () => {
    const outer = `4845503300750000000f006f${HEX}`
    expect(searched(hex(outer + B))).toEqual(found([outer, HEX], 0, 0))
  })

  it('goes on after a packet whose chunks do not add up, for its length does', () => {
    expect(searched(hex(`${B}48455033000c000000020000${B}`))).toEqual(
      found([HEX, '48455033000c000000020000', HEX], 0, 0),
    )
  })

  it('holds what may become a packet', () => {
    expect(searched(hex(`00${HEX.slice(0, -2)}`))).toEqual(found([], 1, 1, 104))
    expect(searched(hex('00484550'))).toEqual(found([], 1, 1, 3))
    expect(searched(hex('004848'))).toEqual(found([], 1, 2, 1))
  })

  it('gives up after too many bytes that are no packet', () => {
    const deframer = new HepDeframer({ scan: true })
    const push = (bytes: Uint8Array) => deframer.push(bytes, () => undefined)
    expect(push(new Uint8Array(MAX_SKIPPED_BYTES))).toBeUndefined()
    expect(push(FRAME)).toBeUndefined()
    expect(push(new Uint8Array(MAX_SKIPPED_BYTES))).toBeUndefined()
    expect(push(new Uint8Array(1))).toBe('bad-magic')
    expect(deframer.pendingBytes).toBe(0)
  })

  it('spends a bounded time on bytes that look like packets at every twelfth', () => {
    const bytes = hex('484550330fff0000000f000c'.repeat(MAX_SKIPPED_BYTES / 12))
    const startMs = performance.now()
    expect(new HepDeframer({ scan: true }).push(Buffer.concat([Buffer.alloc(1), bytes]), () => undefined)).toBe(
      undefined,
    )
    expect(performance.now() - startMs).toBeLessThan(1000)
  })
})
