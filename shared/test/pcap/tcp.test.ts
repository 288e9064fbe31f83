import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TcpReassembly, TCP_LIMITS, type TcpLimits, type TcpSegment } from '../../src/pcap/tcp.ts'
import type { StreamPiece } from '../../src/pcap/flow.ts'
import { PcapTransport, readTransport } from '../../src/pcap/transport.ts'
import { encoder, ipv4, pcap, tcp } from './frames.ts'

const FLOW = { srcIp: '10.0.0.1', dstIp: '10.0.0.2', srcPort: 5060, dstPort: 5080 }
const decoder = new TextDecoder()

type Step = Partial<TcpSegment> & { readonly sequence: number; readonly text?: string }

function segment({ text = '', ...step }: Step): TcpSegment {
  const plain = { ...FLOW, tsUs: 0, isSyn: false, isFin: false, isReset: false }
  return { ...plain, bytes: encoder.encode(text), ...step }
}

/** Pieces as `start text`, with `!` for the end of the direction. */
function show(pieces: readonly StreamPiece[]): string[] {
  return pieces.map((piece) => [piece.start, piece.isEnd ? '!' : decoder.decode(piece.bytes)].filter(Boolean).join(' '))
}

function reassemble(steps: readonly Step[], limits: Partial<TcpLimits> = {}) {
  const tcpReassembly = new TcpReassembly({ ...TCP_LIMITS, ...limits })
  const pieces = steps.flatMap((step) => [...tcpReassembly.push(segment(step))])
  const atEnd = tcpReassembly.close()
  return { pieces: show(pieces), atEnd: show(atEnd), counters: tcpReassembly.counters }
}

const syn = (sequence: number): Step => ({ sequence, isSyn: true })

