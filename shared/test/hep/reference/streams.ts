import { expect } from 'vitest'
import { decodeHep } from '../../../src/hep/decode.ts'
import { HepDeframer, type DeframeOptions } from '../../../src/hep/deframe.ts'
import { hex } from '../../rtcp/hex.ts'
import { B, digits, NOW_US, type Vector } from './vector.ts'

const FRAME = hex(B)
const HEX = digits(FRAME)
/** A packet of 24 bytes whose payload is a packet without chunks, by the look of it. */
const NESTED = '484550330012 0000000f000c 484550330006'
const BAD_CHUNK = '48455033000c000000020000'

/** Packets that come out of a stream of these pieces, as hex digits, and the fault that ended it. */
function cut(pieces: readonly Uint8Array[], options?: DeframeOptions) {
  const deframer = new HepDeframer(options)
  const packets: string[] = []
  for (const piece of pieces) deframer.push(piece, (packet) => packets.push(digits(packet)))
  const { fault, pendingBytes, lossCount } = deframer
  return { packets, fault, pendingBytes, lossCount }
}

const whole = (...packets: string[]) => ({ packets, fault: undefined, pendingBytes: 0, lossCount: 0 })

/** Vectors 65 and 66 are about the reads and the clock of a connection: see the test of the TCP listener. */
export const STREAMS: readonly Vector[] = [
  {
    no: 57,
    name: 'split at every offset',
    check: () => {
      for (let at = 1; at < FRAME.length; at++) {
        expect(cut([FRAME.subarray(0, at), FRAME.subarray(at)]), `split at ${at}`).toEqual(whole(HEX))
      }
    },
  },
  { no: 58, name: 'two in one write', check: () => expect(cut([hex(B + B)])).toEqual(whole(HEX, HEX)) },
  {
    no: 59,
    name: 'one and three bytes, then the rest',
    check: () => expect(cut([hex(`${B}484550`), FRAME.subarray(3)])).toEqual(whole(HEX, HEX)),
  },
  {
    no: 60,
    name: 'one byte per write',
    check: () => expect(cut(Array.from(FRAME, (byte) => Uint8Array.of(byte)))).toEqual(whole(HEX)),
  },
  {
    no: 61,
    name: 'garbage then a packet',
    check: () => {
      const pieces = [hex(`00ff${B}`)]
      expect(cut(pieces)).toEqual({ ...whole(), fault: 'bad-magic' })
      expect(cut(pieces, { scan: true })).toEqual({ ...whole(HEX), lossCount: 1 })
    },
  },
  {
    no: 62,
    name: 'a payload that holds a packet',
    check: () => {
      const pieces = [hex(NESTED + B)]
      expect(cut(pieces)).toEqual(whole(digits(hex(NESTED)), HEX))
      expect(cut(pieces, { scan: true })).toEqual(whole(digits(hex(NESTED)), HEX))
    },
  },
  {
    no: 63,
    name: 'an end inside a packet',
    check: () => expect(cut([FRAME.subarray(0, 50)])).toEqual({ ...whole(), pendingBytes: 50 }),
  },
  {
    no: 64,
    name: 'a bad chunk in a packet of the right length',
    check: () => {
      const { packets, fault } = cut([hex(B + BAD_CHUNK + B)])
      expect([packets, fault]).toEqual([[HEX, BAD_CHUNK, HEX], undefined])
      const results = packets.map((packet) => decodeHep(hex(packet), NOW_US))
      expect(results.map((result) => (result.ok ? 'packet' : result.reason))).toEqual([
        'packet',
        'bad-chunk-length',
        'packet',
      ])
    },
  },
]
