import { describe, expect, it } from 'vitest'
import { HepDeframer } from '../../src/hep/deframe.ts'
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