describe('TcpReassembly', () => {
  it.each([
    {
      name: 'hands on segments in order',
      steps: [syn(99), { sequence: 100, text: 'one' }, { sequence: 103, text: 'two' }],
      pieces: ['open one', 'two'],
    },
    {
      name: 'puts segments in order',
      steps: [
        syn(99),
        { sequence: 106, text: 'three' },
        { sequence: 103, text: 'two' },
        { sequence: 100, text: 'one' },
      ],
      pieces: ['open one', 'two', 'three'],
    },
    {
      name: 'drops what comes again',
      steps: [syn(99), { sequence: 100, text: 'one' }, { sequence: 100, text: 'one' }, { sequence: 103, text: 'two' }],
      pieces: ['open one', 'two'],
    },
    {
      name: 'drops what comes again behind a hole',
      steps: [syn(99), { sequence: 103, text: 'two' }, { sequence: 103, text: 'two' }, { sequence: 100, text: 'one' }],
      pieces: ['open one', 'two'],
    },
    {
      name: 'keeps only what is new of a longer repetition',
      steps: [syn(99), { sequence: 100, text: 'one' }, { sequence: 100, text: 'ONEtwo' }],
      pieces: ['open one', 'two'],
    },
    {
      name: 'keeps the bytes that are in order first where segments overlap behind a hole',
      steps: [
        syn(99),
        { sequence: 105, text: 'fghij' },
        { sequence: 102, text: 'cdeFG' },
        { sequence: 100, text: 'ab' },
      ],
      pieces: ['open ab', 'cdeFG', 'hij'],
    },
    {
      name: 'goes on where sequence numbers wrap',
      steps: [
        syn(0xffff_fffd),
        { sequence: 1, text: 'two' },
        { sequence: 0xffff_fffe, text: 'one' },
        { sequence: 4, text: '!' },
      ],
      pieces: ['open one', 'two', '!'],
    },
    {
      name: 'begins in the middle when the start was not captured',
      steps: [
        { sequence: 499 },
        { sequence: 500, text: 'one' },
        { sequence: 499, text: '?' },
        { sequence: 503, text: 'two' },
      ],
      pieces: ['middle one', 'two'],
    },
    {
      name: 'takes data that comes with the SYN',
      steps: [
        { ...syn(99), text: 'one' },
        { sequence: 103, text: 'two' },
      ],
      pieces: ['open one', 'two'],
    },
    {
      name: 'ignores a SYN that comes again, also after data',
      steps: [syn(99), syn(99), { sequence: 100, text: 'one' }, syn(99), { sequence: 103, text: 'two' }],
      pieces: ['open one', 'two'],
    },
    {
      name: 'begins anew with another SYN',
      steps: [syn(99), { sequence: 100, text: 'one' }, syn(7000), { sequence: 7001, text: 'two' }],
      pieces: ['open one', '!', 'open two'],
    },
    {
      name: 'begins anew when the sequence number is far off',
      steps: [syn(99), { sequence: 100, text: 'one' }, { sequence: 0x7000_0000, text: 'two' }],
      pieces: ['open one', '!', 'middle two'],
    },
  ])('$name', ({ steps, pieces }) => {
    const result = reassemble(steps)
    expect(result.pieces).toEqual(pieces)
    expect(result.atEnd).toEqual(['!'])
    expect(result.counters).toMatchObject({ holeCount: 0, lostBytes: 0 })
  })

  it('ends with FIN once all before it is there, and ignores what comes again', () => {
    const result = reassemble([
      syn(99),
      { sequence: 103, text: 'two', isFin: true },
      { sequence: 100, text: 'one' },
      { sequence: 103, text: 'two', isFin: true },
      { sequence: 107 },
    ])
    expect(result.pieces).toEqual(['open one', 'two', '!'])
    expect(result.atEnd).toEqual([])
    expect(result.counters).toMatchObject({ outOfOrderCount: 1, retransmittedCount: 1 })
  })

  it('ends with RST and begins anew between the same sockets', () => {
    const result = reassemble([
      syn(99),
      { sequence: 100, text: 'one' },
      { sequence: 103, isReset: true },
      syn(500),
      { sequence: 501, text: 'two' },
      { sequence: 504, isFin: true },
      { sequence: 900, text: 'three' },
    ])
    expect(result.pieces).toEqual(['open one', '!', 'open two', '!', 'middle three'])
  })

  it('says nothing of a direction that carried no byte', () => {
    expect(reassemble([{ sequence: 1 }, { sequence: 1, isFin: true }, { sequence: 2, isReset: true }])).toMatchObject({
      pieces: [],
      atEnd: [],
    })
  })

  it('keeps directions apart', () => {
    const back = { srcIp: FLOW.dstIp, dstIp: FLOW.srcIp, srcPort: FLOW.dstPort, dstPort: FLOW.srcPort }
    const tcpReassembly = new TcpReassembly()
    const pieces = [
      segment({ ...syn(99) }),
      segment({ ...syn(499), ...back }),
      segment({ sequence: 500, text: 'pong', ...back }),
      segment({ sequence: 100, text: 'ping' }),
    ].flatMap((step) => [...tcpReassembly.push(step)])
    expect(pieces).toMatchObject([
      { ...back, direction: '10.0.0.2 5080 10.0.0.1 5060', start: 'open' },
      { ...FLOW, direction: '10.0.0.1 5060 10.0.0.2 5080', start: 'open' },
    ])
  })

  describe('gives up a hole', () => {
    const hole: Step[] = [syn(99), { sequence: 110, text: 'two', tsUs: 1 }, { sequence: 120, text: 'three', tsUs: 2 }]

    it('at the end of the capture', () => {
      expect(reassemble(hole)).toEqual({
        pieces: [],
        atEnd: ['gap two', 'gap three', '!'],
        counters: { segmentCount: 3, retransmittedCount: 0, outOfOrderCount: 2, holeCount: 2, lostBytes: 17 },
      })
    })

    it('that is too old, one at a time', () => {
      const result = reassemble([...hole, { sequence: 113, text: '4', tsUs: 5_000_002 }])
      expect(result.pieces).toEqual(['gap two', '4'])
      expect(result.atEnd).toEqual(['gap three', '!'])
    })

    it('behind which too many bytes wait', () => {
      const result = reassemble(hole, { maxPendingBytes: 7 })
      expect(result.pieces).toEqual(['gap two'])
      expect(result.atEnd).toEqual(['gap three', '!'])
    })

    it('behind which too many segments wait', () => {
      expect(reassemble(hole, { maxPendingSegments: 1 }).pieces).toEqual(['gap two'])
    })

    it('when a FIN or SYN ends the connection', () => {
      const another = reassemble([...hole, syn(7000), { sequence: 7001, text: 'new' }])
      expect(another.pieces).toEqual(['gap two', 'gap three', '!', 'open new'])
      const reset = reassemble([...hole, { sequence: 125, isReset: true }])
      expect(reset.pieces).toEqual(['gap two', 'gap three', '!'])
    })
  })

  it('ends the direction that was silent longest when there are too many', () => {
    const steps = [1, 2, 1, 3].map((srcPort, i) => ({ srcPort, sequence: 100 + i, text: `p${srcPort}` }))
    const tcpReassembly = new TcpReassembly({ ...TCP_LIMITS, maxDirections: 2 })
    const pieces = steps.flatMap((step) => [...tcpReassembly.push(segment(step))])
    expect(pieces.filter((piece) => piece.isEnd).map((piece) => piece.srcPort)).toEqual([2])
  })

  it('gives the bytes of a stream whatever the order, repetition and overlap of its segments', () => {
    const stream = encoder.encode('abcdefghijklmnopqrstuvwxyz0123456789'.repeat(3))
    const cut = fc.tuple(fc.nat(stream.length - 1), fc.integer({ min: 1, max: 40 }))
    fc.assert(
      fc.property(fc.array(cut, { maxLength: 60 }), fc.integer({ min: 0, max: 0xffff_ffff }), (cuts, first) => {
        // The last ones cover the stream, so that no hole stays.
        const all = [...cuts, ...Array.from({ length: 12 }, (_, i): [number, number] => [i * 9, 9])]
        const tcpReassembly = new TcpReassembly()
        const pieces = [...tcpReassembly.push(segment(syn((first + 0xffff_ffff) % 2 ** 32)))]
        for (const [at, length] of all) {
          const bytes = stream.subarray(at, at + length)
          pieces.push(...tcpReassembly.push(segment({ sequence: (first + at) % 2 ** 32, bytes })))
        }
        expect(pieces.map((piece) => decoder.decode(piece.bytes)).join('')).toBe(decoder.decode(stream))
      }),
    )
  })
})

describe('PcapTransport on TCP', () => {
  it('reads pieces with addresses and time from frames', () => {
    const frames = [
      tcp({ sequence: 99, flags: 'syn' }),
      tcp({ sequence: 103, payload: 'two' }),
      tcp({ sequence: 100, payload: 'one' }),
      tcp({ sequence: 106, flags: 'fin' }),
    ].map((bytes, fraction) => ({ frame: ipv4(bytes, { protocol: 6 }), fraction }))
    const transport = new PcapTransport()
    const pieces = [...readTransport(pcap(frames), transport)]
    const common = { kind: 'stream', ipProtocol: 6, ...FLOW, direction: '10.0.0.1 5060 10.0.0.2 5080' }
    const ts = 1_700_000_000_000_000
    expect(pieces).toEqual([
      { ...common, tsUs: ts + 2, bytes: encoder.encode('one'), start: 'open', isEnd: false },
      { ...common, tsUs: ts + 1, bytes: encoder.encode('two'), start: undefined, isEnd: false },
      { ...common, tsUs: ts + 3, bytes: encoder.encode(''), start: undefined, isEnd: true },
    ])
    expect(transport.counters).toMatchObject({ tcp: { segmentCount: 4, outOfOrderCount: 1 }, skipped: new Map() })
  })
})
